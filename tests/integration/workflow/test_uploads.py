"""Pictures dropped into the bucket do everything by themselves, once."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from loupe_core.confidence import percent
from tests.integration.workflow.conftest import Workflow
from tests.integration.workflow.faults import Faults
from tests.integration.workflow.ledger import Ledger
from tests.polling import wait_for


def test_an_uploaded_digit_is_recorded_annotated_and_notified_once(workflow: Workflow) -> None:
    key = workflow.put(workflow.picture(), prefix="uploads")
    record = workflow.finished(key)
    assert (record["status"], record["label"]) == ("CLASSIFIED", "3")
    assert record["title"] == f"3 - {percent(float(str(record['confidence'])))}"
    workflow.only_message(key)
    assert workflow.s3.head_object(Bucket=workflow.processed, Key=key)["ContentType"] == "image/jpeg"


def test_an_upload_elsewhere_starts_nothing(workflow: Workflow) -> None:
    elsewhere = workflow.put(workflow.picture(), prefix="elsewhere")
    control = workflow.put(workflow.picture(), prefix="uploads")
    workflow.finished(control)
    assert workflow.record(elsewhere) == {}


@pytest.mark.parametrize(
    ("name", "faces"), [("astronaut", True), ("grace hopper", True), ("china", False), ("flower", False)]
)
def test_faces_are_looked_for_found_and_notified(workflow: Workflow, name: str, faces: bool) -> None:
    key = workflow.put(photo(name), f"{name}.jpg")
    ending = workflow.run(workflow.manual(key, detectFaces=True, threshold=0))
    output = json.loads(ending["output"])
    assert output["faceDetected"] is faces
    assert bool(output["faces"]) is faces
    expected = "Face detected in image" if faces else "No face detected in image"
    assert f"{expected} {name}.jpg" in workflow.only_message(key).body


def photo(name: str) -> bytes:
    """A photo that a package ships, as JPEG."""
    import matplotlib
    import skimage.data
    import sklearn.datasets

    if name == "grace hopper":
        return (Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg").read_bytes()
    shipped: Any = skimage.data if name == "astronaut" else sklearn.datasets
    pixels = shipped.astronaut() if name == "astronaut" else shipped.load_sample_image(f"{name}.jpg")
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "JPEG", quality=92)
    return target.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        "two words.png",
        "a+b&c=d.png",
        "grüße 日本 \U0001f600.png",
        "../up.png",
        "per%20cent.png",
        "n" * 960 + ".png",
    ],
)
def test_keys_of_every_kind_are_kept_as_they_are(workflow: Workflow, name: str) -> None:
    key = workflow.put(workflow.picture(), name, prefix="uploads")
    record = workflow.finished(key)
    assert (record["status"], record["key"], record["processedKey"]) == ("CLASSIFIED", key, key)
    workflow.only_message(key)
    assert workflow.s3.head_object(Bucket=workflow.processed, Key=key)


def endpoint_calls(workflow: Workflow, endings: list[dict[str, Any]]) -> int:
    """How often these executions asked for a classification."""
    return sum(workflow.attempts(ending["executionArn"], "classify-image-data") for ending in endings)


def test_the_same_event_ten_times_at_once_and_in_sequence_is_one_picture(workflow: Workflow) -> None:
    key = workflow.put(workflow.picture())
    event = workflow.event(key)
    with ThreadPoolExecutor(10) as pool:
        endings = list(pool.map(workflow.run, [event] * 10))
    endings += [workflow.run(event) for _ in range(10)]
    outputs = [json.loads(ending["output"])["status"] for ending in endings]
    assert sorted(outputs) == ["CLASSIFIED"] + ["DUPLICATE"] * 19
    assert endpoint_calls(workflow, endings) == 1
    workflow.only_message(key)


def test_events_of_two_versions_in_the_wrong_order_keep_the_newer(workflow: Workflow) -> None:
    key = workflow.put(workflow.picture())
    older = workflow.event(key)
    workflow.s3.put_object(Bucket=workflow.bucket, Key=key, Body=workflow.picture("digit-5.png"))
    newer = workflow.event(key)
    newer["detail"]["object"]["sequencer"] = "00660"
    newer["detail"]["object"]["sequencer"] += "1"
    endings = [workflow.run(newer), workflow.run(older)]
    assert json.loads(endings[0]["output"])["label"] == "5"
    assert json.loads(endings[1]["output"])["status"] == "DUPLICATE"
    assert endpoint_calls(workflow, endings) == 1
    assert workflow.record(key)["label"] == "5"
    workflow.only_message(key)


def test_a_new_version_is_classified_anew(workflow: Workflow) -> None:
    key = workflow.put(workflow.picture(), prefix="uploads")
    assert workflow.finished(key)["label"] == "3"
    workflow.s3.put_object(Bucket=workflow.bucket, Key=key, Body=workflow.picture("digit-5.png"))
    wait_for(lambda: workflow.record(key).get("label") == "5", "the new version's label", 60)
    wait_for(lambda: len(workflow.messages(key)) == 2, "its message", 30)
    assert workflow.record(key)["title"].startswith("5 - ")


def aborted(workflow: Workflow, key: str) -> dict[str, Any]:
    """An execution that was stopped after it had claimed its picture."""
    faults = Faults(workflow)
    held = {"service": "lambda", "kind": "timeout", "containing": ["serialize-image-data", key]}
    with faults.put(held):
        arn = workflow.start(workflow.event(key))
        wait_for(lambda: faults.met([held]), "the state after Claim Image", 60)
        workflow.states.stop_execution(executionArn=arn)
    assert workflow.record(key)["executionArn"] == arn
    return workflow.ended(arn)


def test_an_execution_aborted_after_its_claim_and_tried_again_is_one_picture(workflow: Workflow) -> None:
    key = workflow.put(workflow.picture())
    first = aborted(workflow, key)
    again = workflow.run(workflow.event(key))
    assert (first["status"], json.loads(again["output"])["status"]) == ("ABORTED", "CLASSIFIED")
    ledger = Ledger(workflow, 0.5)
    wait_for(lambda: ledger.finished([key]), "the end of both", 90, 0.5)
    assert workflow.record(key)["executionArn"] == again["executionArn"]
    assert endpoint_calls(workflow, [first, again]) == 1
    workflow.only_message(key)


def test_an_aborted_execution_that_nobody_tries_again_is_recorded_and_notified(workflow: Workflow) -> None:
    key = workflow.put(workflow.picture())
    first = aborted(workflow, key)
    record = workflow.finished(key)
    assert (record["status"], record["executionArn"]) == ("FAILED", first["executionArn"])
    assert "ExecutionAborted" in workflow.only_message(key).body
    # Its event may still be delivered once more.
    assert json.loads(workflow.run(workflow.event(key))["output"])["status"] == "CLASSIFIED"


@pytest.mark.timeout(600)
def test_every_picture_ends_once_where_all_status_events_are_lost(workflow: Workflow) -> None:
    """One execution is stopped, one cannot notify, one can neither claim nor record."""
    faults = Faults(workflow)
    with workflow.without_status_events():
        stopped = workflow.put(workflow.picture())
        aborted(workflow, stopped)
        unnotified = workflow.put(workflow.picture(), "unnotified-too.png")
        with faults.put({"service": "sns", "kind": "denied", "containing": ["unnotified-too"]}):
            assert workflow.run(workflow.event(unnotified))["status"] == "FAILED"
        unrecorded = workflow.put(workflow.picture(), "unrecorded-too.png")
        denied = {"service": "lambda", "kind": "denied", "containing": ["unrecorded-too"]}
        with faults.put(denied):
            assert workflow.run(workflow.event(unrecorded))["status"] == "FAILED"
        keys = [stopped, unnotified, unrecorded]
        workflow.end_leases(keys)
        statuses = [workflow.finished(key)["status"] for key in keys]
    assert statuses == ["FAILED", "CLASSIFIED", "FAILED"]
    for key in keys:
        workflow.only_message(key)


@pytest.mark.timeout(600)
def test_the_schedule_of_finalize_images_reaches_it(workflow: Workflow) -> None:
    """EventBridge starts the function by its alias, and it finishes what nobody else does."""
    rules = workflow.stack.client("events")
    prefix = f"{workflow.stack.name}-FinalizeImages"
    (rule,) = [each for each in rules.list_rules(NamePrefix=prefix)["Rules"] if "ScheduleExpression" in each]
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    (target,) = rules.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert target["Arn"].endswith(f":{workflow.finalizer}:live")

    with workflow.without_status_events():
        key = workflow.put(workflow.picture())
        aborted(workflow, key)
        workflow.end_leases([key])
        assert workflow.finished(key, 180)["error"]["name"] == "ExecutionAborted"
    workflow.only_message(key)


def test_a_folders_marker_is_no_picture(workflow: Workflow) -> None:
    key = workflow.put(b"", "", prefix="uploads")
    assert key.endswith("/")
    output = json.loads(workflow.run(workflow.event(key))["output"])
    assert output == {"status": "DUPLICATE"}
    manual = workflow.run(workflow.manual(key))
    assert (manual["status"], manual["error"]) == ("FAILED", "InvalidInputError")
    # A person's mistake is answered, and no event's.
    assert "InvalidInputError" in workflow.only_message(key).subject
