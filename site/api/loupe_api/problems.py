"""Errors as HTTP answers, all of the shape {"error": …}. The one place where they meet."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
    ResponseValidationError,
)

from loupe_api.errors import ApiError
from loupe_core import errors
from loupe_core.observability import logger
from loupe_review import errors as review_errors

JSON = "application/json"
# How the workflow's errors look to a caller of /predict or /reviews. The endpoint's own words stay inside.
_STATUS: Mapping[type[errors.LoupeError], tuple[HTTPStatus, str | None]] = {
    errors.UnsupportedImageError: (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, None),
    errors.CorruptImageError: (HTTPStatus.BAD_REQUEST, None),
    errors.ImageTooLargeError: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, None),
    errors.EndpointThrottledError: (
        HTTPStatus.TOO_MANY_REQUESTS,
        "The model is busy; try again in a moment.",
    ),
    errors.EndpointNotReadyError: (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The model is not ready yet; try again in a few minutes.",
    ),
    errors.EndpointFailedError: (HTTPStatus.BAD_GATEWAY, "The model failed; try again in a moment."),
    errors.EndpointRejectedError: (HTTPStatus.BAD_GATEWAY, "The model could not classify the picture."),
    errors.InvalidInputError: (HTTPStatus.BAD_REQUEST, None),
    errors.ImageNotFoundError: (HTTPStatus.NOT_FOUND, "There is no such image."),
    errors.RecordsUnavailableError: (
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many requests right now; try again in a moment.",
    ),
    review_errors.ReviewNotFoundError: (HTTPStatus.NOT_FOUND, "There is no such review."),
    review_errors.ReviewOverError: (HTTPStatus.CONFLICT, None),
    review_errors.ReviewTakenError: (HTTPStatus.CONFLICT, None),
    review_errors.UndoTooLateError: (HTTPStatus.CONFLICT, None),
}


def answer(status: HTTPStatus, message: str, headers: Mapping[str, str] | None = None) -> Response[Any]:
    """An error as the API tells it."""
    return Response(
        status, JSON, {"error": message}, headers={**(headers or {}), "Cache-Control": "no-store"}
    )


def register(app: APIGatewayHttpResolver) -> None:
    """Let `app` answer every exception."""
    app.exception_handler(ApiError)(from_api_error)
    app.exception_handler(errors.LoupeError)(_from_loupe_error)
    app.exception_handler(RequestValidationError)(_from_invalid_request)
    app.exception_handler(RequestUnsupportedContentType)(_from_content_type)
    app.exception_handler(ResponseValidationError)(_from_invalid_answer)
    app.exception_handler(Exception)(_from_defect)


def from_api_error(error: ApiError) -> Response[Any]:
    return answer(error.status, str(error), error.headers)


def gateway_answer(error: ApiError) -> dict[str, Any]:
    """The same for a request that is refused before it is routed."""
    headers = {
        "Content-Type": JSON,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        **error.headers,
    }
    body = json.dumps({"error": str(error)})
    return {"statusCode": error.status, "headers": headers, "body": body, "isBase64Encoded": False}


def _from_loupe_error(error: errors.LoupeError) -> Response[Any]:
    status, message = _STATUS.get(type(error), (HTTPStatus.INTERNAL_SERVER_ERROR, "Internal error."))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error(str(error), extra={"error": type(error).__name__})
    headers = {"Retry-After": "5"} if status in (429, 503) else {}
    return answer(status, message or str(error), headers)


def _from_invalid_request(error: RequestValidationError) -> Response[Any]:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    return answer(HTTPStatus.BAD_REQUEST, f"{where}: {_plain(first)}")


def _plain(error: Mapping[str, Any]) -> str:
    """Pydantic's words, but for those that only its users understand."""
    words = {
        "extra_forbidden": "unknown field",
        "missing": "required",
        "string_pattern_mismatch": "it is blank or holds a control character",
        "string_unicode": "not valid Unicode",
    }
    told = words.get(str(error["type"]), str(error["msg"]))
    return told[:1].lower() + told[1:]


def _from_content_type(_: RequestUnsupportedContentType) -> Response[Any]:
    return answer(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body must be application/json.")


def _from_invalid_answer(error: ResponseValidationError) -> Response[Any]:
    # Not its text: that holds the answer, presigned URLs and all.
    places = [".".join(str(part) for part in each["loc"]) for each in error.errors()]
    logger.error("an answer does not fit its model", extra={"places": places})
    return answer(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal error.")


def _from_defect(error: Exception) -> Response[Any]:
    logger.exception("unforeseen", extra={"error": type(error).__name__})
    return answer(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal error.")
