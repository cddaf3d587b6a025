"""HTTP APIs answer 429 to more than their stage allows.

AWS: a stage's route settings give each route a token bucket: as many requests at once as the burst limit, and
the rate limit's number a second after that; more are answered 429 `{"message":"Too Many Requests"}` without
asking the authorizer or the integration. Stock MiniStack: keeps the settings and lets everything through.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ministack.services import apigateway

TOO_MANY = (429, {"Content-Type": "application/json"}, b'{"message":"Too Many Requests"}')
Handler = Callable[..., Awaitable[Any]]


@dataclass
class TokenBucket:
    """`burst` tokens at most, `rate` more a second; a request takes one."""

    rate: float
    burst: float
    tokens: float
    filled: float

    def take(self, now: float) -> bool:
        """Whether there was a token."""
        self.tokens = min(self.burst, self.tokens + (now - self.filled) * self.rate)
        self.filled = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Throttle:
    """The buckets of every route of every stage; one is made anew when its limits change."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str, str], TokenBucket] = {}

    def admits(self, api_id: str, stage: Mapping[str, Any], route_key: str) -> bool:
        """Whether a request to the route may pass now."""
        rate, burst = limits(stage, route_key)
        if rate is None or burst is None:
            return True
        key, now = (api_id, str(stage.get("stageName")), route_key), self._clock()
        bucket = self._buckets.get(key)
        if bucket is None or (bucket.rate, bucket.burst) != (rate, burst):
            bucket = self._buckets[key] = TokenBucket(rate, burst, burst, now)
        return bucket.take(now)


def limits(stage: Mapping[str, Any], route_key: str) -> tuple[float | None, float | None]:
    """Rate a second and burst of a route: its own settings, else the stage's default ones."""
    default = _lower(stage.get("defaultRouteSettings") or {})
    own = _lower((stage.get("routeSettings") or {}).get(route_key) or {})
    found = [own.get(name, default.get(name)) for name in ("throttlingratelimit", "throttlingburstlimit")]
    rate, burst = (None if each is None else float(each) for each in found)
    return rate, burst


def install() -> None:
    """Ask the throttle before the route is."""
    apigateway._handle_execute_in_scope = _throttling(apigateway._handle_execute_in_scope, Throttle())


def _throttling(handle: Handler, throttle: Throttle) -> Handler:
    async def handle_throttled(
        api_id: str, stage: str, path: str, method: str, *others: Any, **named: Any
    ) -> Any:
        settings = apigateway._stages.get(api_id, {}).get(stage)
        # API Gateway answers a preflight by itself, of no route.
        if settings and method != "OPTIONS":
            route = apigateway._match_route(api_id, method, "/" + path.lstrip("/"))
            if route and not throttle.admits(api_id, settings, str(route.get("routeKey"))):
                return TOO_MANY[0], dict(TOO_MANY[1]), TOO_MANY[2]
        return await handle(api_id, stage, path, method, *others, **named)

    return handle_throttled


def _lower(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A template names them ThrottlingRateLimit, the API throttlingRateLimit."""
    return {name.lower(): value for name, value in settings.items()}
