"""The HTTP API of the predictions: query by class, read, delete. API Gateway has checked who calls."""

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from loupe_container.predictions import Item, Page, PredictionsTable
from loupe_core.errors import LoupeError
from loupe_core.inference import MAX_LABEL_LENGTH
from loupe_core.observability import logger

MOST, USUAL = 100, 20
STATUSES = ("CLASSIFIED", "FAILED")
_ID = re.compile(r"[0-9a-f]{32}")
_TOKEN = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)_([0-9a-f]{32})")
# The sequencer orders events and the version is for us: neither is a caller's concern.
_HIDDEN = ("sequencer", "expiresAt")


class BadRequestError(Exception):
    """The request asks for what there cannot be; the message says what is wrong."""


def create_app(table: Callable[[], PredictionsTable]) -> APIGatewayHttpResolver:
    """The routes over a table, which is connected by the first request."""
    app = APIGatewayHttpResolver(serializer=_json)

    @app.get("/predictions")
    def query() -> Response[Any]:
        wanted: Mapping[str, str] = app.current_event.query_string_parameters or {}
        for name in wanted:
            if name not in ("class", "status", "limit", "nextToken"):
                raise BadRequestError(f"{name}: unknown parameter.")
        return _answer(HTTPStatus.OK, _page(_query(table(), wanted)))

    @app.get("/predictions/<prediction_id>")
    def read(prediction_id: str) -> Response[Any]:
        item = table().get(prediction_id) if _ID.fullmatch(prediction_id) else None
        return _answer(HTTPStatus.OK, _told(item)) if item else _missing()

    @app.delete("/predictions/<prediction_id>")
    def delete(prediction_id: str) -> Response[Any]:
        deleted = bool(_ID.fullmatch(prediction_id)) and table().delete(prediction_id)
        return Response(HTTPStatus.NO_CONTENT.value, body="") if deleted else _missing()

    @app.not_found
    def unknown(_: Exception) -> Response[Any]:
        return _problem(HTTPStatus.NOT_FOUND, "No such path or method.")

    app.exception_handler(BadRequestError)(_bad_request)
    app.exception_handler(LoupeError)(_failed)
    return app


def _bad_request(error: BadRequestError) -> Response[Any]:
    return _problem(HTTPStatus.BAD_REQUEST, str(error))


def _failed(error: LoupeError) -> Response[Any]:
    logger.error(str(error), extra={"error": type(error).__name__})
    if error.transient:
        return _problem(HTTPStatus.SERVICE_UNAVAILABLE, "Try again in a moment.")
    return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal error.")


def _query(table: PredictionsTable, wanted: Mapping[str, str]) -> Page:
    limit, start = _limit(wanted.get("limit")), _start(wanted.get("nextToken"))
    if "class" in wanted:
        if "status" in wanted:
            raise BadRequestError("Ask by class or by status, not by both.")
        name = wanted["class"]
        if not 0 < len(name) <= MAX_LABEL_LENGTH:
            raise BadRequestError(f"class: from 1 to {MAX_LABEL_LENGTH} characters.")
        return table.of_class(name, limit, start)
    status = wanted.get("status", STATUSES[0])
    if status not in STATUSES:
        raise BadRequestError(f"status: one of {', '.join(STATUSES)}.")
    return table.of_status(status, limit, start)


def _limit(text: str | None) -> int:
    if text is None:
        return USUAL
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= MOST and len(text) < 4):
        raise BadRequestError(f"limit: a whole number from 1 to {MOST}.")
    return int(text)


def _start(token: str | None) -> dict[str, str] | None:
    """Where a page begins: after the item with this time and id."""
    if token is None:
        return None
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise BadRequestError("nextToken: not one that an answer gave.")
    return {"classifiedAt": match[1], "predictionId": match[2]}


def _page(page: Page) -> dict[str, object]:
    last = page.last
    token = f"{last['classifiedAt']}_{last['predictionId']}" if last else None
    return {"items": [_told(item) for item in page.items], "nextToken": token}


def _told(item: Item) -> Item:
    return {name: value for name, value in item.items() if name not in _HIDDEN}


def _missing() -> Response[Any]:
    return _problem(HTTPStatus.NOT_FOUND, "There is no such prediction.")


def _problem(status: HTTPStatus, message: str) -> Response[Any]:
    return _answer(status, {"error": message})


def _answer(status: HTTPStatus, body: object) -> Response[Any]:
    return Response(status.value, "application/json", _json(body), headers={"Cache-Control": "no-store"})


def _json(value: object) -> str:
    return json.dumps(value, default=_number, ensure_ascii=False, separators=(",", ":"))


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
