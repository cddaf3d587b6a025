"""What an HTTP API says of its own: to a bad token, and when its function fails.

AWS (API Gateway Developer Guide, "Control access to HTTP APIs with JWT authorizers" and "AWS Lambda proxy
integrations"): a token must have `exp`; a Cognito refresh token is no JWT that an authorizer could read; a
refusal carries WWW-Authenticate; a function that fails, or cannot be called, is answered 500 with
`{"message":"Internal Server Error"}`, and what it said stays in its log. Answers of the API's own carry the
CORS headers that the API is configured with.
Stock MiniStack: takes tokens without `exp` and refresh tokens, fails on claims that are no numbers, shows
callers the function's error, and leaves CORS headers away where no integration answered.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ministack.services import apigateway, lambda_svc

Answer = tuple[int, dict[str, str], bytes]
_FAILED = {
    "statusCode": 500,
    "headers": {"Content-Type": "application/json"},
    "body": '{"message":"Internal Server Error"}',
}
_TIMES = ("exp", "nbf", "iat")


def install() -> None:
    """Check tokens further, and keep functions' errors in their logs.

    After the throttle: its answers get CORS headers, too.
    """
    apigateway._handle_execute_in_scope = _readable(apigateway._handle_execute_in_scope)
    apigateway._validate_jwt_authorizer = _checking(apigateway._validate_jwt_authorizer)
    lambda_svc.lambda_execute_result_to_api_proxy_response = _hiding(
        lambda_svc.lambda_execute_result_to_api_proxy_response
    )


def token_fault(claims: Mapping[str, Any]) -> str | None:
    """Why an authorizer refuses a token with these claims, whoever signed it; None if it goes on."""
    if any(name in claims and not _is_number(claims[name]) for name in _TIMES):
        return "the token has a time that is no number"
    if "exp" not in claims:
        return "the token has no expiration"
    if claims.get("token_use") == "refresh":
        return "the token is no access or identity token"
    return None


def challenge(fault: str | None) -> str:
    """The WWW-Authenticate header of a refusal: RFC 6750's, without more where there was no token."""
    if fault is None:
        return "Bearer"
    return f'Bearer scope="" error="invalid_token" error_description="{fault}"'


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _claims(token: str) -> Mapping[str, Any]:
    try:
        claims = json.loads(apigateway._b64url_decode(token.split(".")[1]))
    except (ValueError, IndexError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _checking(validate: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def validate_further(
        route: Any, authorizer: Any, headers: Mapping[str, str], query: Mapping[str, Any]
    ) -> Any:
        source = authorizer.get("identitySource", [])
        token = apigateway._extract_token_from_identity_source(source, headers, query)
        fault = token_fault(_claims(token)) if token and token.count(".") == 2 else None
        if fault is None:
            claims, scopes, refusal = await validate(route, authorizer, headers, query)
            fault = "the token is not valid" if token else None
        else:
            claims, scopes, refusal = None, None, apigateway._jwt_unauthorized()
        if refusal is not None and refusal[0] == 401:
            refusal[1]["WWW-Authenticate"] = challenge(fault)
        return claims, scopes, refusal

    return validate_further


def _readable(handle: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The page must be able to read why it was refused."""

    async def handle_readable(
        api_id: str,
        stage: str,
        path: str,
        method: str,
        headers: Mapping[str, str],
        *others: Any,
        **named: Any,
    ) -> Any:
        answer = await handle(api_id, stage, path, method, headers, *others, **named)
        cors = (apigateway._apis.get(api_id) or {}).get("corsConfiguration") or {}
        given = {name.lower() for name in answer[1]}
        if method != "OPTIONS" and "access-control-allow-origin" not in given:
            answer[1].update(apigateway._cors_response_headers(cors, (headers or {}).get("origin", "")))
        return answer

    return handle_readable


def _hiding(answer: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def answer_hiding(result: Any) -> Any:
        if result.get("error") and not result.get("throttle"):
            return dict(_FAILED), None
        return answer(result)

    return answer_hiding
