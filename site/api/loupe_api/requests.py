"""Requests before they are routed: bodies read once and strictly, and who is asking."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from loupe_api.errors import (
    BadRequestError,
    NotOperatorError,
    NotReviewerError,
    SignInRequiredError,
    UnsupportedMediaTypeError,
)
from loupe_api.records import Reader

PREDICT_PATHS = ("/predict", "/predict_with_auth")
# What is for everybody where reading is not: the document holds nothing of anybody's, and POST /predict has a
# parameter of its own.
FOR_EVERYBODY = (("GET", "/openapi.json"), ("POST", "/predict"))
PICTURE_TYPES = ("image/", "application/octet-stream")
JSON = "application/json"
GROUP_CLAIMS, OPERATORS = ("cognito:groups", "groups"), "operators"
REVIEWERS = "reviewers"
# Of what a caller wrote, in an answer.
MAX_NAMED = 50
METHODS_WITH_BODY = ("POST", "PUT", "PATCH")


def checked(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event with its JSON body as UTF-8 text, one object. Pictures are left as they are.

    Raises BadRequestError, or UnsupportedMediaTypeError for what is neither.
    """
    event = dict(event)
    if method(event) not in METHODS_WITH_BODY:
        return {**event, "body": None, "isBase64Encoded": False}
    headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if takes_pictures(event) and (not content_type or content_type.startswith(PICTURE_TYPES)):
        return event
    if content_type not in ("", JSON):
        allowed = "a picture or application/json" if takes_pictures(event) else JSON
        raise UnsupportedMediaTypeError(f"The body must be {allowed}.")
    text = _text(event)
    if text.strip():
        _require_object(text)
    return {
        **event,
        "headers": {**headers, "content-type": JSON},
        "body": text or None,
        "isBase64Encoded": False,
    }


def may_read(event: Mapping[str, Any]) -> bool:
    """Whether a verified token asks, or it is for what is open either way. What is not known to be that is
    closed: a new route too, and however its path is spelt.
    """
    return caller(event) is not None or (method(event), event.get("rawPath")) in FOR_EVERYBODY


def known_query(app: Any, next_middleware: Any) -> Any:
    """Powertools' middleware of every route. Raises BadRequestError for a query parameter that it lacks: a
    misspelt filter would otherwise show everything.
    """
    route = app.context["_route"]
    if route.responses is None:
        # Powertools' own, for a path or method that there is not.
        return next_middleware(app)
    known = {parameter.alias for parameter in route.dependant.query_params}
    unknown = sorted(set(app.current_event.query_string_parameters or {}) - known)
    if unknown:
        raise BadRequestError(f"{unknown[0][:MAX_NAMED]}: unknown query parameter.")
    return next_middleware(app)


def method(event: Mapping[str, Any]) -> str:
    return str(event["requestContext"]["http"]["method"]).upper()


def takes_pictures(event: Mapping[str, Any]) -> bool:
    return str(event.get("rawPath", "")).endswith(PREDICT_PATHS)


def is_json(event: Mapping[str, Any]) -> bool:
    headers = event.get("headers") or {}
    return str(headers.get("content-type", "")).startswith(JSON)


def body_bytes(event: Mapping[str, Any]) -> bytes:
    """The body as it was sent. Raises BadRequestError where the gateway's base64 is broken."""
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequestError("body: it cannot be read.") from error


def caller(event: Mapping[str, Any]) -> str | None:
    """Who is asking: the token's `sub`, as the authorizer has verified it; None without one."""
    sub = _claims(event).get("sub")
    return sub if isinstance(sub, str) and sub else None


def sees_all(event: Mapping[str, Any]) -> bool:
    """Whether who is asking may see every picture of the stack: the issuer says that it is an operator.

    Cognito's groups, or another issuer's; API Gateway gives a list as text, `[one two]`.
    """
    return OPERATORS in _groups(event)


def reader(event: Mapping[str, Any]) -> Reader:
    """Who is asking to see something, signed in. Raises SignInRequiredError."""
    return Reader(signed_in(event), sees_all(event))


def require_operator(event: Mapping[str, Any]) -> None:
    """Raises SignInRequiredError, or NotOperatorError for who is no operator."""
    signed_in(event)
    if not sees_all(event):
        raise NotOperatorError(f"Only members of the group {OPERATORS} may do this.")


def require_reviewer_or_operator(event: Mapping[str, Any]) -> None:
    """Raises SignInRequiredError, or NotReviewerError for who is neither."""
    signed_in(event)
    if not (is_reviewer(event) or sees_all(event)):
        raise NotReviewerError(f"Only members of the groups {REVIEWERS} and {OPERATORS} may do this.")


def is_reviewer(event: Mapping[str, Any]) -> bool:
    """Whether who is asking may review: the issuer says so, as of operators."""
    return REVIEWERS in _groups(event)


def signed_in(event: Mapping[str, Any]) -> str:
    """Who is asking. Raises SignInRequiredError: a route that lost its authorizer must not become open."""
    sub = caller(event)
    if sub is None:
        raise SignInRequiredError
    return sub


def _groups(event: Mapping[str, Any]) -> list[str]:
    claims = _claims(event)
    groups = " ".join(str(claims.get(name) or "") for name in GROUP_CLAIMS)
    return re.split(r"[\[\],\s]+", groups)


def _claims(event: Mapping[str, Any]) -> Mapping[str, Any]:
    context: Any = event.get("requestContext") or {}
    authorizer = context.get("authorizer") or {}
    claims: Mapping[str, Any] = (authorizer.get("jwt") or {}).get("claims") or {}
    return claims


def _text(event: Mapping[str, Any]) -> str:
    try:
        return body_bytes(event).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequestError("body: not valid UTF-8.") from error


def _require_object(text: str) -> None:
    try:
        parsed = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadRequestError("body: not valid JSON.") from error
    if not isinstance(parsed, dict):
        raise BadRequestError("body: it must be an object.")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
