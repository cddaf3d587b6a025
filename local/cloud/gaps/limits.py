"""Requests over a service's limit are refused.

AWS: a key has 1,024 bytes in UTF-8 at most (KeyTooLongError); Lambda takes 6 MB when it is invoked
synchronously and 1 MB asynchronously (RequestEntityTooLargeException). Stock MiniStack: takes any.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack import app
from ministack.core.router import detect_service
from ministack.services import s3

MAX_KEY_BYTES = 1024
MAX_SYNCHRONOUS_BYTES = 6_291_456
MAX_ASYNCHRONOUS_BYTES = 1_048_576
Answer = tuple[int, dict[str, str], bytes]


def install() -> None:
    """Look at a request's size before it is dispatched."""
    app._dispatch_service_request = _checking(app._dispatch_service_request)


def invocation_fault(headers: Mapping[str, str], size: int) -> str | None:
    """Why Lambda refuses a payload of `size` bytes, in its words."""
    kind = headers.get("x-amz-invocation-type") or "RequestResponse"
    limit = MAX_ASYNCHRONOUS_BYTES if kind == "Event" else MAX_SYNCHRONOUS_BYTES
    if size <= limit:
        return None
    return f"{size} byte payload is too large for the {kind} invocation type (limit {limit} bytes)"


def _checking(dispatch: Callable[..., Any]) -> Callable[..., Any]:
    async def dispatch_checked(
        method: str, path: str, headers: dict[str, str], body: bytes, params: Any, request_id: str
    ) -> Any:
        return _refusal(method, path, headers, body, params) or await dispatch(
            method, path, headers, body, params, request_id
        )

    return dispatch_checked


def _refusal(method: str, path: str, headers: dict[str, str], body: bytes, params: Any) -> Answer | None:
    key = path.lstrip("/").partition("/")[2]
    if len(key.encode()) > MAX_KEY_BYTES and detect_service(method, path, headers, params) == "s3":
        too_long: Answer = s3._error("KeyTooLongError", "Your key is too long", 400)
        return too_long
    if (
        path.endswith("/invocations")
        and len(body) > MAX_ASYNCHRONOUS_BYTES
        and path.startswith("/2015-03-31/")
    ):
        fault = invocation_fault(headers, len(body))
        if fault:
            kind = "RequestEntityTooLargeException"
            answer = json.dumps({"Type": "User", "message": fault}).encode()
            return 413, {"Content-Type": "application/json", "x-amzn-errortype": kind}, answer
    return None
