"""The page on loopback: a browser's way to the stack's CloudFront distribution, and to the inbox.

AWS: a distribution answers at `https://<id>.cloudfront.net`, where its policy allows the page to connect to
the API, the issuer and the buckets by their names at AWS. Here it answers at one origin of plain HTTP, and
those names become the gateway. What is served, from which bucket, by which function and with which headers,
is the distribution's own (MiniStack's data plane).
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from ministack import app
from ministack.services import cloudformation, cloudfront, s3

from local.cloud.settings import HOST, CloudSettings

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

INDEX = "index.html"
_AWS_SOURCE = re.compile(r"https://\S*\.(?:amazonaws|amazoncognito)\.com(?:\.cn)?(?=[\s;]|$)")
_NOT_PUBLISHED = (
    b"The page is not here yet. `loupe up` builds it with Node and puts it here; "
    b"`loupe web deploy` does that alone.\n"
)


class PageServer:
    """Answers requests at the page's origin as the distribution of the stack that was given it does."""

    def __init__(self, settings: CloudSettings, url: str) -> None:
        self._settings = settings
        self.url = url

    def published(self) -> bool:
        """Whether there is a distribution with a page to show."""
        distribution = self._distribution()
        if distribution is None:
            return False
        parsed = cloudfront.parse_distribution_dataplane_config(distribution)
        buckets = [origin["s3_bucket"] for origin in parsed["origins"].values()]
        return any(INDEX in s3._buckets.get(name, {}).get("objects", {}) for name in buckets if name)

    async def __call__(self, scope: Scope, send: Send) -> None:
        """Answer one request."""
        if not await asyncio.to_thread(self.published):
            await send_answer(send, 503, [(b"content-type", b"text/plain; charset=utf-8")], _NOT_PUBLISHED)
            return
        distribution = self._distribution()
        # Bucket policies that demand TLS are met, as everywhere here (gaps/secure_transport.py).
        app.pin_request_origin(HOST, True)
        query = scope["query_string"].decode("latin-1")
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        headers |= {"host": distribution["DomainName"], "x-forwarded-proto": "https"}
        raw_path = scope.get("raw_path", scope["path"].encode()).partition(b"?")[0].decode("latin-1")
        is_head = scope["method"] == "HEAD"
        # CloudFront gives HEAD the length that GET would have; the data plane says 0.
        method = "GET" if is_head else scope["method"]
        status, answered, body = await cloudfront.handle_viewer_request(
            distribution, method, scope["path"], raw_path, query, headers, b"", parse_qs(query)
        )
        await send_answer(send, status, self._rendered(answered), body, with_body=not is_head)

    def _distribution(self) -> Any:
        """The distribution of the stack whose page is here, by its outputs; None where there is none yet."""
        for stack in list(cloudformation._stacks.values()):
            outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs") or []}
            if outputs.get("WebUrl") == self.url:
                return cloudfront._distributions.get(outputs.get("WebDistributionId"))
        return None

    def _rendered(self, answered: dict[str, Any]) -> Headers:
        """The distribution's headers, as they must be on this machine."""
        rendered: Headers = []
        for name, value in answered.items():
            key = name.lower()
            if key == "content-security-policy":
                value = local_policy(value, self._settings.gateway_url)
            if key not in ("content-length", "transfer-encoding", "strict-transport-security"):
                values = value if isinstance(value, list) else [value]
                rendered += [(key.encode("latin-1"), str(each).encode("latin-1")) for each in values]
        return rendered


def local_policy(policy: str, gateway_url: str) -> str:
    """A Content-Security-Policy whose AWS addresses are the gateway's, each source once."""
    directives = []
    for directive in _AWS_SOURCE.sub(gateway_url, policy).split(";"):
        directives.append(" ".join(dict.fromkeys(directive.split())))
    return "; ".join(filter(None, directives))


async def send_answer(send: Send, status: int, headers: Headers, body: bytes, with_body: bool = True) -> None:
    """One answer with its length, which a HEAD has without its body."""
    sized = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": sized})
    await send({"type": "http.response.body", "body": body if with_body else b"", "more_body": False})
