"""Logging, tracing and metrics around a handler, the same for every function."""

import os
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from loupe_core.errors import LoupeError

if TYPE_CHECKING:
    from aws_lambda_powertools import Tracer

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]

TRACE_KEYS = ("executionArn", "imageId", "correlationId")

logger = Logger()
metrics = Metrics(namespace="Loupe")


def correlate(trace: object) -> None:
    """Put an execution's ARN, the image id and the correlation id into every further line of this
    invocation.
    """
    if isinstance(trace, dict):
        keys = {name: trace[name] for name in TRACE_KEYS if isinstance(trace.get(name), str)}
        logger.append_keys(**keys)


def observed(handler: Handler) -> Handler:
    """Log, trace and count an invocation; never its event or answer, for they hold pictures."""

    def named(event: dict[str, Any], context: Any) -> dict[str, Any]:
        correlate(event.get("trace"))
        try:
            answer = handler(event, context)
        except LoupeError as error:
            name = type(error).__name__
            metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)
            quiet = error.routine
            log = logger.info if quiet else logger.warning if error.transient else logger.error
            log(str(error), extra={"error": name, "transient": error.transient})
            raise
        except Exception as error:
            metrics.add_metric(name="Unforeseen", unit=MetricUnit.Count, value=1)
            # The template's DefectsAlarm counts this word. What happened, Lambda's runtime writes itself.
            logger.error("unforeseen", extra={"error": type(error).__name__})
            raise
        metrics.add_metric(name="Succeeded", unit=MetricUnit.Count, value=1)
        logger.info("done")
        return answer

    def traced(event: dict[str, Any], context: Any) -> dict[str, Any]:
        if not _sampled():
            return named(event, context)
        answer: dict[str, Any] = _tracer().capture_lambda_handler(named, capture_response=False)(
            event, context
        )
        return answer

    counted = metrics.log_metrics(traced, capture_cold_start_metric=True)
    logged: Handler = logger.inject_lambda_context(counted, clear_state=True)
    return logged


def _sampled() -> bool:
    """Whether X-Ray records this invocation. Lambda says so anew for each."""
    return "Sampled=1" in os.environ.get("_X_AMZN_TRACE_ID", "")


@cache
def _tracer() -> "Tracer":
    """Powertools' tracer, loaded by the first invocation that is traced.

    X-Ray's SDK takes as long to start as boto3 does, and most invocations are not sampled.
    """
    from aws_lambda_powertools import Tracer

    # Only boto3 is traced: patching everything that could be there costs time.
    return Tracer(patch_modules=("botocore",))
