"""The local cloud's ASGI application. At the gateway's port `/_loupe/…` is answered here and everything else
is AWS's, which goes to MiniStack; at the page's port answers the page.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from local.cloud.faults import Fault, Faults, read_body
from local.cloud.page import PageServer
from local.cloud.services import ServiceProcess
from local.cloud.settings import HOST, CloudSettings
from local.mail.inbox import Inbox

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

PREFIX = "/_loupe/"


class Gateway:
    """Serves the local cloud's own paths beside AWS's."""

    def __init__(
        self,
        aws: Application,
        settings: CloudSettings,
        inbox: Inbox,
        services: list[ServiceProcess],
        smtp_url: str,
        page: PageServer,
    ) -> None:
        self._aws = aws
        self._settings = settings
        self._inbox = inbox
        self._services = services
        self._smtp_url = smtp_url
        self._page = page
        self._faults = Faults()
        self.port = settings.port
        self._page_port = urlsplit(page.url).port

    @property
    def page_url(self) -> str:
        """The page's origin."""
        return self._page.url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        at_page = scope["type"] == "http" and scope["server"][1] == self._page_port
        if scope["type"] == "http" and (at_page or scope["path"].startswith(PREFIX)):
            path = scope["path"].removeprefix(PREFIX)
            if not _is_local(scope):
                status, document = 403, {"error": "these paths are for this machine"}
            elif at_page and (scope["method"], scope["path"]) != ("GET", f"{PREFIX}inbox"):
                await self._page(scope, send)
                return
            elif path == "faults":
                status, document = await self._change_faults(scope["method"], receive)
            else:
                status, document = await self._answer(scope["method"], path)
            await _send_json(send, status, document)
        elif scope["type"] != "http":
            await self._aws(scope, receive, send)
        elif (unharmed := await self._faults.meet(scope, receive, send)) is not None:
            await self._aws(scope, unharmed, send)

    async def _change_faults(self, method: str, receive: Receive) -> tuple[int, Any]:
        if method == "GET":
            return 200, self._faults.list()
        body = await read_body(receive)
        if method == "DELETE" and not body:
            return 200, {"lifted": self._faults.lift()}
        try:
            fault = Fault.parse(json.loads(body))
        except ValueError as error:
            return 400, {"error": str(error)}
        if method == "DELETE":
            return 200, {"lifted": self._faults.lift(fault)}
        self._faults.put(fault)
        return 201, {}

    async def _answer(self, method: str, path: str) -> tuple[int, Any]:
        match (method, path.rstrip("/")):
            case ("GET", "health"):
                return 200, await asyncio.to_thread(self.health)
            case ("GET", "inbox"):
                return 200, [message.to_json() for message in await asyncio.to_thread(self._inbox.messages)]
            case ("DELETE", "inbox"):
                return 200, {"deleted": await asyncio.to_thread(self._inbox.clear)}
        return 404, {"error": f"{method} {PREFIX}{path} is not known here"}

    def health(self) -> dict[str, Any]:
        """The running cloud: the document of `cloud.json`."""
        services = {"aws": {"url": self._settings.gateway_url, "healthy": True}}
        services["mail"] = {"url": self._smtp_url, "healthy": True}
        for service in self._services:
            services[service.name] = {"url": service.url, "healthy": service.healthy()}
        if self._page.published():
            services["page"] = {"url": self._page.url, "healthy": True}
        return {
            "pid": os.getpid(),
            "gatewayUrl": self._settings.gateway_url,
            "pageUrl": self._page.url,
            "region": self._settings.region,
            "services": services,
        }


def _is_local(scope: Scope) -> bool:
    """Whether the request is this machine's own: a web site elsewhere shows by its name or its Origin."""
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    named = [f"//{headers.get(b'host', '')}"]
    if b"origin" in headers:
        named.append(headers[b"origin"])
    return all(urlsplit(url).hostname in {HOST, "localhost"} for url in named)


async def _send_json(send: Send, status: int, document: Any) -> None:
    body = json.dumps(document).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    # No CORS header: only programs on this machine, and the page through its own server, read these.
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
