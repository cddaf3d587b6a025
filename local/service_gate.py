"""Keeps a service's own port for the gateway: what it starts runs as the user, whoever asks.

The gateway authorizes requests and sends its secret of this start with them. Containers fetch their role's
credentials here at a path that is a secret itself; a browser gets nothing at all.
"""

import os
from collections.abc import Mapping

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from local.cloud.credentials import SECRET_HEADER, SECRET_VARIABLE, is_secret
from local.cloud.gate import headers_of, is_from_a_browser, names_this_machine


class ServiceGate:
    """ASGI middleware: lets the gateway through, and programs to the paths that begin as `open_to_programs`
    says.
    """

    def __init__(self, app: ASGIApp, secret: str, open_to_programs: str | None = None) -> None:
        self._app, self._secret, self._open = app, secret, open_to_programs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._may_pass(scope):
            refusal = JSONResponse({"message": "This port is the local cloud's gateway's."}, status_code=403)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _may_pass(self, scope: Scope) -> bool:
        headers = headers_of(scope)
        if is_from_a_browser(headers) or not names_this_machine(headers.get("host", ""), scope["server"][1]):
            return False
        if self._open is not None and scope["path"].startswith(self._open):
            return True
        return is_secret(headers.get(SECRET_HEADER), self._secret)


def secret_from(environ: Mapping[str, str] = os.environ) -> str:
    """The secret that the gateway gave this service; ValueError where it gave none."""
    if not (secret := environ.get(SECRET_VARIABLE, "")):
        raise ValueError(f"{SECRET_VARIABLE} is not set: the local cloud starts this service, and sets it")
    return secret
