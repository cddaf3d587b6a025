"""What becomes of a record that an execution left pending, and of an execution that left none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from moto import mock_aws

from loupe_core import finalizing
from loupe_core.claims import STANDARD_LEASE, Claimant, iso
from loupe_core.contract import ImageReference, place_digest
from loupe_core.errors import NotificationFailedError
from loupe_core.executions import LOST, RUNNING, SUCCEEDED, UNKNOWN, ExecutionState
from loupe_core.finalizing import FINALIZE_LEASE, Finalizer, SomePendingError, execution_of
from loupe_core.inference import Prediction
from loupe_core.outcomes import Failure, Findings, Outcome
from loupe_core.records import NOTIFY_LEASE
from loupe_core.requests import Request
from tests.unit.layers.images_table import IMAGE, NOW, Pictures, World

ARN = "arn:aws:states:us-east-1:111122223333:execution:classify:one"
CLAIMANT = Claimant(ARN, "2026-11-12T11:40:00.000Z")
CLAIMED_AT = NOW - STANDARD_LEASE - timedelta(minutes=1)
UPLOAD = Request("uploads", "cat.jpg", "v2", "2".ljust(64, "0"), manual=False)
CLASSIFIED = Outcome("CLASSIFIED", Findings("v2", (Prediction("cat", 0.96),)), 0.93)
TIMED_OUT = Failure("States.Timeout", "The execution took longer than its limit.")
INPUT = {
    "detail": {
        "bucket": {"name": "uploads"},
        "object": {"key": "cat.jpg", "version-id": "v2", "sequencer": "2", "size": 9},
    }
}
TRACE = {"imageId": IMAGE, "executionArn": ARN}


@dataclass
class Topic:
    """Takes messages, but for those that speak of what it refuses."""

    refused: str = "nothing"
    messages: list[dict[str, Any]] = field(default_factory=list)

    def publish(self, message: dict[str, Any]) -> None:
        if self.refused in message["Subject"]:
            raise NotificationFailedError("SNS is away.")
        self.messages.append(message)

    @property
    def subjects(self) -> list[str]:
        return [str(each["Subject"]) for each in self.messages]


@dataclass
class Executions:
    """All of one state."""

    now: ExecutionState
    ended: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, datetime, datetime]] = field(default_factory=list)

    def state(self, arn: str) -> ExecutionState:
        return self.now

    def is_over(self, arn: str) -> bool:
        return self.now.status not in (RUNNING, UNKNOWN)

    def stopped(self, machine_arn: str, since: datetime, until: datetime) -> list[dict[str, Any]]:
        self.asked.append((machine_arn, since, until))
        return self.ended


class Scene:
    """A finalizer in a world where the execution ended without a word."""

    def __init__(self) -> None:
        self.world, self.topic, self.pictures = World(), Topic(), Pictures()
        self.executions = Executions(ExecutionState("TIMED_OUT", TIMED_OUT))
        self.finalizer = Finalizer(
            self.world.table, self.pictures, self.topic, self.executions, "made", lambda: NOW, "the machine"
        )

    def claim(self) -> None:
        self.world.claim(UPLOAD, CLAIMANT, CLAIMED_AT)

    def classify(self, **more: object) -> None:
        self.world.table.record(
            self.world.claim(UPLOAD, CLAIMANT, CLAIMED_AT), CLASSIFIED, CLAIMED_AT, **more
        )

    def finish(self, **execution: object) -> None:
        given = {"executionArn": ARN, "startedAt": CLAIMANT.started_at, "input": INPUT, "status": "TIMED_OUT"}
        self.finalizer.finish_execution({**given, **execution})

    @property
    def record(self) -> dict[str, Any]:
        return self.world.record()


@pytest.fixture
def scene() -> Iterator[Scene]:
    with mock_aws():
        yield Scene()


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is put into every further line of the log."""
    found: list[object] = []
    monkeypatch.setattr(finalizing, "correlate", found.append)
    return found


class TestSchedule:
    @pytest.mark.parametrize(
        ("state", "failure"),
        [
            (ExecutionState("TIMED_OUT", TIMED_OUT), TIMED_OUT),
            (ExecutionState("FAILED", Failure("Boom", "It broke.")), Failure("Boom", "It broke.")),
            (ExecutionState(SUCCEEDED), LOST),
            (ExecutionState(UNKNOWN), LOST),
        ],
    )
    def test_a_claim_whose_execution_is_over_fails_for_its_reason(
        self, scene: Scene, state: ExecutionState, failure: Failure, traces: list[object]
    ) -> None:
        scene.claim()
        scene.executions.now = state

        assert scene.finalizer.finish_pending() == {"finished": 1}

        record = scene.record
        assert (record["status"], record["error"]) == ("FAILED", failure.as_json())
        assert record["claimId"] == f"{CLAIMANT.claim_id}#finalized"
        assert (record["notifiedAt"], "pending" in record) == (iso(NOW), False)
        assert scene.topic.subjects == [f"Loupe: cat.jpg failed, {failure.name}"]
        assert traces == [TRACE]

    def test_one_that_runs_has_more_time_and_is_not_counted(self, scene: Scene) -> None:
        scene.claim()
        scene.executions.now = ExecutionState(RUNNING)

        assert scene.finalizer.finish_pending() == {"finished": 0}

        assert (scene.record["status"], scene.record["leaseUntil"]) == ("RECEIVED", iso(NOW + FINALIZE_LEASE))
        assert scene.topic.subjects == []

    def test_of_one_that_succeeded_only_the_acknowledgement_was_lost(self, scene: Scene) -> None:
        scene.classify()
        scene.executions.now = ExecutionState(SUCCEEDED)

        assert scene.finalizer.finish_pending() == {"finished": 1}

        assert (scene.record["notifiedAt"], "pending" in scene.record) == (iso(NOW), False)
        assert scene.topic.subjects == []

    @pytest.mark.parametrize(
        ("state", "more"),
        [
            (ExecutionState("FAILED"), {}),
            (ExecutionState(UNKNOWN), {}),
            # What a review recorded later, its execution has not notified.
            (ExecutionState(SUCCEEDED), {"reviewId": "r"}),
        ],
    )
    def test_a_result_that_nobody_was_told_of_is_notified(
        self, scene: Scene, state: ExecutionState, more: dict[str, str]
    ) -> None:
        scene.classify(**more)
        scene.executions.now = state

        assert scene.finalizer.finish_pending() == {"finished": 1}

        assert scene.topic.subjects == ["Loupe: cat.jpg shows cat (96.0%)"]
        assert "pending" not in scene.record

    def test_what_has_no_outcome_yet_is_not_notified(self, scene: Scene) -> None:
        scene.classify()
        scene.world.put(**{**scene.record, "status": "IN_REVIEW"})
        scene.executions.now = ExecutionState("FAILED")

        assert scene.finalizer.finish_pending() == {"finished": 0}
        assert scene.topic.subjects == []

    def test_a_deleted_pictures_versions_go_with_what_was_made_of_them(self, scene: Scene) -> None:
        lease = iso(NOW - timedelta(seconds=1))
        scene.world.put(status="DELETED", bucket="uploads", key="cat.jpg", pending=IMAGE[0], leaseUntil=lease)
        for version in ("v1", None):
            scene.world.table.note_removal(
                ImageReference("uploads", "cat.jpg", version), NOW - FINALIZE_LEASE
            )

        assert scene.finalizer.finish_pending() == {"finished": 1}

        assert [each for each in scene.pictures.removed if each.bucket == "uploads"] == [
            ImageReference("uploads", "cat.jpg", "v1")
        ]
        assert {each.bucket for each in scene.pictures.removed} == {"uploads", "made"}
        assert not {"pending", "removals"} & scene.record.keys()

    def test_one_that_fails_is_logged_with_its_names_and_keeps_no_other(
        self, scene: Scene, traces: list[object], caplog: pytest.LogCaptureFixture
    ) -> None:
        scene.claim()
        other = scene.world.claim(
            replace(UPLOAD, key="dog.jpg"), Claimant(f"{ARN}-two", "then"), CLAIMED_AT
        ).image_id
        scene.topic.refused = "cat.jpg"

        with pytest.raises(SomePendingError, match=r"^1 pictures could not be finished; 1 were\.$"):
            scene.finalizer.finish_pending()

        (logged,) = caplog.records
        assert (logged.getMessage(), logged.__dict__["error"]) == ("SNS is away.", "NotificationFailedError")
        assert (scene.record["leaseUntil"], scene.record["finalizing"]) == (iso(NOW + FINALIZE_LEASE), True)
        assert scene.topic.subjects == ["Loupe: dog.jpg failed, States.Timeout"]
        assert all(trace in traces for trace in (TRACE, {"imageId": other, "executionArn": f"{ARN}-two"}))

    def test_all_that_were_finished_and_all_that_were_not_are_counted(self, scene: Scene) -> None:
        scene.topic.refused = "dog"
        for number, name in enumerate(("cat-1", "cat-2", "dog-1", "dog-2", "cat-3")):
            request = replace(UPLOAD, key=f"{name}.jpg")
            scene.world.claim(request, Claimant(f"{ARN}-{number}", "then"), CLAIMED_AT)

        with pytest.raises(SomePendingError, match=r"^2 pictures could not be finished; 3 were\.$"):
            scene.finalizer.finish_pending()

    def test_what_was_stopped_before_its_claim_is_met_where_the_machine_can_list(
        self, scene: Scene, traces: list[object]
    ) -> None:
        stopped = {"executionArn": ARN, "input": json.dumps(INPUT), "status": "ABORTED"}
        scene.executions.ended = [stopped]

        assert scene.finalizer.finish_pending() == {"finished": 0}

        assert scene.topic.subjects == ["Loupe: cat.jpg failed, ExecutionAborted"]
        assert traces[0] == {"executionArn": ARN}
        ((machine, since, until),) = scene.executions.asked
        assert machine == "the machine"
        assert NOW - since == finalizing.STOPPED_WITHIN
        assert NOW - until == finalizing.STOPPED_GRACE


class TestExecution:
    def test_its_claim_fails_as_it_did(self, scene: Scene, traces: list[object]) -> None:
        scene.claim()
        scene.finish()

        assert (scene.record["status"], scene.record["error"]) == ("FAILED", TIMED_OUT.as_json())
        assert scene.topic.subjects == ["Loupe: cat.jpg failed, States.Timeout"]
        assert traces == [TRACE]

    def test_a_claim_of_the_former_release_has_no_mark_and_fails_as_well(self, scene: Scene) -> None:
        scene.claim()
        scene.world.put(**{name: value for name, value in scene.record.items() if name != "pending"})
        scene.finish()

        assert scene.record["status"] == "FAILED"

    def test_its_result_is_left_to_the_schedule_for_a_while(self, scene: Scene) -> None:
        scene.classify()
        scene.finish()

        assert scene.record["leaseUntil"] == iso(NOW + FINALIZE_LEASE)
        assert scene.topic.subjects == []

    def test_what_was_notified_is_done(self, scene: Scene) -> None:
        scene.classify()
        scene.finalizer.acknowledge(IMAGE, CLAIMANT.claim_id, "CLASSIFIED")
        before = scene.record
        scene.finish()

        assert scene.record == before

    def test_who_comes_while_another_run_finishes_it_does_nothing(self, scene: Scene) -> None:
        scene.claim()
        until = iso(NOW + timedelta(seconds=1))
        scene.world.put(**{**scene.record, "finalizing": True, "leaseUntil": until})
        scene.finish()

        assert scene.record["status"] == "RECEIVED"

    def test_one_that_was_redriven_ends_once_more(self, scene: Scene) -> None:
        scene.claim()
        scene.executions.now = ExecutionState(RUNNING)
        scene.finish()

        assert scene.record["status"] == "RECEIVED"

    def test_without_a_claim_there_is_a_record_all_the_same(self, scene: Scene) -> None:
        scene.finish(status="", error="Boom", cause="It broke.")

        record = scene.record
        assert (record["status"], record["error"]) == ("FAILED", {"name": "Boom", "cause": "It broke."})
        assert (record["reclaimable"], record["claimId"]) == (True, CLAIMANT.claim_id)
        assert "pending" not in record
        assert scene.topic.subjects == ["Loupe: cat.jpg failed, Boom"]

    def test_a_record_that_nobody_was_told_of_is_left_to_the_schedule(self, scene: Scene) -> None:
        scene.topic.refused = "cat.jpg"
        with pytest.raises(NotificationFailedError):
            scene.finish()

        assert (scene.record["leaseUntil"], scene.record["finalizing"]) == (iso(NOW + NOTIFY_LEASE), True)

    def test_one_that_gives_no_reason_was_lost(self, scene: Scene) -> None:
        scene.finish(status="", startedAt="")

        assert (scene.record["error"], scene.record["claimId"]) == (LOST.as_json(), f"{ARN}#")

    def test_an_input_that_names_no_picture_has_the_executions_id(self, scene: Scene) -> None:
        scene.finish(input=None)

        assert scene.topic.messages[0]["MessageAttributes"]["imageId"]["StringValue"] == place_digest(
            ImageReference("", ARN)
        )

    @pytest.mark.parametrize(
        "record",
        [
            {"status": "DELETED"},
            # Another execution has it, and gives it its outcome.
            {"status": "RECEIVED", "claimedAt": iso(NOW), "executionArn": "two", "sequencer": "9"},
            {
                "status": "RECEIVED",
                "claimedAt": iso(NOW),
                "executionArn": "two",
                "sequencer": UPLOAD.sequencer,
            },
            # It has failed, and may be had again: by S3's event, and not by one that is over.
            {"status": "FAILED", "executionArn": "two", "reclaimable": True, "sequencer": UPLOAD.sequencer},
        ],
    )
    def test_what_another_knows_better_stays(self, scene: Scene, record: dict[str, Any]) -> None:
        scene.world.put(**record)
        scene.finish()

        assert scene.record == {"imageId": IMAGE, **record}
        assert scene.topic.subjects == []

    def test_a_persons_wish_changes_nothing_of_a_known_picture(self, scene: Scene) -> None:
        scene.world.put(status="CLASSIFIED", executionArn="two")
        scene.finish(input={"s3_bucket": "uploads", "s3_key": "cat.jpg"})

        assert scene.record["status"] == "CLASSIFIED"
        assert scene.topic.subjects == []

    def test_a_folders_marker_is_no_picture(self, scene: Scene) -> None:
        marker = {**INPUT["detail"], "object": {"key": "cats/", "size": 0}}
        scene.finish(input={"detail": marker})

        assert scene.topic.subjects == []

    def test_an_acknowledgement_is_logged_with_its_names(self, scene: Scene, traces: list[object]) -> None:
        scene.finalizer.acknowledge(IMAGE, CLAIMANT.claim_id, "CLASSIFIED")

        assert traces == [TRACE]


@pytest.mark.parametrize(
    ("message", "given"),
    [
        ({"detail": {"executionArn": "a", "input": '{"s3_key": "k"}'}}, {"s3_key": "k"}),
        ({"executionArn": "a", "input": {"s3_key": "k"}}, {"s3_key": "k"}),
        ({"executionArn": "a", "input": "{cut"}, None),
        ({"executionArn": "a"}, None),
    ],
)
def test_a_queued_message_is_a_status_event_or_the_executions_own_words(
    message: dict[str, Any], given: object
) -> None:
    assert execution_of(json.dumps(message)) == {"executionArn": "a", "input": given}
