"""HTTP APIs made from an OpenAPI document, which is what `AWS::Serverless::HttpApi` compiles to.

AWS: `Body` gives the API its routes, integrations, authorizers and CORS, and an update replaces them. Stock
MiniStack: ignores `Body`, so that the API has no route.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import apigateway
from ministack.services.cloudformation import provisioners

from local.cloud.errors import CloudError

_ANY = "x-amazon-apigateway-any-method"
_INTEGRATION = "x-amazon-apigateway-integration"
_AUTHORIZER_MEMBERS = (
    "jwtConfiguration",
    "authorizerUri",
    "authorizerPayloadFormatVersion",
    "authorizerResultTtlInSeconds",
    "enableSimpleResponses",
)
Document = Mapping[str, Any]


class OpenApiImportError(CloudError):
    """The document asks for something that API Gateway refuses."""


def install() -> None:
    """Import the document when CloudFormation makes or updates an HTTP API."""
    handler = provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
    handler["create"] = _creating(handler["create"])
    handler["update"] = _updating(handler["update"])


def import_document(api_id: str, document: Document) -> None:
    """Replace the API's authorizers, integrations and routes by the document's; requests meanwhile find the
    old ones.
    """
    stores = (apigateway._routes, apigateway._integrations, apigateway._authorizers)
    old = [set(store.setdefault(api_id, {})) for store in stores]
    authorizers = _make_authorizers(api_id, document)
    for path, item in (document.get("paths") or {}).items():
        for method, operation in item.items():
            if isinstance(operation, Mapping) and _INTEGRATION in operation:
                _make_route(api_id, path, method, operation, document, authorizers)
    for store, identifiers in zip(stores, old, strict=True):
        for identifier in identifiers:
            store[api_id].pop(identifier, None)


def _make_authorizers(api_id: str, document: Document) -> dict[str, tuple[str, str]]:
    """Authorizer id and authorization type, by the security scheme's name."""
    made = {}
    schemes = (document.get("components") or {}).get("securitySchemes") or {}
    for name, scheme in schemes.items():
        if scheme.get("x-amazon-apigateway-authtype") == "awsSigv4":
            made[name] = ("", "AWS_IAM")
            continue
        extension = scheme.get("x-amazon-apigateway-authorizer") or {}
        jwt = str(extension.get("type", "")).lower() == "jwt"
        source = extension.get("identitySource", "$request.header.Authorization")
        request = {
            "name": name,
            "authorizerType": "JWT" if jwt else "REQUEST",
            "identitySource": source
            if isinstance(source, list)
            else [part.strip() for part in source.split(",")],
            **{member: extension[member] for member in _AUTHORIZER_MEMBERS if member in extension},
        }
        answer = _accepted(apigateway._create_authorizer(api_id, request))
        made[name] = (str(answer["authorizerId"]), "JWT" if jwt else "CUSTOM")
    return made


def _make_route(
    api_id: str,
    path: str,
    method: str,
    operation: Document,
    document: Document,
    authorizers: Mapping[str, tuple[str, str]],
) -> None:
    integration = operation[_INTEGRATION]
    request = {
        "integrationType": str(integration.get("type", "aws_proxy")).upper(),
        "integrationUri": integration.get("uri", ""),
        "integrationMethod": integration.get("httpMethod", "POST"),
        "payloadFormatVersion": integration.get("payloadFormatVersion", "2.0"),
    }
    if "timeoutInMillis" in integration:
        request["timeoutInMillis"] = integration["timeoutInMillis"]
    made = _accepted(apigateway._create_integration(api_id, request))
    verb = "ANY" if method == _ANY else method.upper()
    route: dict[str, Any] = {
        # SAM writes it without the slash.
        "routeKey": "$default" if path.lstrip("/") == "$default" else f"{verb} {path}",
        "target": f"integrations/{made['integrationId']}",
    }
    for requirement in operation.get("security", document.get("security")) or []:
        for name, scopes in requirement.items():
            if name in authorizers:
                identifier, kind = authorizers[name]
                route["authorizationType"] = kind
                if identifier:
                    route.update(authorizerId=identifier, authorizationScopes=scopes)
    _accepted(apigateway._create_route(api_id, route))


def _accepted(answer: tuple[int, Any, bytes]) -> dict[str, Any]:
    if answer[0] >= 400:
        raise OpenApiImportError(f"OpenAPI import: {answer[2].decode()}")
    parsed: dict[str, Any] = json.loads(answer[2])
    return parsed


def _document(properties: Document) -> Document | None:
    body = properties.get("Body")
    return json.loads(body) if isinstance(body, str) else body


def _with_cors(properties: Document) -> Document:
    """The resource's properties, with the CORS configuration that the document carries."""
    cors = (_document(properties) or {}).get("x-amazon-apigateway-cors")
    return {**properties, "CorsConfiguration": cors} if cors else properties


def _creating(create: Callable[..., Any]) -> Callable[..., Any]:
    def create_api(logical_id: str, properties: Document, stack: str) -> Any:
        physical_id, attributes = create(logical_id, _with_cors(properties), stack)
        if document := _document(properties):
            import_document(physical_id, document)
        return physical_id, attributes

    return create_api


def _updating(update: Callable[..., Any]) -> Callable[..., Any]:
    def update_api(
        physical_id: str, old: Document, new: Document, stack: str, logical_id: str | None = None
    ) -> Any:
        answer = update(physical_id, _with_cors(old), _with_cors(new), stack, logical_id)
        if document := _document(new):
            import_document(answer[0], document)
        return answer

    return update_api
