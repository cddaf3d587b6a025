"""Finalizing an execution of train_model: clean up, notify, and record both (loupe_core.runs: once)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from loupe_core import runs
from loupe_core.errors import LoupeError
from loupe_core.runs import (
    ENDED_WITHIN_SECONDS,
    PATIENCE_SECONDS,
    CleanupPendingError,
    RunFinalizer,
    RunRecord,
    RunRecords,
)
from loupe_training import messages
from loupe_training.advice import advice
from loupe_training.aws_errors import code_of, message_of, translated
from loupe_training.cleanup import Cleanup, Remains
from loupe_training.errors import NotificationError
from loupe_training.names import Run
from loupe_training.objects import Objects
from loupe_training.outcome import Failure, explain, of_status
from loupe_training.request import DEFAULT_NAME
from loupe_training.settings import FinalizeSettings

# A call that died gives way after this; the function may take five minutes.
LEASE_SECONDS = 360.0
# An execution may take a week.
MAX_RUN_SECONDS = 7 * 86_400.0


@dataclass(frozen=True)
class Ended:
    """An execution that has ended or is about to: what it was given, and what became of it.

    `outcome` is its output, or {"error", "cause"}. `overdue`: it ended longer ago than PATIENCE_SECONDS.
    """

    run: Run
    given: Any
    outcome: Mapping[str, Any]
    overdue: bool = False

    @property
    def execution_arn(self) -> str:
        return self.run.execution_arn

    @property
    def redrive_count(self) -> int:
        return self.run.redrive_count


class Finalizer(RunFinalizer[Ended]):
    """The services around an execution's end."""

    def __init__(
        self,
        settings: FinalizeSettings,
        clients: Callable[[str], Any],
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._s3, self._sns = clients("s3"), clients("sns")
        super().__init__(RunRecords(Objects(self._s3, settings.training_bucket)), clock, LEASE_SECONDS)
        self._cleanup = Cleanup(clients("sagemaker"), clients("stepfunctions"), settings.nested_machines)

    def explained(self, ended: Ended) -> Mapping[str, Any]:
        """The outcome in words that people understand."""
        outcome = ended.outcome
        if "error" not in outcome:
            return outcome
        failure = Failure(outcome["error"], outcome.get("cause") or "")
        found = explain(failure, self._settings.maximum_training_seconds)
        return {"error": found.error, "cause": found.cause}

    def ended(self, described: Mapping[str, Any], now: float) -> Ended:
        """Of DescribeExecution's answer about an execution that did not succeed."""
        run = Run(described["executionArn"], described.get("redriveCount", 0))
        given = json.loads(described.get("input") or "{}")
        overdue = described["stopDate"].timestamp() < now - PATIENCE_SECONDS
        failure = of_status(described["status"], described.get("error"), described.get("cause"))
        return Ended(run, given, {"error": failure.error, "cause": failure.cause}, overdue)

    def finish(self, ended: Ended, record: RunRecord) -> RunRecord:
        remains = self._clean_up(ended, record)
        if not record.notified:
            self._publish(self._message(ended, record, remains))
            record = self._records.write(ended.run, replace(record, notified=True))
        # What may not be removed is tried again by the schedule, until somebody allows it.
        left_over = tuple(remains.left_over)
        done = replace(record, finalized=not left_over, left_over=left_over, claimed_until=0.0)
        return self._records.write(ended.run, done)

    def _clean_up(self, ended: Ended, record: RunRecord) -> Remains:
        if "error" not in record.outcome:
            return Remains()
        superseded = record.outcome["error"] == "SupersededError"
        remains = self._cleanup.clean_up(ended.run, endpoint_of(ended.given, self._settings), superseded)
        if remains.busy:
            if not ended.overdue:
                raise CleanupPendingError(f"Not removed yet: {', '.join(remains.busy)}.")
            remains.left_over += remains.busy
        return remains

    def _message(self, ended: Ended, record: RunRecord, remains: Remains) -> messages.Message:
        given, settings = ended.given, self._settings
        endpoint = endpoint_of(given, settings)
        about = messages.About(
            name=_text(given, "name", DEFAULT_NAME),
            source=_text(given, "source", "(none)"),
            endpoint=endpoint,
            execution_arn=ended.run.execution_arn,
            reviewed=_text(given, "reviewed", ""),
            after_answers=_count(given, "afterAnswers"),
        )
        summary = self._summary(ended.run)
        if "error" not in record.outcome:
            before = summary.get("championAccuracy")
            return messages.success(about, record.outcome, int(summary.get("count", 0)), before)
        failure = Failure(record.outcome["error"], record.outcome["cause"])
        report = f"s3://{settings.training_bucket}/runs/{ended.run.name}/evaluation/" if summary else None
        todo = advice(failure, ended.run.name, endpoint)
        return messages.failure(about, failure, todo, report, remains.left_over, remains.live)

    def _summary(self, run: Run) -> Mapping[str, Any]:
        """The evaluation's figures; empty where there is none."""
        key = f"runs/{run.name}/evaluation/summary.json"
        try:
            body = self._s3.get_object(Bucket=self._settings.training_bucket, Key=key)["Body"].read()
            found: Mapping[str, Any] = json.loads(body)
        except (ClientError, ValueError):
            return {}
        return found

    def _publish(self, message: messages.Message) -> None:
        try:
            with translated("sns:Publish"):
                self._sns.publish(**message.to_sns(self._settings.topic_arn))
        except (LoupeError, ClientError) as error:
            said = f"{code_of(error)}: {message_of(error)}" if isinstance(error, ClientError) else str(error)
            state = {"DEPLOYED": "live", "TRAINED": "trained"}.get(message.status)
            what = f"The model is {state}" if state else "The training has failed"
            raise NotificationError(f"{what}, but nobody could be notified: {said}") from error


def sweep(
    finalizer: Finalizer, states: Any, state_machine_arn: str, clock: Callable[[], float]
) -> dict[str, Any]:
    """Finalize what ended lately and was not (loupe_core.runs)."""
    started_within = MAX_RUN_SECONDS + ENDED_WITHIN_SECONDS
    return runs.sweep(finalizer, states, state_machine_arn, clock, run_of=Run, started_within=started_within)


def endpoint_of(given: Any, settings: FinalizeSettings) -> str:
    return _text(given, "endpointName", settings.endpoint_name)


def _count(given: Any, key: str) -> int:
    value = given.get(key) if isinstance(given, Mapping) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _text(given: Any, key: str, default: str) -> str:
    """A text of an input that may be wrong in any way."""
    value = given.get(key) if isinstance(given, Mapping) else None
    return value if isinstance(value, str) and value else default
