"""A run that ended is finalized once, whatever event was lost and whatever is denied meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loupe_batch.finalize import Finalizer, sweep
from loupe_batch.names import Run
from loupe_batch.storage import Storage
from loupe_core.errors import AccessDeniedError, NotificationFailedError
from loupe_core.runs import CleanupPendingError
from tests.workflow.batch_world import ARN, FakeHosting, FakeTopic

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
MACHINE = "arn:aws:states:us-east-1:111122223333:stateMachine:loupe-batch-classify-batch"


class FakeStates:
    """Step Functions: one execution that was stopped some minutes ago."""

    def __init__(self, status: str = "ABORTED", ended: timedelta = timedelta(minutes=6)) -> None:
        self.execution = {
            "executionArn": ARN + "zoo-1",
            "status": status,
            "startDate": NOW - ended - timedelta(minutes=9),
            "stopDate": NOW - ended,
        }

    def get_paginator(self, name: str) -> Any:
        return self

    def paginate(self, **asked: Any) -> Any:
        return [{"executions": [self.execution]}]

    def describe_execution(self, **asked: Any) -> Any:
        return self.execution


class World:
    def __init__(self, storage: Storage) -> None:
        self.hosting, self.topic = FakeHosting(), FakeTopic()
        self.hosting.statuses["zoo-1-batch"] = "InService"
        hosting: Any = self.hosting
        topic: Any = self.topic
        self.storage = storage
        self.finalizer = Finalizer(storage, hosting, topic, lambda: NOW.timestamp())

    def sweep(self, states: Any = None) -> dict[str, Any]:
        return sweep(self.finalizer, states or FakeStates(), MACHINE, lambda: NOW.timestamp())

    @property
    def record(self) -> Any:
        return self.storage.read(Run("zoo-1").record_key)


@pytest.fixture
def world(storage: Storage) -> World:
    return World(storage)


def test_a_stopped_run_whose_event_was_lost_is_finalized_by_the_schedule_once(world: World) -> None:
    assert world.sweep() == {"finalized": ["zoo-1"], "pending": []}
    assert world.sweep() == {"finalized": [], "pending": []}

    assert "zoo-1-batch" not in world.hosting.statuses
    assert [message["Subject"] for message in world.topic.messages] == ["Loupe: the batch zoo-1 was stopped"]
    assert "loupe batch --resume zoo-1" in world.topic.messages[0]["Message"]


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "PENDING_REDRIVE"])
def test_a_run_that_goes_on_or_finalized_itself_is_left_alone(world: World, status: str) -> None:
    assert world.sweep(FakeStates(status)) == {"finalized": [], "pending": []}
    assert world.topic.messages == []


def test_an_endpoint_that_is_being_made_is_waited_for_and_then_named(world: World) -> None:
    world.hosting.statuses["zoo-1-batch"] = "Creating"

    assert world.sweep() == {"finalized": [], "pending": ["zoo-1"]}
    assert world.topic.messages == []

    with pytest.raises(CleanupPendingError, match="the endpoint zoo-1-batch"):
        world.sweep(FakeStates(ended=timedelta(hours=2)))
    assert len(world.topic.messages) == 1
    assert "remove manually" in world.topic.messages[0]["Message"]

    world.hosting.statuses["zoo-1-batch"] = "InService"
    assert world.sweep(FakeStates(ended=timedelta(hours=3)))["finalized"] == ["zoo-1"]
    assert "zoo-1-batch" not in world.hosting.statuses
    assert len(world.topic.messages) == 1


def test_what_may_not_be_removed_is_named_once_and_removed_when_it_may_be(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str) -> None:
        raise AccessDeniedError("sagemaker:DeleteEndpoint was refused")

    with monkeypatch.context() as denied:
        denied.setattr(world.hosting, "delete_endpoint", refuse)
        assert world.sweep()["pending"] == ["zoo-1"]
        assert world.sweep()["pending"] == ["zoo-1"]
    assert len(world.topic.messages) == 1
    assert not world.record["finalized"]

    assert world.sweep()["finalized"] == ["zoo-1"]
    assert "zoo-1-batch" not in world.hosting.statuses
    assert len(world.topic.messages) == 1


def test_a_message_that_could_not_be_sent_is_sent_by_the_next_call(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(message: Any) -> None:
        raise NotificationFailedError("SNS answered InternalError.")

    with monkeypatch.context() as broken:
        broken.setattr(world.topic, "publish", fail)
        with pytest.raises(NotificationFailedError):
            world.sweep()
    assert world.sweep()["finalized"] == ["zoo-1"]
    assert len(world.topic.messages) == 1


def test_two_calls_at_once_do_not_both_finalize(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    inner: list[dict[str, Any]] = []
    publish = world.topic.publish

    def while_another_comes(message: Any) -> None:
        inner.append(world.sweep())
        publish(message)

    monkeypatch.setattr(world.topic, "publish", while_another_comes)
    world.sweep()

    assert inner == [{"finalized": [], "pending": ["zoo-1"]}]
    assert len(world.topic.messages) == 1
