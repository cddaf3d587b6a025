"""Routers, typed."""

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter


def new_router() -> APIGatewayHttpRouter:
    """An empty router."""
    return APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # Powertools leaves its constructor untyped
