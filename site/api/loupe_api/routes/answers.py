"""What a route can answer, for the OpenAPI document."""

from typing import Any

from pydantic import BaseModel

from loupe_api.models import Problem

SIGNED_IN = [{"signIn": list[str]()}]
_PROBLEMS = {
    400: "The request cannot be read, or a value is not allowed.",
    401: "Not signed in.",
    403: "It belongs to somebody else.",
    404: "No such thing.",
    409: "It cannot be done in its present state.",
    413: "Too large.",
    415: "Not a content type that is taken here.",
    429: "Too many requests right now.",
    502: "The model failed.",
    503: "The model is not ready.",
}


def answers(status: int, description: str, model: type[BaseModel] | None, *problems: int) -> dict[int, Any]:
    """The good answer, these problems, and the one that every route has; 500 is added to the document."""
    documented: dict[int, Any] = {status: {"description": description}}
    if model is not None:
        documented[status]["content"] = {"application/json": {"model": model}}
    for code in sorted({*problems, 429}):
        content = {"application/json": {"model": Problem}}
        documented[code] = {"description": _PROBLEMS[code], "content": content}
    return documented
