"""How many requests a route of an HTTP API takes."""

from typing import Any

import pytest

from local.api_gateway.throttling import Throttle, limits

STAGE: dict[str, Any] = {
    "stageName": "$default",
    "defaultRouteSettings": {"ThrottlingRateLimit": 50, "ThrottlingBurstLimit": 100},
    "routeSettings": {"POST /predict": {"ThrottlingRateLimit": "5", "ThrottlingBurstLimit": 10}},
}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _admitted(throttle: Throttle, count: int, route: str = "POST /predict", api_id: str = "a") -> int:
    return sum(throttle.admits(api_id, STAGE, route) for _ in range(count))


def test_burst_passes_and_more_is_refused(clock: Clock) -> None:
    assert _admitted(Throttle(clock), 30) == 10


def test_rate_passes_after_the_burst(clock: Clock) -> None:
    throttle = Throttle(clock)
    _admitted(throttle, 30)

    clock.now += 1

    assert _admitted(throttle, 30) == 5


def test_quiet_route_saves_up_no_more_than_the_burst(clock: Clock) -> None:
    throttle = Throttle(clock)
    _admitted(throttle, 1)

    clock.now += 3600

    assert _admitted(throttle, 30) == 10


def test_routes_and_apis_do_not_take_from_each_other(clock: Clock) -> None:
    throttle = Throttle(clock)
    _admitted(throttle, 30)

    assert _admitted(throttle, 200, "GET /groups") == 100
    assert _admitted(throttle, 30, api_id="b") == 10


def test_changed_limits_hold_at_once(clock: Clock) -> None:
    throttle = Throttle(clock)
    _admitted(throttle, 30)
    raised = STAGE | {
        "routeSettings": {"POST /predict": {"throttlingRateLimit": 7, "throttlingBurstLimit": 20}}
    }

    assert sum(throttle.admits("a", raised, "POST /predict") for _ in range(30)) == 20


def test_stage_without_settings_takes_everything(clock: Clock) -> None:
    assert limits({}, "GET /groups") == (None, None)
    assert all(Throttle(clock).admits("a", {}, "GET /groups") for _ in range(500))
