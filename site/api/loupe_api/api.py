"""The API put together: routes, errors, the document."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.exceptions import NotFoundError as NoRouteError

from loupe_api import problems, requests
from loupe_api.delivery import delivered
from loupe_api.errors import ApiError, MethodNotAllowedError, NotFoundError, SignInRequiredError
from loupe_api.openapi import document, document_routes
from loupe_api.routes.groups import group_routes
from loupe_api.routes.images import image_routes
from loupe_api.routes.model import model_routes
from loupe_api.routes.operator import operator_routes
from loupe_api.routes.pictures import picture_routes
from loupe_api.routes.predictions import prediction_routes
from loupe_api.routes.quality import quality_routes
from loupe_api.routes.reviews import review_routes
from loupe_api.routes.signed_in import signed_in_routes
from loupe_api.services import Services


class Api:
    """The HTTP API: an event of API Gateway (payload 2.0) in, its answer out."""

    def __init__(self, services: Services, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._services = services
        self._clock = clock
        self._app = APIGatewayHttpResolver(enable_validation=True, response_validation_error_http_code=500)
        self._routers = (
            group_routes(services),
            image_routes(services),
            signed_in_routes(services),
            picture_routes(services),
            model_routes(services),
            operator_routes(services),
            prediction_routes(services),
            review_routes(services),
            quality_routes(services),
            document_routes(self.document),
        )
        for router in self._routers:
            self._app.include_router(router)
        self._app.not_found(self._no_route)
        self._app.use(middlewares=[requests.known_query])
        problems.register(self._app)
        self._documented = cache(lambda: document(self._app))

    def document(self) -> dict[str, Any]:
        """The OpenAPI document."""
        return self._documented()

    def answer(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Serve one request. Never raises for what a caller can send."""
        try:
            if not requests.may_read(event) and not self._services.reads_open:
                raise SignInRequiredError("Sign in: tokens are taken by the routes under /signed-in.")
            event = requests.checked(event)
        except ApiError as error:
            return problems.gateway_answer(error)
        answer = self._app.resolve(event, context)
        # Answers hold presigned addresses and people's words: nobody keeps them but to ask whether they still
        # hold, nobody guesses their type.
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **answer["headers"]}
        return delivered(event, {**answer, "headers": headers}, self._clock())

    def _no_route(self, _: NoRouteError) -> Any:
        """405 where the path is known with another method, else 404."""
        event = self._app.current_event
        known = set[str]().union(*(router.methods_of(event.path) for router in self._routers))
        # A path that fits, asked by a method that it has, holds characters that no id has.
        if known and event.http_method.upper() not in known:
            allowed = ", ".join(sorted(known))
            error = MethodNotAllowedError(f"Allowed here: {allowed}.", {"Allow": allowed})
            return problems.from_api_error(error)
        return problems.from_api_error(NotFoundError("There is nothing here."))
