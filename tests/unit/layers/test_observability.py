"""What is logged and counted of an invocation, and what never is."""

import json
from typing import Any

import pytest

from loupe_core import observability
from loupe_core.errors import DuplicateError, EndpointThrottledError, ImageNotFoundError, LoupeError
from tests.unit.functions.handlers import LambdaContext

SECRET = "c2VjcmV0IHBpY3R1cmU"


@pytest.fixture(autouse=True)
def _nothing_counted_yet() -> None:
    """What a test before has counted and not written out is not this one's."""
    observability.metrics.clear_metrics()


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_success_is_counted_and_nothing_of_it_logged(capsys: pytest.CaptureFixture[str]) -> None:
    handler = observability.observed(lambda event, context: {"body": event["image_data"]})

    assert handler({"image_data": SECRET}, LambdaContext()) == {"body": SECRET}

    lines = lines_of(capsys)
    assert any(line.get("Succeeded") == [1.0] for line in lines)
    assert SECRET not in json.dumps(lines)


@pytest.mark.parametrize("error", [ImageNotFoundError, EndpointThrottledError])
def test_a_failure_is_counted_and_raised_as_it_is(
    error: type[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(event: dict[str, Any], context: Any) -> dict[str, Any]:
        raise error("There is none.")

    with pytest.raises(error, match="There is none"):
        observability.observed(failing)({"image_data": SECRET}, LambdaContext())

    lines = lines_of(capsys)
    assert any(line.get(error.__name__) == [1.0] for line in lines)
    assert SECRET not in json.dumps(lines)


def test_what_has_no_name_is_counted_and_logged_as_unforeseen(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    def failing(event: dict[str, Any], context: Any) -> dict[str, Any]:
        raise KeyError(event["image_data"])

    with pytest.raises(KeyError):
        observability.observed(failing)({"image_data": SECRET}, LambdaContext())

    (logged,) = caplog.records
    assert (logged.getMessage(), logged.__dict__["error"]) == ("unforeseen", "KeyError")
    lines = lines_of(capsys)
    assert any(line.get("Unforeseen") == [1.0] for line in lines)
    assert SECRET not in caplog.text + json.dumps(lines)


def test_every_metric_is_loupes_and_counts(capsys: pytest.CaptureFixture[str]) -> None:
    def failing(event: dict[str, Any], context: Any) -> dict[str, Any]:
        raise event["error"]

    observability.observed(lambda event, context: {})({}, LambdaContext())
    for error in (ImageNotFoundError("There is none."), KeyError("unforeseen")):
        with pytest.raises(type(error)):
            observability.observed(failing)({"error": error}, LambdaContext())

    written = [
        metric for line in lines_of(capsys) for metric in line.get("_aws", {}).get("CloudWatchMetrics", ())
    ]
    assert {metric["Namespace"] for metric in written} == {"Loupe"}
    assert {each["Unit"] for metric in written for each in metric["Metrics"]} == {"Count"}


def test_only_what_x_ray_samples_is_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    traced: list[bool] = []

    class Tracer:
        def capture_lambda_handler(self, handler: Any, *, capture_response: bool) -> Any:
            traced.append(capture_response)
            return handler

    monkeypatch.setattr(observability, "_tracer", Tracer)
    handler = observability.observed(lambda event, context: {})

    for header in (
        "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0",
        "Root=1-5759e988;Parent=5;Sampled=1",
    ):
        monkeypatch.setenv("_X_AMZN_TRACE_ID", header)
        handler({}, LambdaContext())

    assert traced == [False]


@pytest.mark.parametrize(
    ("error", "level"),
    [(DuplicateError, "INFO"), (EndpointThrottledError, "WARNING"), (ImageNotFoundError, "ERROR")],
)
def test_a_failure_is_logged_as_loud_as_it_is_grave(
    error: type[LoupeError], level: str, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(event: dict[str, Any], context: Any) -> dict[str, Any]:
        raise error("So it is.")

    caplog.set_level("INFO")
    with pytest.raises(error):
        observability.observed(failing)({}, LambdaContext())

    (logged,) = caplog.records
    assert (logged.levelname, logged.getMessage()) == (level, "So it is.")
    assert logged.__dict__["error"] == error.__name__
    assert logged.__dict__["transient"] is error.transient


def test_a_success_is_logged_in_a_word(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    observability.observed(lambda event, context: {})({}, LambdaContext())

    assert [each.getMessage() for each in caplog.records] == ["done"]


def test_each_line_carries_its_events_trace_and_no_other_events() -> None:
    seen: list[dict[str, Any]] = []

    def looking(event: dict[str, Any], context: Any) -> dict[str, Any]:
        seen.append({name: value for name, value in keys().items() if name in observability.TRACE_KEYS})
        assert context.function_name == "loupe-function"
        return {}

    def keys() -> dict[str, Any]:
        return observability.logger.get_current_keys()

    handler = observability.observed(looking)
    trace = {"executionArn": "arn", "imageId": "1f", "correlationId": "order-7"}
    for given in ({**trace, "secret": SECRET, "imageId": 7}, trace, None, "text"):
        handler({"trace": given}, LambdaContext())
        assert SECRET not in keys().values()

    assert seen == [{"executionArn": "arn", "correlationId": "order-7"}, trace, {}, {}]


def test_a_cold_start_is_counted(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aws_lambda_powertools.metrics.provider.cold_start.is_cold_start", True)
    observability.observed(lambda event, context: {})({}, LambdaContext())

    assert any(line.get("ColdStart") == [1.0] for line in lines_of(capsys))
