"""classify_image's ways through its states: results, refusals, failures, duplicates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflow.interpreter import ServiceError
from tests.workflow.world import ARN, MANUAL, World, email, event, raised


@pytest.mark.parametrize("execution_input", [MANUAL, event()], ids=["manual", "event"])
def test_a_picture_is_classified_recorded_and_notified(execution_input: Any) -> None:
    world = World()
    ending = world.classify(execution_input)
    assert ending.status == "SUCCEEDED"
    assert ending.output["label"] == "7"
    assert ending.output["predictions"] == world.predictions
    assert ending.output["faceDetected"] is None
    (record,) = world.records()
    assert record["status"] == "CLASSIFIED"
    assert record["title"] == "7 - 97.0%"
    assert record["executionArn"] == ARN + "one"
    (message,) = world.messages
    assert message["Subject"] == "Loupe: seven.png shows 7 (97.0%)"
    assert "  1 - 2.0%" in email(message)
    assert "s3://uploads/uploads/seven.png" in email(message)


def test_a_single_prediction_is_a_list_everywhere() -> None:
    world = World(predictions=[{"label": "cat", "score": 1}])
    ending = world.classify(MANUAL)
    assert ending.output["predictions"] == [{"label": "cat", "score": 1}]
    assert len(world.records()[0]["predictions"]) == 1


def test_a_refused_picture_is_recorded_with_its_predictions_and_notified() -> None:
    world = World()
    ending = world.classify({**MANUAL, "threshold": 0.99})
    assert (ending.status, ending.error) == ("FAILED", "ThresholdConfidenceNotMetError")
    assert ending.cause.startswith("THRESHOLD_CONFIDENCE_NOT_MET")
    (record,) = world.records()
    assert record["status"] == "REJECTED"
    assert record["predictions"][0]["label"] == "7"
    (message,) = world.messages
    assert "refused" in message["Subject"]
    assert "The five best:" in email(message)
    assert record["processedKey"] == "uploads/seven.png"
    assert {record[f"{copy}Key"] for copy in ("display", "preview", "thumbnail")} == {
        "copies/2048.jpg",
        "copies/640.webp",
        "copies/320.webp",
    }
    assert "Annotated:     s3://ProcessedBucket/uploads/seven.png" in email(message)


def test_a_picture_that_the_model_fails_on_has_thumbnails_until_a_newer_version_cannot_be_read() -> None:
    world = World(faults={"Classify Image Data": ServiceError("EndpointRejectedError", "boom")})
    world.classify(event())
    assert world.record()["status"] == "FAILED"
    assert world.record()["thumbnailKey"] == "copies/320.webp"
    assert "displayKey" not in world.record()

    world.faults["Serialize Image Data"] = raised("CorruptImageError", "The JPEG is truncated.")
    world.classify(event(version="v2", sequencer="0B"), "two")
    assert "thumbnailKey" not in world.record()
    assert "previewKey" not in world.record()


def test_a_refused_picture_that_cannot_be_annotated_is_refused_all_the_same() -> None:
    world = World(faults={"Annotate Image": ServiceError("Lambda.Unknown", "boom")})
    assert world.classify({**MANUAL, "threshold": 0.99}).error == "ThresholdConfidenceNotMetError"
    (record,) = world.records()
    assert (record["status"], "processedKey" in record) == ("REJECTED", False)
    assert "Annotated" not in email(world.messages[0])


@pytest.mark.parametrize(
    "given", [{}, {"s3_bucket": 7, "s3_key": ["a"]}, "text", [1, 2], None, {"s3_bucket": "", "s3_key": "k"}]
)
def test_an_input_without_a_picture_is_recorded_and_notified(given: Any) -> None:
    world = World()
    ending = world.classify(given)
    assert ending.error == "InvalidInputError"
    assert world.records()[0]["status"] == "FAILED"
    assert len(world.messages) == 1


def test_faces_are_counted_recorded_and_notified() -> None:
    box = {"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.4}
    world = World(detect_faces=True, faces=[{"BoundingBox": box, "Confidence": 99.5}])
    ending = world.classify(MANUAL)
    assert ending.output["faceDetected"] is True
    assert ending.output["faces"] == [
        {"confidence": 99.5, "boundingBox": {"left": 0.1, "top": 0.2, "width": 0.3, "height": 0.4}}
    ]
    assert world.records()[0]["faceDetected"] is True
    assert "Face detected in image seven.png" in email(world.messages[0])


def test_no_face_is_notified_too() -> None:
    world = World(detect_faces=True)
    assert world.classify(MANUAL).output["faceDetected"] is False
    assert "No face detected in image seven.png" in email(world.messages[0])


def test_a_failure_of_face_detection_does_not_lose_the_label() -> None:
    world = World(
        faults={"Detect Faces": ServiceError("Rekognition.AccessDeniedException", "not authorized")}
    )
    ending = world.classify({**MANUAL, "detectFaces": True})
    assert ending.status == "SUCCEEDED"
    assert world.records()[0]["facesError"]["name"] == "Rekognition.AccessDeniedException"
    world.classify({**MANUAL, "detectFaces": True, "threshold": 0.99}, "two")
    assert world.records()[0]["facesError"]["name"] == "Rekognition.AccessDeniedException"
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
    assert record["versionId"] == "v3"
    assert len(world.messages) == 2


def test_the_event_of_a_version_classified_for_a_person_is_a_duplicate() -> None:
    world = World()
    world.classify(MANUAL)
    assert world.classify(event(version="v1"), "two").output["status"] == "DUPLICATE"
    assert world.classify(event(version="v2", sequencer="0B"), "three").output["status"] == "CLASSIFIED"


def test_a_person_may_have_a_picture_classified_again() -> None:
    world = World()
    world.classify(event())
    assert world.classify({**MANUAL, "threshold": 0.99}, "two").error == "ThresholdConfidenceNotMetError"
    assert world.records()[0]["status"] == "REJECTED"


def test_a_person_takes_the_picture_over_from_the_uploads_own_execution() -> None:
    """It asks for its own threshold; the upload's execution finds the record taken, and ends quietly."""
    world = World()
    own: list[str] = []

    def meanwhile() -> None:
        own.append(world.classify({**MANUAL, "threshold": 0.5}, "two").output["status"])

    world.predictions = [{"label": "7", "score": 0.6}]
    world.before["Classify Image Data"] = meanwhile
    assert world.classify(event()).output["status"] == "SUPERSEDED"
    assert own == ["CLASSIFIED"]
    record = world.record()
    assert (record["status"], record["threshold"], record["executionArn"]) == ("CLASSIFIED", 0.5, ARN + "two")
    assert len(world.messages) == 1
    assert not world.pending


@pytest.mark.parametrize("given", [MANUAL, event()], ids=["manual", "event"])
def test_a_stale_claim_is_taken_over(given: Any) -> None:
    world = World(dies_in="Serialize Image Data")
    world.classify(event())
    world.dies_in = ""
    assert world.classify(given, "two").output["status"] == "CLASSIFIED"
    assert world.record()["executionArn"] == ARN + "two"
    assert len(world.messages) == 1


def test_the_event_of_a_version_under_way_is_a_duplicate() -> None:
    world = World()
    found: list[Any] = []
    world.before["Classify Image Data"] = lambda: found.append(world.classify(event(), "two").output)
    assert world.classify(event()).output["status"] == "CLASSIFIED"
    assert found == [{"status": "DUPLICATE"}]
    assert len(world.messages) == 1


@pytest.mark.parametrize("size", [0, 10])
def test_a_folders_marker_is_no_picture(size: int) -> None:
    world = World(size=size)
    marker = event(key="uploads/cats/", size=size)
    wanted = {0: "DUPLICATE", 10: "CLASSIFIED"}[size]
    assert world.classify(marker).output["status"] == wanted
    assert len(world.records()) == len(world.messages) == (1 if size else 0)


def test_a_person_who_names_a_folders_marker_is_told_so() -> None:
    world = World(size=0)
    ending = world.classify({**MANUAL, "s3_key": "uploads/cats/"})
    assert ending.error == "InvalidInputError"
    assert "folder's marker" in ending.cause


def test_s3s_own_notification_is_understood() -> None:
    stored = {"key": "uploads/a+b%C3%A9.png", "versionId": "v1", "sequencer": "0A", "size": 10}
    record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "uploads"}, "object": stored}}
    world = World()
    assert world.classify({"Records": [record]}).output["status"] == "CLASSIFIED"
    assert world.record()["key"] == "uploads/a b\u00e9.png"
    assert world.classify(event(key="uploads/a b\u00e9.png"), "two").output["status"] == "DUPLICATE"


@pytest.mark.parametrize("key", ["uploads/a%20b.png", "uploads/a+b.png"])
def test_a_key_that_looks_url_encoded_and_is_not_there_says_so(key: str) -> None:
    world = World(version="")
    world.faults["Serialize Image Data"] = raised("ImageNotFoundError", "There is no picture")
    world.classify({**MANUAL, "s3_key": key})
    assert "looks URL-encoded" in email(world.messages[0])


def test_every_function_is_given_what_its_log_lines_name() -> None:
    world = World()
    world.classify({**MANUAL, "correlationId": "order-7"})
    traces = {state: payload["trace"] for state, payload in world.payloads.items()}
    image = world.record()["imageId"]
    assert traces.pop("Claim Image") == {"executionArn": ARN + "one"}
    expected = {"executionArn": ARN + "one", "imageId": image, "correlationId": "order-7"}
    assert len(traces) == 5
    assert all(trace == expected for trace in traces.values())


@pytest.mark.parametrize(("score", "status"), [(0.95, "CLASSIFIED"), (0.8, "IN_REVIEW"), (0.4, "REJECTED")])
def test_between_the_thresholds_a_picture_waits_for_a_person(score: float, status: str) -> None:
    world = World(review_threshold=0.5, predictions=[{"label": "cat", "score": score}])
    ending = world.classify(event())
    assert world.record()["status"] == status
    assert ending.status == ("FAILED" if status == "REJECTED" else "SUCCEEDED")
    assert len(world.messages) == (0 if status == "IN_REVIEW" else 1)
    assert not world.pending
    if status == "IN_REVIEW":
        assert ending.output["status"] == "IN_REVIEW"
        assert ending.output["predictions"] == world.predictions


def test_a_record_that_waits_for_its_upload_keeps_its_title_and_group() -> None:
    world = World()
    world.classify(event())
    record = world.records()[0]
    world.remove_records()
    placeholder = {
        "imageId": record["imageId"],
        "status": "RECEIVED",
        "title": "Rex",
        "groupId": "g",
    }
    world.put_record({**placeholder, "expiresAt": 1})
    assert world.classify(event(), "two").output["title"] == "Rex"
    (record,) = world.records()
    assert record["groupId"] == "g"
    assert "expiresAt" not in record


def test_the_title_follows_the_label_unless_it_was_given() -> None:
    world = World()
    world.classify(event())
    world.predictions = [{"label": "1", "score": 0.99}]
    assert world.classify(event(version="v2", sequencer="0B"), "two").output["title"] == "1 - 99.0%"
    assert world.classify({**MANUAL, "title": "Mine"}, "three").output["title"] == "Mine"
    assert world.classify(event(version="v3", sequencer="0C"), "four").output["title"] == "Mine"


def test_a_title_made_of_a_label_goes_when_a_newer_version_is_refused() -> None:
    world = World()
    world.classify(event())
    world.predictions = [{"label": "1", "score": 0.5}]
    world.classify(event(version="v2", sequencer="0B"), "two")
    assert world.record()["status"] == "REJECTED"
    assert "title" not in world.record()


@pytest.mark.parametrize(
    "name", ["wörter & more.png", "a" * 500 + ".png", "日本.png", "x\ty.png", "..", "\U0001f600.png"]
)
def test_a_subject_fits_what_sns_takes(name: str) -> None:
    world = World()
    world.classify({**MANUAL, "s3_key": "uploads/" + name})
    world.classify({**MANUAL, "s3_key": "uploads/" + name, "threshold": 0.99}, "two")
    assert len(world.messages) == 2
    for message in world.messages:
        assert 0 < len(message["Subject"]) < 100
        assert message["Subject"].isascii()
        assert message["Subject"].isprintable()


def test_a_timeout_without_a_cause_is_explained_in_words() -> None:
    world = World(faults={"Classify Image Data": ServiceError("States.Timeout", "")})
    assert world.classify(event()).error == "States.Timeout"
    assert "AWS gave no cause for States.Timeout." in email(world.messages[0])
