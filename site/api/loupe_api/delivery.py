"""An answer as it goes out: with a name for what it says, so that who has it is not sent it again, and
compressed, as API Gateway's HTTP APIs do not do it.
"""

import base64
import gzip
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from loupe_api.requests import method

# A presigned address is another at every asking. What a caller keeps names addresses that are good for ten
# minutes more, of the quarter of an hour that they live.
_SIGNED = re.compile(r'("\w+Url":"https?://[^"?]+)\?[^"]*')
ADDRESSES_KEPT_SECONDS = 300
COMPRESSED_FROM_BYTES = 1024
# What people look at again and again. A browser may keep it, and asks each time whether it still holds.
POLLED = re.compile(r"/(signed-in/|operator/)?(groups|images)(/.*)?")
KEPT = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Origin, Accept-Encoding"}


def delivered(event: Mapping[str, Any], answer: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The answer, 304 without a body where the caller has it (If-None-Match), or compressed (gzip)."""
    sent = {**answer, "body": answer["body"] or ""}
    asked = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    if _is_polled(event, answer):
        etag = _etag(sent["body"], now)
        sent["headers"] = {**answer["headers"], **KEPT, "ETag": etag}
        if _names(asked.get("if-none-match", ""), etag):
            kept = {name: value for name, value in sent["headers"].items() if name != "Content-Type"}
            return {**sent, "statusCode": 304, "headers": kept, "body": "", "isBase64Encoded": False}
    return _compressed(sent, asked.get("accept-encoding", ""))


def _is_polled(event: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
    path = str(event.get("rawPath", ""))
    return method(event) == "GET" and int(answer["statusCode"]) == 200 and bool(POLLED.fullmatch(path))


def _etag(body: str, now: datetime) -> str:
    """Weak: what it says is the same, the signatures in it are not."""
    said, addresses = _SIGNED.subn(r"\1", body)
    if addresses:
        said += str(int(now.timestamp()) // ADDRESSES_KEPT_SECONDS)
    return f'W/"{hashlib.sha256(said.encode()).hexdigest()[:32]}"'


def _names(if_none_match: str, etag: str) -> bool:
    """By weak comparison (RFC 9110, 13.1.2)."""
    if if_none_match.strip() == "*":
        return True
    return etag.removeprefix("W/") in re.findall(r'"[^"]*"', if_none_match)


def _compressed(answer: dict[str, Any], accepted: str) -> dict[str, Any]:
    body = answer["body"].encode()
    if answer.get("isBase64Encoded") or len(body) < COMPRESSED_FROM_BYTES or not _takes_gzip(accepted):
        return answer
    packed = gzip.compress(body, compresslevel=6, mtime=0)
    headers = {"Vary": "Accept-Encoding", **answer["headers"], "Content-Encoding": "gzip"}
    return {
        **answer,
        "headers": headers,
        "body": base64.b64encode(packed).decode("ascii"),
        "isBase64Encoded": True,
    }


def _takes_gzip(accepted: str) -> bool:
    offers = (offer.strip().lower().replace(" ", "") for offer in accepted.split(","))
    return any(re.fullmatch(r"gzip(;q=(1(\.0*)?|0\.\d*[1-9]\d*))?", offer) for offer in offers)
