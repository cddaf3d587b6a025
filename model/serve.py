"""The model server: SageMaker's hosting contract for any ONNX image classifier with a model.json.

    python -m model.serve

GET  /ping         200 once the model is loaded and has classified a blank picture (the port opens only then)
POST /invocations  a picture in; by Accept
                   application/json                                    {"labels": [best five], "scores": […]}
                   application/json;form=scores,
                   application/vnd.loupe.scores+json                   [all scores in label order]
Errors are {"error": reason}: 400 no readable picture, 406, 413, 415, 500.
"""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from model.errors import ImageTooLargeError, InferenceError, ModelError, UnreadableImageError
from model.inference import Classifier, Scores, cpu_count, named_answer

NAMED = "application/json"
SCORES = "application/vnd.loupe.scores+json"
DRAIN_SECONDS = 30
_BINARY_TYPES = ("application/octet-stream", "binary/octet-stream", "application/x-image")

logger = logging.getLogger("model.serve")


class ServerSettingsError(ModelError):
    """An environment variable of the server has no usable value."""


@dataclass(frozen=True)
class ServerSettings:
    """What the container's environment says."""

    model_folder: Path
    host: str
    port: int
    workers: int
    max_bytes: int
    default_accept: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "ServerSettings":
        """Raises ServerSettingsError, which names the variable."""

        def whole(name: str, default: int, least: int, most: int) -> int:
            text = environ.get(name) or str(default)
            if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
                raise ServerSettingsError(
                    f"{name} must be a whole number from {least} to {most}, not {text!r}"
                )
            return int(text)

        default_accept = environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT") or NAMED
        if answer_form(default_accept, NAMED) is None:
            raise ServerSettingsError(
                f"SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT: no such form: {default_accept!r}"
            )
        return cls(
            model_folder=Path(environ.get("SAGEMAKER_BASE_DIR") or "/opt/ml") / "model",
            # A container must listen on every interface, and its Dockerfile says so; a laptop must not.
            host=environ.get("MODEL_SERVER_HOST") or "127.0.0.1",
            port=whole("SAGEMAKER_BIND_TO_PORT", 8080, 1, 65535),
            workers=whole("MODEL_SERVER_WORKERS", cpu_count(), 1, 256),
            max_bytes=whole("MODEL_SERVER_MAX_BYTES", 25_000_000, 1, 1_000_000_000),
            default_accept=default_accept,
        )


def answer_form(accept: str, default: str) -> str | None:
    """NAMED or SCORES as an Accept header asks for it, None if it asks for neither. The first to fit wins."""
    for part in accept.split(","):
        media_type, *parameters = (item.strip().lower() for item in part.split(";"))
        values = dict(item.split("=", 1) for item in parameters if "=" in item)
        if values.get("q", "1").strip("0.") == "":
            continue
        if media_type in ("", "*/*", "application/*"):
            return answer_form(default, NAMED)
        if media_type == SCORES:
            return SCORES
        if media_type == NAMED:
            form = values.get("form", "named").strip('"')
            if form in ("named", "scores"):
                return SCORES if form == "scores" else NAMED
    return None


def create_app(classifier: Classifier, settings: ServerSettings) -> Starlette:
    """The web application around a loaded classifier."""
    pool = ThreadPoolExecutor(settings.workers, thread_name_prefix="inference")

    async def ping(_: Request) -> Response:
        return Response(status_code=200)

    async def invocations(request: Request) -> Response:
        form = answer_form(request.headers.get("accept", "*/*"), settings.default_accept)
        if form is None:
            raise HTTPException(406, f"the answer is {NAMED} (form=named or form=scores) or {SCORES}")
        _check_content_type(request.headers.get("content-type", ""))
        body = await _read_body(request, settings.max_bytes)
        try:
            scores = await asyncio.get_running_loop().run_in_executor(pool, classifier.scores, body)
        except ImageTooLargeError as error:
            raise HTTPException(413, str(error)) from None
        except UnreadableImageError as error:
            raise HTTPException(400, str(error)) from None
        return _answer(scores, classifier.labels, form, request.headers.get("accept", ""))

    app = Starlette(
        routes=[Route("/ping", ping, methods=["GET"]), Route("/invocations", invocations, methods=["POST"])],
        exception_handlers={
            HTTPException: _http_error,
            InferenceError: _inference_error,
            Exception: _inference_error,
        },
    )
    app.router.redirect_slashes = False
    return app


def _check_content_type(header: str) -> None:
    media_type = header.split(";")[0].strip().lower()
    if media_type and media_type not in _BINARY_TYPES and not media_type.startswith("image/"):
        raise HTTPException(
            415, f"send a picture as image/… or application/octet-stream, not as {media_type[:100]}"
        )


async def _read_body(request: Request, max_bytes: int) -> bytes:
    too_large = HTTPException(413, f"the body is over {max_bytes} bytes", {"connection": "close"})
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > max_bytes:
        raise too_large
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > max_bytes:
            raise too_large
        chunks.append(chunk)
    return b"".join(chunks)


def _answer(scores: Scores, labels: tuple[str, ...], form: str, accept: str) -> Response:
    if form == SCORES:
        media_type = SCORES if SCORES in accept.lower() else NAMED
        return Response(json.dumps([round(score, 8) for score in scores.tolist()]), media_type=media_type)
    return Response(json.dumps(named_answer(scores, labels), ensure_ascii=False), media_type=NAMED)


def _error(status: int, reason: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(json.dumps({"error": reason}), status, headers, NAMED)


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error(error.status_code, error.detail, error.headers)


async def _inference_error(_: Request, error: Exception) -> Response:
    logger.error("inference failed: %s: %s", type(error).__name__, error)
    return _error(
        500, str(error) if isinstance(error, InferenceError) else "the model server failed; see its log"
    )


def main() -> int:
    """Load, then listen until SIGTERM or SIGINT; requests under way are finished first."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        settings = ServerSettings.from_environ(os.environ)
        classifier = Classifier(settings.model_folder)
    except ModelError as error:
        print(f"model.serve: {error}", file=sys.stderr)
        return 1
    logger.info("serving %s, %d labels", classifier.spec.name, len(classifier.labels))
    # Once drained, uvicorn raises again the signal that stopped it; that must not end this in an error.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    uvicorn.run(
        create_app(classifier, settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        timeout_keep_alive=75,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
