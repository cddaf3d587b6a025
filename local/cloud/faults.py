"""Faults on request, as AWS's Fault Injection Service has them: an API throttles, fails, refuses or hangs.

A fault meets the requests of roles (the workflow's, the functions'), never those of the root credentials, so
that a test can look on. `POST /_loupe/faults` takes one, `GET` lists them with how many requests each met,
`DELETE` lifts the one in its body, or all. Several can be on at once, each for requests of its own.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import asdict, dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

KINDS = ("error", "throttle", "denied", "timeout")
_CREDENTIAL = re.compile(rb"Credential=([^/]+)/\d+/[^/]+/([^/]+)/aws4_request")
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
    ("s3", "error"): (500, "InternalError", "We encountered an internal error. Please try again."),
    ("s3", "throttle"): (503, "SlowDown", "Please reduce your request rate."),
    ("s3", "denied"): (403, "AccessDenied", "Access Denied"),
}
_XML = {
    "sns": "<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>",
    "s3": "<Error><Code>{code}</Code><Message>{message}</Message></Error>",
}


@dataclass(frozen=True)
class Fault:
    """What requests it meets: a service's whose method, path, target or body contains each of `containing`;
    and how they fare.
    """

    service: str
    kind: str
    containing: tuple[str, ...]

    @classmethod
    def parse(cls, document: Any) -> "Fault":
        """From the JSON of a request; ValueError says what is wrong with it."""
        if not isinstance(document, dict) or document.get("kind") not in KINDS:
            raise ValueError(
                f'a fault is {{"service": …, "kind": one of {", ".join(KINDS)}, "containing": text or texts}}'
            )
        words = document.get("containing", "")
        texts = tuple(map(str, words)) if isinstance(words, list) else (str(words),)
        return cls(str(document.get("service", "")), document["kind"], texts)

    def meets(self, service: str, request: bytes) -> bool:
        return service == self.service and all(text.encode() in request for text in self.containing)

    def answer(self) -> tuple[int, str, str]:
        """Status, error code and message."""
        return _OWN_ERRORS.get((self.service, self.kind), _ERRORS.get(self.kind, (500, "InternalError", "")))


class _On:
    """A fault that is on."""

    def __init__(self, fault: Fault) -> None:
        self.fault, self.met, self.lifted = fault, 0, asyncio.Event()


class Faults:
    """The faults that are on."""

    def __init__(self, root_key: str) -> None:
        self._root_key = root_key.encode()
        self._on: list[_On] = []

    def put(self, fault: Fault) -> None:
        self._on.append(_On(fault))

    def list(self) -> list[dict[str, Any]]:
        """The faults that are on, and how many requests each has met."""
        return [{**asdict(each.fault), "met": each.met} for each in self._on]

    def lift(self, fault: Fault | None = None) -> int:
        """Lifts one, or all; requests that hang are answered with an error. Gives how many were lifted."""
        lifted = [each for each in self._on if fault in (None, each.fault)]
        self._on = [each for each in self._on if each not in lifted]
        for each in lifted:
            each.lifted.set()
        return len(lifted)

    async def meet(self, scope: Scope, receive: Receive, send: Send) -> Receive | None:
        """None if a fault has answered the request, else what gives the request's body from its start."""
        service = self._service_of_a_role(scope)
        if not service or not any(each.fault.service == service for each in self._on):
            return receive
        body = await read_body(receive)
        request = b" ".join(
            [scope["method"].encode(), scope["path"].encode(), _header(scope, b"x-amz-target"), body]
        )
        for each in self._on:
            if each.fault.meets(service, request):
                each.met += 1
                await self._answer(each, send)
                return None
        return _again(body)

    def _service_of_a_role(self, scope: Scope) -> str:
        """The service of a request that a role signed, else nothing."""
        match = _CREDENTIAL.search(_header(scope, b"authorization"))
        return match[2].decode() if match and match[1] != self._root_key else ""

    async def _answer(self, on: _On, send: Send) -> None:
        fault = on.fault
        if fault.kind == "timeout":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(on.lifted.wait(), _HANG_SECONDS)
        status, code, message = fault.answer()
        if fault.service in _XML:
            body, kind = _XML[fault.service].format(code=code, message=message), b"text/xml"
        else:
            body, kind = json.dumps({"__type": code, "message": message}), b"application/x-amz-json-1.1"
        headers = [(b"content-type", kind), (b"x-amzn-errortype", code.encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body.encode(), "more_body": False})


def _header(scope: Scope, name: bytes) -> bytes:
    return next((bytes(value) for key, value in scope["headers"] if key.lower() == name), b"")


async def read_body(receive: Receive) -> bytes:
    """All of a request's body."""
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
