"""classify_image's ways through its states: results, refusals, failures, duplicates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflow.interpreter import ServiceError
from tests.workflow.world import ARN, BY_HAND, World, email, event


@pytest.mark.parametrize("execution_input", [BY_HAND, event()], ids=["by hand", "event"])
def test_a_picture_is_classified_recorded_and_told(execution_input: Any) -> None:
    world = World()
    ending = world.classify(execution_input)
    assert ending.status == "SUCCEEDED"
    assert ending.output["label"] == "7"
    assert ending.output["predictions"] == world.predictions
    assert ending.output["faceDetected"] is None
    (record,) = world.records()
    assert record["status"]["S"] == "CLASSIFIED"
    assert record["title"]["S"] == "7 - 97.0%"
    assert record["executionArn"]["S"] == ARN + "one"
    (message,) = world.messages
    assert message["Subject"] == "Loupe: seven.png shows 7 (97.0%)"
    assert "  1 - 2.0%" in email(message)
    assert "s3://uploads/uploads/seven.png" in email(message)


def test_a_single_prediction_is_a_list_everywhere() -> None:
    world = World(predictions=[{"label": "cat", "score": 1}])
    ending = world.classify(BY_HAND)
    assert ending.output["predictions"] == [{"label": "cat", "score": 1}]
    assert len(world.records()[0]["predictions"]["L"]) == 1


def test_a_refused_picture_is_recorded_with_its_predictions_and_told() -> None:
    world = World()
    ending = world.classify({**BY_HAND, "threshold": 0.99})
    assert (ending.status, ending.error) == ("FAILED", "ThresholdConfidenceNotMetError")
    assert ending.cause.startswith("THRESHOLD_CONFIDENCE_NOT_MET")
    (record,) = world.records()
    assert record["status"]["S"] == "REJECTED"
    assert record["predictions"]["L"][0]["M"]["label"]["S"] == "7"
    (message,) = world.messages
    assert "refused" in message["Subject"]
    assert "The five best:" in email(message)
    assert record["processedKey"]["S"] == "uploads/seven.png"
    assert "Annotated:     s3://ProcessedBucket/uploads/seven.png" in email(message)


def test_a_refused_picture_that_cannot_be_annotated_is_refused_all_the_same() -> None:
    world = World(faults={"Annotate Refused": ServiceError("Lambda.Unknown", "boom")})
    assert world.classify({**BY_HAND, "threshold": 0.99}).error == "ThresholdConfidenceNotMetError"
    (record,) = world.records()
    assert (record["status"]["S"], "processedKey" in record) == ("REJECTED", False)
    assert "Annotated" not in email(world.messages[0])


@pytest.mark.parametrize(
    "given", [{}, {"s3_bucket": 7, "s3_key": ["a"]}, "text", [1, 2], None, {"s3_bucket": "", "s3_key": "k"}]
)
def test_an_input_without_a_picture_is_recorded_and_told(given: Any) -> None:
    world = World()
    ending = world.classify(given)
    assert ending.error == "InvalidInputError"
    assert world.records()[0]["status"]["S"] == "FAILED"
    assert len(world.messages) == 1


def test_faces_are_counted_recorded_and_told() -> None:
    box = {"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.4}
    world = World(detect_faces="true", faces=[{"BoundingBox": box, "Confidence": 99.5}])
    ending = world.classify(BY_HAND)
    assert ending.output["faceDetected"] is True
    assert ending.output["faces"] == [
        {"confidence": 99.5, "boundingBox": {"left": 0.1, "top": 0.2, "width": 0.3, "height": 0.4}}
    ]
    assert world.records()[0]["faceDetected"] == {"BOOL": True}
    assert "Face detected in image seven.png" in email(world.messages[0])


def test_no_face_is_told_too() -> None:
    world = World(detect_faces="true")
    assert world.classify(BY_HAND).output["faceDetected"] is False
    assert "No face detected in image seven.png" in email(world.messages[0])


def test_a_failure_of_face_detection_does_not_lose_the_label() -> None:
    world = World(
        faults={"Detect Faces": ServiceError("Rekognition.AccessDeniedException", "not authorized")}
    )
    ending = world.classify({**BY_HAND, "detectFaces": True})
    assert ending.status == "SUCCEEDED"
    assert world.records()[0]["facesError"]["M"]["name"]["S"] == "Rekognition.AccessDeniedException"
    world.classify({**BY_HAND, "detectFaces": True, "threshold": 0.99}, "two")
    assert world.records()[0]["facesError"]["M"]["name"]["S"] == "Rekognition.AccessDeniedException"
    assert "Faces could not be looked for: Rekognition.AccessDeniedException" in email(world.messages[1])


def test_the_same_event_is_handled_once() -> None:
    world = World()
    world.classify(event())
    ending = world.classify(event(), "two")
    assert ending.output["status"] == "DUPLICATE"
    assert world.calls.count("Classify Image Data") == 1
    assert len(world.messages) == 1


def test_a_new_version_is_classified_anew_and_an_older_one_never_overwrites() -> None:
    world = World()
    world.classify(event(version="v1", sequencer="0A"))
    assert world.classify(event(version="v3", sequencer="0AF"), "three").status == "SUCCEEDED"
    late = world.classify(event(version="v2", sequencer="0AA1"), "two")
    assert late.output["status"] == "DUPLICATE"
    (record,) = world.records()
    assert record["versionId"]["S"] == "v3"
    assert len(world.messages) == 2


def test_the_event_of_a_version_classified_by_hand_is_a_duplicate() -> None:
    world = World()
    world.classify(BY_HAND)
    assert world.classify(event(version="v1"), "two").output["status"] == "DUPLICATE"
    assert world.classify(event(version="v2", sequencer="0B"), "three").output["status"] == "CLASSIFIED"


def test_by_hand_a_picture_can_be_classified_again() -> None:
    world = World()
    world.classify(event())
    assert world.classify({**BY_HAND, "threshold": 0.99}, "two").error == "ThresholdConfidenceNotMetError"
    assert world.records()[0]["status"]["S"] == "REJECTED"


def test_by_hand_ends_as_the_execution_that_has_the_picture_already() -> None:
    world = World()
    world.running.add(ARN + "one")

    def by_hand_meanwhile() -> None:
        world.before["Check Claimant"] = world.running.clear
        ending = world.classify(BY_HAND, "two")
        assert "Wait For Claimant" in ending.entered or "Claim Image" in ending.entered

    world.before["Serialize Image Data"] = by_hand_meanwhile
    world.classify(event())
    assert len(world.records()) == 1


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_claim_whose_execution_died_is_taken_up(by_hand: bool) -> None:
    world = World()
    world.faults["Serialize Image Data"] = ServiceError("killed", "")
    world.faults["Record Failure"] = ServiceError("killed", "")
    world.classify(event())
    world.endings.pop(ARN + "one")
    world.messages.clear()
    world.faults.clear()
    ending = world.classify(BY_HAND if by_hand else event(), "two")
    assert ending.output["status"] == "CLASSIFIED"
    assert world.records()[0]["executionArn"]["S"] == ARN + "two"


def test_a_record_that_waits_for_its_upload_keeps_its_title_and_group() -> None:
    world = World()
    world.classify(event())
    record = world.records()[0]
    world.remove_records()
    placeholder = {
        "imageId": record["imageId"],
        "status": {"S": "RECEIVED"},
        "title": {"S": "Rex"},
        "groupId": {"S": "g"},
    }
    world.put_record({**placeholder, "expiresAt": {"N": "1"}})
    assert world.classify(event(), "two").output["title"] == "Rex"
    (record,) = world.records()
    assert record["groupId"]["S"] == "g"
    assert "expiresAt" not in record


def test_the_title_follows_the_label_unless_it_was_given() -> None:
    world = World()
    world.classify(event())
    world.predictions = [{"label": "1", "score": 0.99}]
    assert world.classify(event(version="v2", sequencer="0B"), "two").output["title"] == "1 - 99.0%"
    assert world.classify({**BY_HAND, "title": "Mine"}, "three").output["title"] == "Mine"


@pytest.mark.parametrize(
    "name", ["wörter & more.png", "a" * 500 + ".png", "日本.png", "x\ty.png", "..", "\U0001f600.png"]
)
def test_a_subject_fits_what_sns_takes(name: str) -> None:
    world = World()
    world.classify({**BY_HAND, "s3_key": "uploads/" + name})
    world.classify({**BY_HAND, "s3_key": "uploads/" + name, "threshold": 0.99}, "two")
    assert len(world.messages) == 2
    for message in world.messages:
        assert 0 < len(message["Subject"]) < 100
        assert message["Subject"].isascii()
        assert message["Subject"].isprintable()


def test_a_timeout_without_a_cause_is_told_in_words() -> None:
    world = World(faults={"Classify Image Data": ServiceError("States.Timeout", "")})
    assert world.classify(event()).error == "States.Timeout"
    assert "AWS gave no cause for States.Timeout." in email(world.messages[0])
