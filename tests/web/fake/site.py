"""The built page as a host serves it: static files, the page for every other path, strict headers."""

from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def content_security_policy(cloud_origin: str) -> str:
    """The policy of site/web/README.md with the deployment's own addresses in it."""
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "font-src 'self'",
            f"img-src 'self' blob: {cloud_origin}",
            f"connect-src 'self' {cloud_origin}",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        ]
    )


def site(dist: Path, config: dict[str, Any], cloud_origin: str) -> Starlette:
    """Serves `dist`, and `config` as /config.json."""
    headers = {**HEADERS, "Content-Security-Policy": content_security_policy(cloud_origin)}

    async def configuration(request: Request) -> Response:
        return JSONResponse(config, headers={**headers, "Cache-Control": "no-store"})

    async def file(request: Request) -> Response:
        wanted = (dist / request.path_params["path"]).resolve()
        inside = wanted.is_relative_to(dist) and wanted.is_file()
        return FileResponse(wanted if inside else dist / "index.html", headers=headers)

    return Starlette(routes=[Route("/config.json", configuration), Route("/{path:path}", file)])
