"""Who may talk to the local cloud: programs on this machine, and the page in a browser.

A web site that is open in a browser can send requests to loopback, by its address or by a name of its own
that resolves to it (DNS rebinding). On AWS credentials keep it out. The local cloud's are known to everybody,
so here it is the request's Host, Origin and Sec-Fetch headers, which a script cannot choose.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
# Virtual-host style: `bucket.localhost`, `API.execute-api.localhost`. Browsers and resolvers keep this domain
# on loopback (RFC 6761), so that no site can have a name in it.
_LOOPBACK_DOMAIN = ".localhost"
# Cognito's sign-in form is served by the gateway and posts to it.
_SIGN_IN_FORMS = ("/login", "/oauth2/login")
# The links in SNS's mails: the one query API that people call by an address.
_LINKS = (["ConfirmSubscription"], ["Unsubscribe"])
_CORS = b"access-control-"
ONE_PAGE = "This is a local cloud: of web pages it answers its own alone."


def names_this_machine(host: str, port: int, domain: bool = False) -> bool:
    """Whether a Host header is a loopback name with this port; with `domain`, names under localhost too."""
    name, colon, given = host.strip().lower().rpartition(":")
    if not colon or given.endswith("]"):
        name, given = host.strip().lower(), "80"
    known = name in LOOPBACK_NAMES or (domain and name.endswith(_LOOPBACK_DOMAIN))
    return known and given == str(port)


def is_from_a_browser(headers: dict[str, str]) -> bool:
    """Whether a browser sent the request: programs send neither header."""
    return "origin" in headers or any(name.startswith("sec-fetch-") for name in headers)


def headers_of(scope: Scope) -> dict[str, str]:
    """The request's headers by lower-case name; one that is there twice counts as both values joined."""
    headers: dict[str, str] = {}
    for name, value in scope.get("headers", []):
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


@dataclass(frozen=True)
class Gate:
    """The rule of one gateway and its page."""

    gateway_port: int
    page_url: str

    @property
    def page_port(self) -> int | None:
        """The port of the page's origin."""
        return urlsplit(self.page_url).port

    def refusal(self, scope: Scope) -> str | None:
        """Why the request is refused, in a sentence; None if it may go on."""
        headers = headers_of(scope)
        at_page = scope["server"][1] == self.page_port
        port = self.page_port if at_page else self.gateway_port
        if port is None or not names_this_machine(headers.get("host", ""), port, domain=not at_page):
            return "This is a local cloud: it answers to the names of this machine alone."
        origin = headers.get("origin")
        if origin is not None:
            if origin == self.page_url or (not at_page and self._is_sign_in(scope, headers)):
                return None
            return ONE_PAGE
        return self._unasked(scope, headers, at_page)

    def _is_sign_in(self, scope: Scope, headers: dict[str, str]) -> bool:
        """A form of the gateway's own that is posted: a policy without referrers makes its Origin "null"."""
        return (
            scope["type"] == "http"
            and scope["method"] == "POST"
            and scope["path"] in _SIGN_IN_FORMS
            and headers.get("sec-fetch-site") == "same-origin"
        )

    def _unasked(self, scope: Scope, headers: dict[str, str], at_page: bool) -> str | None:
        """A browser names no Origin when it reads for a page, or goes to an address."""
        if headers.get("user-agent", "").startswith("Mozilla/") and _calls_an_api(scope):
            return "This is a local cloud: a browser calls none of its APIs by an address."
        site, mode = headers.get("sec-fetch-site"), headers.get("sec-fetch-mode")
        if site is None or site == "none":
            return None  # a program, an old browser, or a person who typed the address
        goes = mode == "navigate" and headers.get("sec-fetch-dest") == "document"
        if at_page:
            allowed = site == "same-origin" or (goes and not scope["path"].startswith("/_loupe/"))
        else:
            shows = site == "same-site" and headers.get("sec-fetch-dest") == "image"
            allowed = shows or (goes and site != "cross-site")
        reads = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        return None if allowed and reads else ONE_PAGE


def answering(send: Send, origin: str | None) -> Send:
    """`send`, with what answers give to every origin (`*`) given to the page's alone, if it asked."""

    async def send_to_the_page(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", []))
            if any(_opens(name, value) for name, value in headers):
                if origin is None:
                    headers = [each for each in headers if not each[0].lower().startswith(_CORS)]
                else:
                    own = origin.encode("latin-1")
                    headers = [(name, own if _opens(name, value) else value) for name, value in headers]
                message = {**message, "headers": headers}
        await send(message)

    return send_to_the_page


def _calls_an_api(scope: Scope) -> bool:
    """Whether the address itself is a call of a query API (`?Action=…`)."""
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    return "Action" in query and query["Action"] not in _LINKS


def _opens(name: bytes, value: bytes) -> bool:
    return name.lower() == _CORS + b"allow-origin" and value == b"*"
