"""Faults on request, as AWS's Fault Injection Service has them: an API throttles, fails, refuses or hangs.

A fault meets the requests of roles (the workflow's, the functions'), never those of the root credentials, so
that a test can look on. `POST /_loupe/faults` takes one, `DELETE /_loupe/faults` lifts all.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

KINDS = ("error", "throttle", "denied", "timeout")
_CREDENTIAL = re.compile(rb"Credential=([^/]+)/\d+/[^/]+/([^/]+)/aws4_request")
_ROOT_KEY = b"test"
_HANG_SECONDS = 600

_ERRORS = {
    "error": (500, "InternalServerError", "We encountered an internal error. Please try again."),
    "throttle": (400, "ThrottlingException", "Rate exceeded"),
    "denied": (400, "AccessDeniedException", "User is not authorized to perform this action"),
}
# Where a service has words of its own.
_OWN_ERRORS = {
    ("lambda", "error"): (500, "ServiceException", "An error occurred and the request cannot be processed."),
    ("lambda", "throttle"): (429, "TooManyRequestsException", "Rate Exceeded."),
    ("lambda", "denied"): (
        403,
        "AccessDeniedException",
        "User is not authorized to perform: lambda:InvokeFunction",
    ),
    ("dynamodb", "throttle"): (
        400,
        "ProvisionedThroughputExceededException",
        "Throughput exceeded.",
    ),
    ("sns", "error"): (500, "InternalError", "An internal service error."),
    ("sns", "throttle"): (429, "Throttled", "Rate exceeded"),
    ("sns", "denied"): (403, "AuthorizationError", "User is not authorized to perform: SNS:Publish"),
    ("rekognition", "throttle"): (400, "ProvisionedThroughputExceededException", "Provisioned rate exceeded"),
}


@dataclass(frozen=True)
class Fault:
    """What requests it meets: a service's whose path, target or body contains `containing`; and how they
    fare.
    """

    service: str
    kind: str
    containing: str

    @classmethod
    def parse(cls, document: Any) -> "Fault":
        """From the JSON of a request; ValueError says what is wrong with it."""
        if not isinstance(document, dict) or document.get("kind") not in KINDS:
            raise ValueError(
                f'a fault is {{"service": …, "kind": one of {", ".join(KINDS)}, "containing": …}}'
            )
        return cls(str(document.get("service", "")), document["kind"], str(document.get("containing", "")))

    def meets(self, service: str, request: bytes) -> bool:
        return service == self.service and self.containing.encode() in request

    def answer(self) -> tuple[int, str, str]:
        """Status, error code and message."""
        return _OWN_ERRORS.get((self.service, self.kind), _ERRORS.get(self.kind, (500, "InternalError", "")))


class Faults:
    """The faults that are on."""

    def __init__(self) -> None:
        self._on: list[Fault] = []
        self._lifted = asyncio.Event()

    def put(self, fault: Fault) -> None:
        self._on.append(fault)

    def lift(self) -> int:
        """Lifts all; requests that hang are answered with an error. Gives how many there were."""
        count, self._on = len(self._on), []
        self._lifted.set()
        self._lifted = asyncio.Event()
        return count

    async def meet(self, scope: Scope, receive: Receive, send: Send) -> Receive | None:
        """None if a fault has answered the request, else what gives the request's body from its start."""
        service = _service_of_a_role(scope)
        if not service or not any(fault.service == service for fault in self._on):
            return receive
        body = await _read(receive)
        request = b" ".join([scope["path"].encode(), _header(scope, b"x-amz-target"), body])
        for fault in self._on:
            if fault.meets(service, request):
                await self._answer(fault, send)
                return None
        return _again(body)

    async def _answer(self, fault: Fault, send: Send) -> None:
        if fault.kind == "timeout":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._lifted.wait(), _HANG_SECONDS)
        status, code, message = fault.answer()
        if fault.service == "sns":
            told = f"<Code>{code}</Code><Message>{message}</Message>"
            body = f"<ErrorResponse><Error>{told}</Error></ErrorResponse>"
            kind = b"text/xml"
        else:
            body, kind = json.dumps({"__type": code, "message": message}), b"application/x-amz-json-1.1"
        headers = [(b"content-type", kind), (b"x-amzn-errortype", code.encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body.encode(), "more_body": False})


def _service_of_a_role(scope: Scope) -> str:
    """The service of a request that a role signed, else nothing."""
    match = _CREDENTIAL.search(_header(scope, b"authorization"))
    return match[2].decode() if match and match[1] != _ROOT_KEY else ""


def _header(scope: Scope, name: bytes) -> bytes:
    return next((bytes(value) for key, value in scope["headers"] if key.lower() == name), b"")


async def _read(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _again(body: bytes) -> Receive:
    given = False

    async def receive() -> Message:
        nonlocal given
        if given:
            return {"type": "http.disconnect"}
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
