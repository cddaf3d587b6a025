"""Failures of states, as the interpreter raises them and the history shows them.

AWS: an error has at most 256 characters and a cause at most 32,768; a Fail state or a branch may end with
any error name, `States.…` included. moto: no limits, and a branch that fails with `States.Timeout` is an
internal error.
"""

from typing import Any, cast

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from local.states.patching import replace

MAX_ERROR_LENGTH = 256
MAX_CAUSE_LENGTH = 32_768
RUNTIME = "States.Runtime"
DATA_LIMIT = "States.DataLimitExceeded"
QUERY = "States.QueryEvaluationError"
TIMEOUT = "States.Timeout"
HEARTBEAT_TIMEOUT = "States.HeartbeatTimeout"
TASK_FAILED = "States.TaskFailed"
ALL = "States.ALL"
EVALUATION = HistoryEventType.EvaluationFailed
EXECUTION = HistoryEventType.ExecutionFailed


class HeartbeatTimeoutName(CustomErrorName):
    """States.Timeout, which `States.HeartbeatTimeout` in ErrorEquals names too."""

    def __init__(self) -> None:
        super().__init__(TIMEOUT)


def failure(
    env: Any, error: str | None, cause: str | None, kind: Any = HistoryEventType.TaskFailed, **details: Any
) -> FailureEventException:
    """An exception to raise: `kind` is the history event's type, `details` what the event tells beside error
    and cause.
    """
    body = {**details, "error": error} | ({} if cause is None else {"cause": cause})
    name = kind.value
    key = f"{name[0].lower()}{name[1:]}EventDetails"
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=CustomErrorName(error),
            event_type=kind,
            event_details=cast(EventDetails, {key: body}),
        )
    )


def inner_failure(env: Any, error: str, cause: str | None) -> FailureEventException:
    """The failure of a state because of what runs inside it: a branch, an iteration, a map run."""
    raised = failure(env, error, cause, EXECUTION)
    cast(Any, raised.failure_event).inner = True
    return raised


def evaluation_details(failed: Any) -> dict[str, Any]:
    """What an EvaluationFailed event says: where the error is, in words and as `state` and `location`."""
    details = next(iter(failed.event_details.values()))
    where = f"executing the state '{failed.state_name}' (entered at the event id #{failed.source_event_id})"
    return {
        **details,
        "cause": f"An error occurred while {where}. {details.get('cause', '')}",
        "state": failed.state_name,
    }


def shortened(details: dict[str, Any]) -> dict[str, Any]:
    """Event details within AWS's limits of error and cause."""
    error, cause = details.get("error"), details.get("cause")
    if isinstance(error, str) and len(error) > MAX_ERROR_LENGTH:
        details = {**details, "error": error[:MAX_ERROR_LENGTH]}
    if isinstance(cause, str) and len(cause) > MAX_CAUSE_LENGTH:
        details = {**details, "cause": cause[:MAX_CAUSE_LENGTH]}
    return details


def install() -> None:
    replace(CustomErrorName, "__init__", ErrorName.__init__)
