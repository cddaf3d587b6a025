"""Which errors a Retry or Catch matches.

AWS: `States.ALL` matches all but `States.Runtime`, which can be neither retried nor caught;
`States.TaskFailed` matches all but `States.Timeout` and `States.DataLimitExceeded`. (The guide says that
`States.ALL` does not catch `States.DataLimitExceeded`; recorded executions show that it does.)
moto: `States.ALL` matches everything, `States.TaskFailed` no error of the interpreter's own.
"""

from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl

from local.states import failures
from local.states.patching import replace


def matches(equals: list[str | None], error: str | None, heartbeat: bool = False) -> bool:
    """Whether `error` is one of `equals`; `heartbeat`: it is a States.Timeout for want of a heartbeat."""
    if error == failures.RUNTIME:
        return False
    if error in equals or (heartbeat and failures.HEARTBEAT_TIMEOUT in equals):
        return True
    if failures.ALL in equals:
        return True
    return failures.TASK_FAILED in equals and error not in (failures.TIMEOUT, failures.DATA_LIMIT)


def _evaluate(self: Any, env: Any) -> None:
    name = env.stack.pop()
    equals = [item.error_name for item in self.error_names]
    heartbeat = isinstance(name, failures.HeartbeatTimeoutName)
    env.stack.append(matches(equals, name.error_name if name else None, heartbeat))


def install() -> None:
    replace(ErrorEqualsDecl, "_eval_body", _evaluate)
