"""Starting, following and telling executions, on a cloud in memory."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from loupe.classify import ClassifyOptions, build_payload, classify_all
from loupe.errors import CredentialsError
from loupe.pictures import Picture, S3Location
from loupe.results import Result
from tests.unit.command.fakes import FakeWorkflow

QUICK = ClassifyOptions(first_poll=0.001, last_poll=0.002)


def in_s3(*names: str) -> list[Picture]:
    return [Picture(name, S3Location("pictures", name)) for name in names]


def run(
    pictures: Sequence[Picture], workflow: FakeWorkflow, options: ClassifyOptions = QUICK
) -> list[Result]:
    return list(classify_all(pictures, workflow, options))


def test_a_classified_picture_tells_its_label_and_duration() -> None:
    [result] = run(in_s3("seven.png"), FakeWorkflow())

    assert (result.image, result.status, result.label, result.confidence) == (
        "seven.png",
        "SUCCEEDED",
        "7",
        0.98,
    )
    assert [each["label"] for each in result.predictions] == ["7", "1"]
    assert result.faceDetected is False
    assert result.executionArn == "arn:execution:1:seven.png"
    assert result.durationMs == 420
    assert (result.error, result.cause) == (None, None)


def test_results_come_in_the_order_given_whatever_ends_first() -> None:
    names = [f"{i}.png" for i in range(30)]

    results = run(in_s3(*names), FakeWorkflow())

    assert [result.image for result in results] == names


def test_no_more_pictures_are_under_way_than_asked_for() -> None:
    workflow = FakeWorkflow(describes_until_end=5)

    run(
        in_s3(*(f"{i}.png" for i in range(40))),
        workflow,
        ClassifyOptions(parallel=4, first_poll=0.001, last_poll=0.002),
    )

    assert len(workflow.payloads) == 40
    assert 2 <= workflow.most_at_once <= 4


def test_a_failure_tells_the_error_and_the_message_of_its_cause() -> None:
    [result] = run(in_s3("broken.png"), FakeWorkflow())

    assert (result.status, result.error, result.cause) == (
        "FAILED",
        "CorruptImageError",
        "broken.png ends too soon.",
    )


def test_a_refusal_is_filled_in_from_the_record_of_the_same_execution() -> None:
    workflow = FakeWorkflow()
    workflow.records["pictures/blurred.png"] = {
        "executionArn": "arn:execution:1:blurred.png",
        "status": "REJECTED",
        "label": "3",
        "confidence": 0.61,
    }

    [result] = run(in_s3("blurred.png"), workflow)

    assert result.refused
    assert (result.label, result.confidence) == ("3", 0.61)


def test_the_record_of_another_execution_is_not_taken_for_this_one() -> None:
    workflow = FakeWorkflow()
    record = {"executionArn": "arn:execution:other", "status": "CLASSIFIED", "label": "9", "confidence": 0.99}
    workflow.records["pictures/broken.png"] = record

    [result] = run(in_s3("broken.png"), workflow)

    assert result.label is None


def test_a_duplicate_ends_as_the_execution_that_has_the_picture() -> None:
    workflow = FakeWorkflow()
    workflow.records["pictures/twin.png"] = {
        "executionArn": "arn:execution:other",
        "status": "CLASSIFIED",
        "label": "4",
        "confidence": 0.97,
    }

    [result] = run(in_s3("twin.png"), workflow)

    assert (result.status, result.label, result.executionArn) == ("SUCCEEDED", "4", "arn:execution:other")


def test_a_duplicate_of_a_picture_that_has_not_ended_says_so() -> None:
    [result] = run(in_s3("twin.png"), FakeWorkflow())

    assert (result.status, result.error) == ("FAILED", "DuplicateError")


def test_following_ends_at_its_deadline() -> None:
    [result] = run(
        in_s3("stuck.png"), FakeWorkflow(), ClassifyOptions(timeout=0.01, first_poll=0.001, last_poll=0.002)
    )

    assert (result.status, result.error) == ("FAILED", "FollowTimeoutError")
    assert result.executionArn == "arn:execution:1:stuck.png"


def test_a_picture_that_cannot_be_started_fails_alone() -> None:
    results = run(in_s3("seven.png", "locked.png", "eight.png"), FakeWorkflow())

    assert [result.status for result in results] == ["SUCCEEDED", "FAILED", "SUCCEEDED"]
    assert results[1].error == "ServiceError"
    assert results[1].executionArn is None


def test_lost_credentials_end_the_whole_call() -> None:
    class Expired(FakeWorkflow):
        def start(self, payload: dict[str, object]) -> str:
            raise CredentialsError("Your AWS credentials have expired.")

    with pytest.raises(CredentialsError):
        run(in_s3("seven.png"), Expired())


def test_a_local_file_is_uploaded_outside_of_the_prefix_that_starts_the_workflow(tmp_path: Path) -> None:
    path = tmp_path / "seven.png"
    path.write_bytes(b"picture")
    workflow = FakeWorkflow()

    run([Picture("seven.png", path)], workflow)

    [location] = workflow.uploads
    assert location.key.startswith("console/")
    assert workflow.payloads[0]["s3_key"] == location.key


def test_a_file_that_vanishes_before_its_turn_fails_alone(tmp_path: Path) -> None:
    gone = Picture("gone.png", tmp_path / "gone.png")

    results = run([gone, *in_s3("seven.png")], FakeWorkflow())

    assert [result.error for result in results] == ["FileNotFoundError", None]


def test_leaving_early_stops_the_following() -> None:
    workflow = FakeWorkflow()
    results = classify_all(in_s3("seven.png", *["stuck.png"] * 5), workflow, QUICK)

    first = next(results)
    results.close()  # type: ignore[attr-defined]  # a generator has it

    assert first.label == "7"
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("classify")]


@pytest.mark.parametrize(
    ("options", "more"),
    [
        (ClassifyOptions(), {}),
        (ClassifyOptions(threshold=0.8), {"threshold": 0.8}),
        (ClassifyOptions(threshold=0.0, faces=False), {"threshold": 0.0, "detectFaces": False}),
    ],
)
def test_only_what_was_wished_for_is_in_the_input(options: ClassifyOptions, more: dict[str, object]) -> None:
    payload = build_payload(S3Location("b", "k"), options)

    assert payload == {"image_data": "", "s3_bucket": "b", "s3_key": "k"} | more
