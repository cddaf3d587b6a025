"""Executions that ended are finalized once: what a call keeps for itself, and what a schedule looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from loupe_core.runs import (
    ENDED_WITHIN_SECONDS,
    CleanupPendingError,
    ConflictError,
    RunFinalizer,
    RunRecord,
    RunRecords,
    described_end,
    sweep,
)

NOW = 1_800_000_000.0
LEASE = 60.0
MACHINE = "arn:aws:states:us-east-1:1:stateMachine:batch"


@dataclass(frozen=True)
class Run:
    name: str = "one"

    @property
    def record_key(self) -> str:
        return f"runs/{self.name}.json"


@dataclass(frozen=True)
class Ended:
    run: Run = field(default_factory=Run)
    execution_arn: str = "arn:one"
    redrive_count: int = 0
    overdue: bool = False


@dataclass
class Store:
    """A bucket of JSON objects, whose writes may be conditional."""

    held: dict[str, tuple[Any, str]] = field(default_factory=dict)

    def read_with_etag(self, key: str) -> tuple[Any, str] | None:
        return self.held.get(key)

    def write(self, key: str, value: Any, **condition: str) -> str:
        there = self.held.get(key)
        expected = {"IfMatch": there[1]} if there else {"IfNoneMatch": "*"}
        if condition != expected:
            raise ConflictError
        self.held[key] = (value, f"e{len(self.held) + int((there or (0, 'e0'))[1][1:])}")
        return self.held[key][1]


class Finalizer(RunFinalizer[Ended]):
    """Finishes a run, leaves something over, or fails."""

    def __init__(self, store: Store) -> None:
        super().__init__(RunRecords(store), lambda: NOW, LEASE)
        self.finished: list[str] = []
        self.failure: Exception | None = None
        self.left_over: tuple[str, ...] = ()

    def explained(self, ended: Ended) -> Mapping[str, Any]:
        return {"error": "Boom", "cause": f"{ended.execution_arn} broke."}

    def finish(self, ended: Ended, record: RunRecord) -> RunRecord:
        if self.failure:
            raise self.failure
        self.finished.append(ended.run.name)
        done = replace(record, finalized=True, notified=True, left_over=self.left_over, claimed_until=0.0)
        return self._records.write(ended.run, done)

    def ended(self, described: Mapping[str, Any], now: float) -> Ended:
        return Ended(
            Run(described["name"]), described["executionArn"], overdue=described.get("overdue", False)
        )


@pytest.fixture
def store() -> Store:
    return Store()


class TestFinalize:
    def test_it_is_recorded_in_words_and_finalized_once(self, store: Store) -> None:
        finalizer = Finalizer(store)
        record = finalizer.finalize(Ended())

        assert finalizer.finalize(Ended()) == record
        assert finalizer.finished == ["one"]
        assert record.outcome == {"error": "Boom", "cause": "arn:one broke."}
        assert (record.execution_arn, record.finalized) == ("arn:one", True)

    @pytest.mark.parametrize(("redriven", "known", "is_done"), [(0, 0, True), (1, 0, False), (0, 1, True)])
    def test_one_that_was_redriven_ends_once_more(
        self, store: Store, redriven: int, known: int, is_done: bool
    ) -> None:
        finalizer = Finalizer(store)
        finalizer.finalize(Ended(redrive_count=known))

        assert finalizer.is_finalized(Run(), redriven) is is_done
        assert finalizer.finalize(Ended(redrive_count=redriven)).redrive_count == max(redriven, known)
        assert len(finalizer.finished) == (1 if is_done else 2)

    def test_what_was_never_seen_is_not_finalized(self, store: Store) -> None:
        assert not Finalizer(store).is_finalized(Run(), 0)

    @pytest.mark.parametrize(("until", "free"), [(NOW + 1, False), (NOW, True), (NOW - 1, True)])
    def test_another_call_has_it_for_a_while(self, store: Store, until: float, free: bool) -> None:
        finalizer = Finalizer(store)
        RunRecords(store).write(Run(), RunRecord("arn:one", 0, claimed_until=until))
        if free:
            finalizer.finalize(Ended())
        else:
            with pytest.raises(CleanupPendingError, match="Another call is finalizing one"):
                finalizer.finalize(Ended())

        assert finalizer.finished == (["one"] if free else [])

    def test_a_call_that_fails_gives_it_back(self, store: Store) -> None:
        finalizer = Finalizer(store)
        finalizer.failure = ValueError("It broke.")
        with pytest.raises(ValueError, match="It broke"):
            finalizer.finalize(Ended())

        record = RunRecords(store).read(Run())
        assert record is not None
        assert (record.claimed_until, record.finalized) == (0.0, False)

    def test_while_it_is_at_work_it_is_its_own(self, store: Store) -> None:
        class Looking(Finalizer):
            def finish(self, ended: Ended, record: RunRecord) -> RunRecord:
                assert record.claimed_until == NOW + LEASE
                assert self._records.read(ended.run) == record
                return super().finish(ended, record)

        assert Looking(store).finalize(Ended()).finalized

    def test_who_writes_second_is_told(self, store: Store) -> None:
        records = RunRecords(store)
        first = records.write(Run(), RunRecord("arn:one", 0))
        records.write(Run(), first)

        for late in (first, RunRecord("arn:one", 0)):
            with pytest.raises(CleanupPendingError, match="Another call is finalizing one"):
                records.write(Run(), late)


class States:
    """Step Functions with a list of executions, the newest first."""

    def __init__(self, *executions: dict[str, Any]) -> None:
        self.executions, self.listed, self.described = executions, list[Any](), list[str]()

    def get_paginator(self, operation: str) -> States:
        assert operation == "list_executions"
        return self

    def paginate(self, **request: Any) -> list[dict[str, Any]]:
        self.listed.append(request)
        return [{"executions": [each]} for each in self.executions]

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        self.described.append(executionArn)
        return next(each for each in self.executions if each["executionArn"] == executionArn)


def execution(
    name: str, status: str = "FAILED", began: float = 10, ended: float | None = 5
) -> dict[str, Any]:
    """One that began and ended so many seconds ago."""
    stopped = {} if ended is None else {"stopDate": datetime.fromtimestamp(NOW - ended, UTC)}
    began_at = datetime.fromtimestamp(NOW - began, UTC)
    return {"name": name, "executionArn": f"arn:{name}", "status": status, "startDate": began_at, **stopped}


class TestSweep:
    def sweep(self, finalizer: Finalizer, states: States, within: float = 1000.0) -> dict[str, Any]:
        def run_of(arn: str) -> Run:
            return Run(arn.removeprefix("arn:"))

        return sweep(finalizer, states, MACHINE, lambda: NOW, run_of=run_of, started_within=within)

    def test_what_ended_badly_is_finalized_once(self, store: Store) -> None:
        finalizer = Finalizer(store)
        quiet = [execution(status, status) for status in ("SUCCEEDED", "RUNNING", "PENDING_REDRIVE")]
        states = States(execution("a"), *quiet, execution("b", "ABORTED"), execution("c", ended=None))

        assert self.sweep(finalizer, states) == {"finalized": ["a", "b"], "pending": []}
        assert self.sweep(finalizer, states) == {"finalized": [], "pending": []}
        assert states.listed == [{"stateMachineArn": MACHINE}] * 2
        assert states.described == ["arn:a", "arn:b"]

    def test_one_that_was_redriven_meanwhile_is_left_alone(self, store: Store) -> None:
        states = States(execution("a", "RUNNING"))

        assert described_end(Finalizer(store), states, "arn:a", NOW) is None

    def test_one_that_is_redriven_while_the_list_is_read_keeps_no_other(self, store: Store) -> None:
        class Redriving(States):
            def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
                described = super().describe_execution(executionArn=executionArn)
                return {**described, "status": "RUNNING"} if executionArn == "arn:a" else described

        states = Redriving(execution("a"), execution("b"))

        assert self.sweep(Finalizer(store), states) == {"finalized": ["b"], "pending": []}

    @pytest.mark.parametrize(
        ("began", "ended", "looked_at"),
        [
            (1000, 5, True),
            (1001, 5, False),
            (10, ENDED_WITHIN_SECONDS - 1, True),
            (10, ENDED_WITHIN_SECONDS, False),
        ],
    )
    def test_nobody_looks_further_back_than_needed(
        self, store: Store, began: float, ended: float, looked_at: bool
    ) -> None:
        states = States(execution("a", began=began, ended=ended))

        assert self.sweep(Finalizer(store), states)["finalized"] == (["a"] if looked_at else [])

    def test_a_redriven_one_is_finalized_anew(self, store: Store) -> None:
        finalizer = Finalizer(store)
        finalizer.finalize(Ended(Run("a"), "arn:a"))

        redriven = States({**execution("a"), "redriveCount": 1})
        assert not finalizer.is_finalized(Run("a"), 1)
        assert self.sweep(finalizer, redriven)["finalized"] == ["a"]

    def test_what_is_left_over_is_pending_and_named_in_the_log(
        self, store: Store, caplog: pytest.LogCaptureFixture
    ) -> None:
        finalizer = Finalizer(store)
        finalizer.left_over = ("an endpoint", "a model")

        assert self.sweep(finalizer, States(execution("a"))) == {"finalized": [], "pending": ["a"]}
        (logged,) = caplog.records
        assert logged.getMessage() == "not finalized"
        assert logged.__dict__["run"] == "a"
        assert logged.__dict__["reason"] == "Left over of a: an endpoint, a model."

    def test_what_is_overdue_fails_the_call_after_all_others_were_finalized(self, store: Store) -> None:
        class Failing(Finalizer):
            def finish(self, ended: Ended, record: RunRecord) -> RunRecord:
                if ended.overdue:
                    raise CleanupPendingError("It is still there.")
                return super().finish(ended, record)

        finalizer = Failing(store)
        states = States({**execution("a"), "overdue": True}, execution("b"))

        with pytest.raises(CleanupPendingError, match="It is still there"):
            self.sweep(finalizer, states)
        assert finalizer.finished == ["b"]
