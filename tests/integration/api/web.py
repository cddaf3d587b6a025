"""HTTP as a browser or an API's client does it, without proxies, redirects or exceptions for statuses."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPMessage
from typing import IO, Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

SECONDS = 60


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


_opener = build_opener(ProxyHandler({}), _NoRedirects)


@dataclass(frozen=True)
class Answer:
    """A response, whatever its status."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content) if self.content else None


def request(
    method: str, url: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """Send one request. Header names of the answer are in lower case."""
    asked = Request(url, content, dict(headers or {}), method=method)
    try:
        with _opener.open(asked, timeout=SECONDS) as response:
            return _answer(response.status, response.headers, response.read())
    except HTTPError as error:
        with error:
            return _answer(error.code, error.headers, error.read())


def post_form(upload: Mapping[str, Any], picture: bytes, **changed: str) -> Answer:
    """Send a picture by a presigned POST, as the page does; `changed` replaces fields, with `_` for `-`."""
    fields = upload["fields"] | {name.replace("_", "-"): value for name, value in changed.items()}
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'.encode()
    content = b"".join([*parts, head, picture, f"\r\n--{boundary}--\r\n".encode()])
    return request(
        "POST", upload["url"], content, {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    )


def _answer(status: int, headers: Any, content: bytes) -> Answer:
    return Answer(status, {name.lower(): value for name, value in headers.items()}, content)
