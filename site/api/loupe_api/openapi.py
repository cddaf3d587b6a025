"""The OpenAPI document, made from the routes and their models."""

import json
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer

from loupe_api.delivery import POLLED
from loupe_api.routes.router import ListedRouter, new_router

TITLE = "Loupe"
VERSION = "1.0.0"
DESCRIPTION = "Groups of pictures, what was seen in them, and predictions without a record."

# What API Gateway refuses before the function is asked (a bad token, too much, too often), it words itself.
_FROM_GATEWAY = {"401", "413", "429", "500", "503"}
_RETRY_AFTER = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}}
}
# API Gateway's own 401 says so, its 429 and 503 do not say when.
_HEADERS: dict[str, Any] = {
    "401": {"WWW-Authenticate": {"description": "Bearer.", "schema": {"type": "string"}}},
    "429": _RETRY_AFTER,
    "503": _RETRY_AFTER,
}
_GATEWAY_PROBLEM = {
    "type": "object",
    "title": "GatewayProblem",
    "description": "Why API Gateway itself refused a request.",
    "properties": {"message": {"type": "string"}},
    "required": ["message"],
}


def document(app: APIGatewayHttpResolver) -> dict[str, Any]:
    """The document as JSON types, in a stable order."""
    text = app.get_openapi_json_schema(
        title=TITLE,
        version=VERSION,
        description=DESCRIPTION,
        openapi_version="3.1.0",
        security_schemes={"signIn": HTTPBearer(bearerFormat="JWT", description="An OpenID Connect token.")},
    )
    made: dict[str, Any] = json.loads(text)
    # Relative to the document. Locally the API has no host of its own: "/" would miss it.
    made["servers"] = [{"url": ".", "description": "The stack's output ApiUrl, where this document is."}]
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            operation["responses"] = _as_answered(operation["responses"])
            # Open operations say that they are.
            operation.setdefault("security", [])
            if method == "get" and POLLED.fullmatch(path):
                unchanged = {"description": "As the ETag in If-None-Match names it."}
                operation["responses"] = dict(sorted({**operation["responses"], "304": unchanged}.items()))
    for name in ("HTTPValidationError", "ValidationError", "ResponseValidationError"):
        made["components"]["schemas"].pop(name, None)
    made["components"]["schemas"]["GatewayProblem"] = _GATEWAY_PROBLEM
    return made


def _as_answered(responses: dict[str, Any]) -> dict[str, Any]:
    """Powertools documents answers of its own; here problems.py gives them, and 204 has no body."""
    responses.pop("422", None)
    responses.get("204", {}).pop("content", None)
    if "429" in responses:
        responses["500"] = {**responses["429"], "description": "A defect in Loupe."}
    else:
        responses.pop("500", None)
    for code, header in _HEADERS.items():
        if code in responses:
            responses[code] = {**responses[code], "headers": header}
    for code in _FROM_GATEWAY & set(responses):
        either = [{"$ref": f"#/components/schemas/{name}"} for name in ("Problem", "GatewayProblem")]
        responses[code] = {**responses[code], "content": {"application/json": {"schema": {"anyOf": either}}}}
    return dict(sorted(responses.items()))


def document_routes(make: Callable[[], dict[str, Any]]) -> ListedRouter:
    """GET /openapi.json."""
    router = new_router()
    content = {"application/json": {"schema": {"type": "object"}}}
    described: dict[int, Any] = {200: {"description": "This document.", "content": content}}

    @router.get(
        "/openapi.json",
        summary="Show this document",
        tags=["document"],
        operation_id="getDocument",
        responses=described,
    )
    def get_document() -> Response[dict[str, Any]]:
        return Response(200, "application/json", make(), headers={"Cache-Control": "public, max-age=300"})

    return router
