"""Runs one execution from its record to its ending.

AWS: an execution ends SUCCEEDED, FAILED with error and cause, TIMED_OUT when the machine's TimeoutSeconds
are over, or ABORTED; the first ending counts. MiniStack waits 150 ms before it begins and knows no timeout.
"""

import json
import logging
import threading
from typing import Any, cast

from ministack.core.responses import now_iso
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded, ProgramError
from moto.stepfunctions.parser.asl.eval.states import ContextObjectData

from local.states import failures, shapes
from local.states.history import MAX_HISTORY, History
from local.states.log_delivery import LogDelivery
from local.states.run import Run

_LOG = logging.getLogger(__name__)
_ENDINGS = {
    "SUCCEEDED": HistoryEventType.ExecutionSucceeded,
    "FAILED": HistoryEventType.ExecutionFailed,
    "ABORTED": HistoryEventType.ExecutionAborted,
    "TIMED_OUT": HistoryEventType.ExecutionTimedOut,
}


class Execution:
    """One execution that can be run and stopped; `record` is what the API shows."""

    def __init__(self, run: Run) -> None:
        self.run, self.record = run, run.record
        self._ending = threading.Lock()
        self._over = False  # not the record's status: a redrive sets that to RUNNING again, for its own run
        self._env = self._environment()
        # From now on it can be stopped: an environment without a next state would not take notice.
        self._env.next_state_name = run.program.start_at.start_at_name
        self.history = History(LogDelivery(run.machine, self.record["executionArn"]), self._history_full)
        self._env.event_manager = self.history
        if run.resumed:
            self.history.continue_from(self.record["events"])
        self.record["events"] = self.history.events
        self._begin()

    def _begin(self) -> None:
        if self.run.resumed:
            count = self.record["redriveCount"]
            self._event(HistoryEventType.ExecutionRedriven, {"redriveCount": count})
            return
        given = {"input": self.record["input"], "inputDetails": {"truncated": False}}
        self._event(HistoryEventType.ExecutionStarted, {**given, "roleArn": self.run.role_arn})

    def _environment(self) -> Any:
        record, machine = self.record, self.run.machine
        context: dict[str, Any] = {
            "Execution": {
                "Id": record["executionArn"],
                "Input": json.loads(record["input"]),
                "Name": record["name"],
                "RoleArn": self.run.role_arn,
                "StartTime": record["startDate"],
                "RedriveCount": record.get("redriveCount", 0),
            },
            "StateMachine": {"Id": machine["stateMachineArn"], "Name": machine["name"]},
        }
        return Environment(
            aws_execution_details=self.run,
            execution_type=machine.get("type", "STANDARD"),
            context=cast(ContextObjectData, context),
            event_history_context=EventHistoryContext.of_program_start(),
            cloud_watch_logging_session=None,
            activity_store={},
        )

    def execute(self) -> None:
        """Runs to the end; returns with the record's ending written."""
        timeout = self.run.program.timeout_seconds
        timer = None
        if timeout:
            timer = threading.Timer(timeout.timeout_seconds, self.end, ("TIMED_OUT",))
            timer.daemon = True
            timer.start()
        try:
            if not self._over:
                self.run.program.eval(self._env)
            self._finish()
        except Exception as error:  # a fault of this package must not leave the execution RUNNING
            _LOG.exception("execution %s", self.record["executionArn"])
            self.end("FAILED", error=failures.RUNTIME, cause=f"{type(error).__name__}: {error}")
        finally:
            if timer:
                timer.cancel()

    def _history_full(self) -> None:
        cause = f"The execution reached the maximum number of history events ({MAX_HISTORY})."
        # In a thread of its own: the history is locked while it tells.
        arguments = {"error": failures.RUNTIME, "cause": cause}
        threading.Thread(target=self.end, args=("FAILED",), kwargs=arguments, daemon=True).start()

    def _finish(self) -> None:
        state = self._env.program_state()
        if isinstance(state, ProgramEnded):
            self.end("SUCCEEDED", output=shapes.compact(self._env.states.get_input()))
        elif isinstance(state, ProgramError):
            self.end(
                "FAILED",
                **{key: value for key, value in (state.error or {}).items() if key in ("error", "cause")},
            )

    def end(self, status: str, **members: Any) -> bool:
        """Writes the ending; False if the execution has ended already. Work under way is told to stop."""
        with self._ending:
            if self._over:
                return False
            self._over = True
            members = failures.shortened(members)
            details = {key: value for key, value in members.items() if value is not None}
            if status == "SUCCEEDED":
                details["outputDetails"] = {"truncated": False}
            self._event(_ENDINGS[status], details)
            self.history.close()
            self.record.update({"stopDate": now_iso(), **members, "status": status})
            if status == "SUCCEEDED":
                self.record.pop("_entered", None)
        if status == "TIMED_OUT":
            self._env.set_timed_out()
        elif status != "SUCCEEDED":
            self._env.set_stop(stop_date=None, cause=None, error=None)
        return True

    def _event(self, kind: HistoryEventType, details: dict[str, Any]) -> None:
        name = kind.value
        self.history.add_event(
            context=self._env.event_history_context,
            event_type=kind,
            event_details=cast(EventDetails, {f"{name[0].lower()}{name[1:]}EventDetails": details}),
        )
