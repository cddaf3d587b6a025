"""The local cloud's ASGI application. At the gateway's port `/_loupe/…` is answered here and everything else
is AWS's, which goes to MiniStack; at the page's port answers the page. What the gate refuses gets no further.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from local.cloud import gate as gates
from local.cloud.credentials import SECRET_FILE, SECRET_HEADER, is_secret
from local.cloud.faults import Fault, Faults, read_body
from local.cloud.gaps import downloads
from local.cloud.gate import Gate
from local.cloud.page import PageServer
from local.cloud.services import ServiceProcess
from local.cloud.settings import CloudSettings
from local.mail.inbox import Inbox

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

PREFIX = "/_loupe/"
_EMULATORS_OWN = ("/_ministack", "/_localstack")
# A custom resource and a wait condition answer at an address that nobody can guess.
_STACK_ANSWERS = ("/_ministack/cfn-response/", "/_ministack/cfn-signal/")
_POLICY_VIOLATION = 1008


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
        self._faults = Faults(settings.root_key.access_key)
        self._gate = Gate(settings.port, page.url)
        self.port = settings.port

    @property
    def page_url(self) -> str:
        """The page's origin."""
        return self._page.url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._aws(scope, receive, send)
            return
        headers = gates.headers_of(scope)
        refusal = self._gate.refusal(scope)
        if scope["type"] == "websocket":
            if refusal is not None:
                await receive()
                await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            else:
                await self._aws(scope, receive, send)
        elif refusal is not None:
            await _send_json(send, 403, {"error": refusal})
        elif scope["server"][1] == self._gate.page_port:
            await self._answer_page(scope, send)
        elif scope["path"].startswith(PREFIX):
            status, document = await self._answer(scope, headers, receive)
            await _send_json(send, status, document)
        elif self._is_hidden(scope):
            await _send_json(send, 404, {"error": f"{scope['path']} is not known here"})
        elif (unharmed := await self._faults.meet(scope, receive, send)) is not None:
            await self._aws(scope, unharmed, gates.answering(send, headers.get("origin")))

    def _is_hidden(self, scope: Scope) -> bool:
        """MiniStack's own paths, but for those of which the cloud has given the address."""
        path = scope["path"]
        if not path.startswith(_EMULATORS_OWN):
            return False
        answers_a_stack = scope["method"] == "PUT" and path.startswith(_STACK_ANSWERS)
        return not (
            answers_a_stack or downloads.is_signed(path, scope["query_string"], self._settings.secret)
        )

    async def _answer_page(self, scope: Scope, send: Send) -> None:
        """The page's files, and beside them the inbox: where everybody knows the keys, the page shows it."""
        if (scope["method"], scope["path"]) != ("GET", f"{PREFIX}inbox"):
            await self._page(scope, send)
        elif self._settings.root_key.known:
            await self._answer_inbox(scope, send)
        else:
            await _send_json(send, 403, {"error": "`loupe inbox` shows the messages on this machine"})

    async def _answer_inbox(self, scope: Scope, send: Send) -> None:
        """The newest messages (`limit`), or 304 to a page that has them already."""
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("limit", [""])[0]
        limit = int(asked) if asked.isdecimal() else None
        etag = f'"{await asyncio.to_thread(self._inbox.version)}-{limit}"'
        if gates.headers_of(scope).get("if-none-match") == etag:
            await send({"type": "http.response.start", "status": 304, "headers": [(b"etag", etag.encode())]})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await _send_json(send, 200, await self._messages(limit), etag)

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

    async def _answer(self, scope: Scope, headers: dict[str, str], receive: Receive) -> tuple[int, Any]:
        method, path = scope["method"], scope["path"].removeprefix(PREFIX).rstrip("/")
        if (method, path) == ("GET", "health"):
            return 200, await asyncio.to_thread(self.health)
        if not is_secret(headers.get(SECRET_HEADER), self._settings.secret):
            return 403, {"error": f"this is for who may read {SECRET_FILE} in the state folder"}
        match (method, path):
            case ("GET", "inbox"):
                return 200, await self._messages()
            case ("DELETE", "inbox"):
                return 200, {"deleted": await asyncio.to_thread(self._inbox.clear)}
            case (_, "faults"):
                return await self._change_faults(method, receive)
        return 404, {"error": f"{method} {PREFIX}{path} is not known here"}

    async def _messages(self, newest: int | None = None) -> list[dict[str, str]]:
        return [message.to_json() for message in await asyncio.to_thread(self._inbox.messages, newest)]

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
            "workers": self._settings.workers,
            "services": services,
        }


async def _send_json(send: Send, status: int, document: Any, etag: str = "") -> None:
    body = json.dumps(document).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if etag:
        headers.append((b"etag", etag.encode()))
    # No CORS header: only programs on this machine, and the page through its own server, read these.
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
