"""Logging, tracing and metrics around a handler, the same for every function."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

from loupe_core.errors import LoupeError

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]

logger = Logger()
metrics = Metrics(namespace="Loupe")
# Only boto3 is traced: patching everything that could be there costs start-up time.
tracer = Tracer(patch_modules=("botocore",))


def observed(handler: Handler) -> Handler:
    """Log, trace and count an invocation; never its event or answer, for they hold pictures."""

    def named(event: dict[str, Any], context: Any) -> dict[str, Any]:
        try:
            answer = handler(event, context)
        except LoupeError as error:
            name = type(error).__name__
            metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)
            log = logger.warning if error.transient else logger.error
            log(str(error), extra={"error": name, "transient": error.transient})
            raise
        metrics.add_metric(name="Succeeded", unit=MetricUnit.Count, value=1)
        return answer

    traced = tracer.capture_lambda_handler(named, capture_response=False)
    counted = metrics.log_metrics(traced, capture_cold_start_metric=True)
    logged: Handler = logger.inject_lambda_context(counted, clear_state=True)
    return logged
