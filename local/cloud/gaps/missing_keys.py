"""Whether a key is missing is told only to those who may list the bucket.

AWS: reading a key or version that does not exist is 404 (NoSuchKey, NoSuchVersion) for a caller with
s3:ListBucket on the bucket and 403 AccessDenied for one without; HeadObject and the source of a copy
likewise. Stock MiniStack: 404 for all who may read.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from ministack import app
from ministack.core import iam_actions
from ministack.core.iam_evaluator import AuthError, enforce
from ministack.core.responses import get_account_id
from ministack.core.router import detect_service, extract_access_key_id, extract_region
from ministack.services import s3

_NOT_FOUND = 404
Answer = tuple[int, dict[str, str], bytes]


def install() -> None:
    """Turn the 404 of a missing key into 403 where the caller may not list."""
    app._dispatch_service_request = _hiding(app._dispatch_service_request)


def read_bucket(method: str, path: str, headers: Mapping[str, str]) -> str | None:
    """The bucket that a request reads a key of: of GetObject, HeadObject, or a copy's source."""
    if method == "PUT" and "x-amz-copy-source" in headers:
        path = unquote(headers["x-amz-copy-source"].partition("?")[0])
    elif method not in ("GET", "HEAD"):
        return None
    bucket, _, key = path.lstrip("/").partition("/")
    return bucket if key else None


def _hiding(dispatch: Callable[..., Any]) -> Callable[..., Any]:
    async def dispatch_hiding(
        method: str, path: str, headers: dict[str, str], body: bytes, params: Any, request_id: str
    ) -> Any:
        answer = await dispatch(method, path, headers, body, params, request_id)
        if answer[0] != _NOT_FOUND:
            return answer
        bucket = read_bucket(method, path, headers)
        if bucket is None or not _has_bucket(bucket) or detect_service(method, path, headers, params) != "s3":
            return answer
        return _refusal(bucket, headers, params, request_id) or answer

    return dispatch_hiding


def _has_bucket(name: str) -> bool:
    return s3._buckets.get_scoped(get_account_id(), None, name) is not None


def _refusal(bucket: str, headers: dict[str, str], params: Any, request_id: str) -> Answer | None:
    resource = f"arn:aws:s3:::{bucket}"
    denied = enforce(
        extract_access_key_id(headers, params), "s3:ListBucket", "s3", extract_region(headers), resource
    )
    if denied is None or isinstance(denied, AuthError):
        return None
    refused: Answer = iam_actions.access_denied_response(
        "s3",
        "s3:ListBucket",
        denied.principal_arn,
        request_id,
        headers=headers,
        resource_arn=resource,
        explicit_deny=denied.decision == "Deny",
        resource_policy_arn=denied.resource_policy_arn,
    )
    return refused
