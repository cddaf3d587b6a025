"""Reading a version honours a range and the response overrides, as reading the latest does.

AWS: GetObject with `versionId` and `Range` answers 206 with that part of that version. Stock MiniStack: gives
all of it, with status 200.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import s3

_WHOLE = 200
Answer = tuple[int, dict[str, str], bytes]


def install() -> None:
    """Cut the answer to the range that was asked for."""
    s3._get_object = _honouring(s3._get_object)


def _honouring(get: Callable[..., Any]) -> Callable[..., Any]:
    def get_object(
        bucket: str, key: str, headers: dict[str, str], params: dict[str, list[str]] | None = None
    ) -> Any:
        answer = get(bucket, key, headers, params)
        if answer[0] != _WHOLE or not s3._qp(params or {}, "versionId", ""):
            return answer
        status, received, body = _cut(answer, bucket, key, headers.get("range", ""))
        s3._apply_response_overrides(received, params)
        return status, received, body

    return get_object


def _cut(answer: Answer, bucket: str, key: str, asked: str) -> Answer:
    if not asked:
        return answer
    body, size = answer[2], len(answer[2])
    part = s3._parse_range(asked, size)
    if part is None:
        refused = {"Content-Type": "application/xml", "Content-Range": f"bytes */{size}"}
        return 416, refused, s3._xml_body(s3._range_error_xml(bucket, key))
    first, last = part
    # A checksum of the whole says nothing about a part of it, and SDKs would compare them.
    headers = {
        name: value for name, value in answer[1].items() if not name.lower().startswith("x-amz-checksum-")
    }
    content = body[first : last + 1]
    return (
        206,
        headers | {"Content-Length": str(len(content)), "Content-Range": f"bytes {first}-{last}/{size}"},
        content,
    )
