"""An object that a customer's key encrypts takes rights to the key, too.

AWS: with SSE-KMS, S3 asks KMS in the caller's name: GetObject and the source of a copy need kms:Decrypt on
the key, PutObject and a copy's target kms:GenerateDataKey, by way of S3 (`kms:ViaService`). HeadObject needs
neither. The account's own key `aws/s3` lets everybody who may use S3. Stock MiniStack: asks for S3's rights
alone.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from ministack import app
from ministack.core import iam_actions
from ministack.core.iam_evaluator import AuthError, enforce
from ministack.core.responses import get_account_id
from ministack.core.router import detect_service, extract_access_key_id, extract_region
from ministack.services import kms, s3

from local.cloud.gaps.denials import denial

_ALGORITHM = "x-amz-server-side-encryption"
_KEY = "x-amz-server-side-encryption-aws-kms-key-id"
_MANAGED = "alias/aws/"
_READ = ("kms:Decrypt",)
_WRITE = ("kms:GenerateDataKey",)
Answer = tuple[int, dict[str, str], bytes]


def install() -> None:
    """Ask for the key's rights before what is written and after what is read."""
    app._dispatch_service_request = _asking(app._dispatch_service_request)


def _asking(dispatch: Callable[..., Any]) -> Callable[..., Any]:
    async def dispatch_asking(
        method: str, path: str, headers: dict[str, str], body: bytes, params: Any, request_id: str
    ) -> Any:
        bucket, _, key = path.lstrip("/").partition("/")
        if (
            not key
            or method not in ("GET", "PUT", "POST")
            or not _is_s3(method, path, headers, params, bucket)
        ):
            return await dispatch(method, path, headers, body, params, request_id)
        asked = list(_written(method, headers))
        refused = _refusal(asked, headers, params, request_id)
        if refused:
            return refused
        answer = await dispatch(method, path, headers, body, params, request_id)
        if method == "GET" and answer[0] in (200, 206):
            refused = _refusal([(each, answer[1]) for each in _READ], headers, params, request_id)
        return refused or answer

    return dispatch_asking


def _is_s3(method: str, path: str, headers: dict[str, str], params: Any, bucket: str) -> bool:
    there = s3._buckets.get_scoped(get_account_id(), None, bucket) is not None
    return there and detect_service(method, path, headers, params) == "s3"


def _written(method: str, headers: dict[str, str]) -> list[tuple[str, Mapping[str, str]]]:
    """Actions with the headers that name their key: of what is written, and of what a copy reads."""
    asked: list[tuple[str, Mapping[str, str]]] = []
    if method != "GET":
        asked += [(each, headers) for each in _WRITE]
    if source := headers.get("x-amz-copy-source"):
        bucket, _, key = unquote(source.partition("?")[0]).lstrip("/").partition("/")
        held = s3._buckets.get_scoped(get_account_id(), None, bucket) or {}
        stored = held.get("objects", {}).get(key) or {}
        asked += [(each, stored.get("preserved_headers", {})) for each in _READ]
    return asked


def _refusal(
    asked: list[tuple[str, Mapping[str, str]]], headers: dict[str, str], params: Any, request_id: str
) -> Answer | None:
    region = extract_region(headers)
    for action, naming in asked:
        arn = _customer_key(naming)
        if arn is None:
            continue
        context = {"kms:viaservice": f"s3.{region}.amazonaws.com"}
        denied = enforce(extract_access_key_id(headers, params), action, "kms", region, arn, context)
        if denied is None or isinstance(denied, AuthError):
            continue
        refused: Answer = iam_actions.access_denied_response(
            "s3",
            action,
            denied.principal_arn,
            request_id,
            headers=headers,
            message=denial("kms", action, denied.principal_arn, arn, denied.decision == "Deny"),
        )
        return refused
    return None


def _customer_key(headers: Mapping[str, str]) -> str | None:
    """The ARN of the customer's key that headers name; None where there is none."""
    found = {name.lower(): value for name, value in headers.items()}
    key = found.get(_KEY, "")
    if not found.get(_ALGORITHM, "").startswith("aws:kms") or not key or _MANAGED in key:
        return None
    record = kms._resolve_key(key)
    return str(record["Arn"]) if record else None
