"""classify_batch: every picture has exactly one row, whatever fails, and nothing is left behind."""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow.parquet
import pytest

from loupe_batch.finalize import Ended
from loupe_core.errors import AccessDeniedError, EndpointFailedError, EndpointThrottledError
from tests.workflow.batch_world import ARN, UPLOADS, BatchWorld
from tests.workflow.interpreter import ServiceError


@pytest.fixture
def world() -> BatchWorld:
    return BatchWorld()


def keys(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(row["key"] for row in rows)


def test_every_picture_of_a_prefix_has_a_row_and_the_temporary_endpoint_is_gone(world: BatchWorld) -> None:
    world.put_pictures(10)
    world.put("zoo/", "")
    world.put("zoo/broken.jpg", "broken")
    world.put("zoo/unsure.jpg", "cat 0.2")

    ending = world.run()

    assert ending.status == "SUCCEEDED"
    assert ending.entered[-3:] == ["Finalize Batch", "Route By Outcome", "Batch Finished"]
    assert {name: ending.output[name] for name in ("pictures", "classified", "rejected", "failed")} == {
        "pictures": 12,
        "classified": 10,
        "rejected": 1,
        "failed": 1,
    }
    assert keys(world.rows()) == [f"zoo/{n:03}.jpg" for n in range(10)] + ["zoo/broken.jpg", "zoo/unsure.jpg"]
    [broken] = world.table("failed.csv")
    assert (broken["key"], broken["error"]) == ("zoo/broken.jpg", "CorruptImageError")
    assert world.hosting.statuses == {"loupe-classifier": "InService"}
    assert world.hosting.removed == ["run-1-batch"]
    assert len(world.topic.messages) == 1
    assert "10 of 12 pictures classified" in world.topic.messages[0]["Subject"]


def test_a_run_on_the_containers_function_needs_no_endpoint(world: BatchWorld) -> None:
    world.hosting.statuses.clear()
    world.classifier_function = "arn:aws:lambda:us-east-1:111122223333:function:loupe-container-classify:live"
    world.put_pictures(4)

    ending = world.run({"source": f"s3://{UPLOADS}/zoo/", "on": "container"})

    assert ending.status == "SUCCEEDED"
    assert "Create Endpoint" not in ending.entered
    assert world.storage.read("runs/run-1/plan.json")["endpoint"] == world.classifier_function
    assert {row["model"] for row in world.rows()} == {"loupe-container-classify"}


def test_a_run_on_the_containers_function_is_refused_where_there_is_none(world: BatchWorld) -> None:
    world.put_pictures(1)
    ending = world.run({"source": f"s3://{UPLOADS}/zoo/", "on": "container"})
    assert (ending.status, ending.error) == ("FAILED", "InvalidInputError")
    assert "ClassifierFunctionArn" in str(ending.cause)


def test_a_person_is_asked_about_the_least_sure_alone(world: BatchWorld) -> None:
    world.put_pictures(40)

    ending = world.run({"source": f"s3://{UPLOADS}/zoo/", "record": True, "review": 30})

    # The surer a picture, the higher its number.
    assert world.asked_about == [f"zoo/{number:03}.jpg" for number in range(30)]
    assert world.summary()["inReview"] == ending.output["inReview"] == 30


def test_nobody_is_asked_unless_that_is_wished_and_recorded(world: BatchWorld) -> None:
    world.put_pictures(3)
    assert world.run().status == "SUCCEEDED"
    assert world.asked_about == []
    ending = world.run({"source": f"s3://{UPLOADS}/zoo/", "review": 3}, "run-2")
    assert (ending.status, ending.error) == ("FAILED", "InvalidInputError")
    assert "review needs record" in str(ending.cause)


def test_the_report_has_the_same_rows_in_every_form(world: BatchWorld) -> None:
    world.put_pictures(4)
    world.put("zoo/broken.jpg", "broken")

    world.run()

    table = pyarrow.parquet.read_table(io.BytesIO(world.report("results.parquet"))).to_pylist()
    rows = world.rows()
    assert [row["key"] for row in table] == [row["key"] for row in rows]
    assert [row["confidence"] for row in table if row["confidence"]] == [0.5, 0.501, 0.502, 0.503]
    assert {row["model"] for row in rows} == {"photos-1"}
    assert all(row["versionId"] and row["etag"] for row in rows)
    page = world.report("summary.html").decode()
    assert "CorruptImageError: 1" in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_live_endpoint_is_asked_only_where_that_is_wanted(world: BatchWorld) -> None:
    world.put_pictures(2)

    ending = world.run({"source": f"s3://{UPLOADS}/zoo/", "on": "live"})

    assert "Create Endpoint" not in ending.entered
    assert world.summary()["endpoint"] == "loupe-classifier"
    assert world.summary()["concurrency"] == 2
    assert "loupe-classifier" in world.hosting.statuses


def test_a_temporary_endpoint_that_fails_ends_the_run_and_is_removed(world: BatchWorld) -> None:
    world.put_pictures(2)
    world.hosting.comes_as = "Failed"

    ending = world.run()

    assert (ending.status, ending.error) == ("FAILED", "HostingFailedError")
    assert "no capacity" in ending.cause
    assert list(world.hosting.statuses) == ["loupe-classifier"]
    assert "did not finish (HostingFailedError)" in world.topic.messages[0]["Subject"]


def test_an_endpoint_that_cannot_be_removed_yet_is_waited_for_by_who_finalizes(world: BatchWorld) -> None:
    world.put_pictures(1)
    world.faults["Describe Endpoint"] = ServiceError("SageMaker.SageMakerException", "throttled")
    world.hosting.comes_as = "Creating"

    ending = world.run()

    assert ending.error == "CleanupPendingError"
    assert world.topic.messages == []
    world.hosting.statuses["run-1-batch"] = "InService"
    record = world.finalizer().finalize(Ended(ARN + "run-1", 0, {"error": "later", "cause": ""}))
    assert record.finalized
    assert "run-1-batch" not in world.hosting.statuses
    assert len(world.topic.messages) == 1


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, "InvalidInputError"),
        ({"source": "zoo"}, "InvalidInputError"),
        ({"source": "s3://my-uploads/zoo/", "treshold": 0.5}, "InvalidInputError"),
        ({"source": "s3://my-uploads/nothing/"}, "EmptySourceError"),
        ({"source": "s3://my-uploads/list.csv"}, "SourceNotFoundError"),
        ({"source": "s3://nobodys/zoo/"}, "SourceNotFoundError"),
        ({"source": "s3://my-uploads/zoo/", "resume": "never"}, "RunNotFoundError"),
    ],
)
def test_what_cannot_begin_says_why_and_notifies(world: BatchWorld, given: Any, error: str) -> None:
    world.put_pictures(1)

    ending = world.run(given)

    assert (ending.status, ending.error) == ("FAILED", error)
    assert "Create Endpoint" not in ending.entered
    assert len(world.topic.messages) == 1


def test_a_picture_at_which_the_function_dies_is_a_row_and_its_neighbours_are_classified(
    world: BatchWorld,
) -> None:
    world.put_pictures(6)
    world.kills = {"zoo/001.jpg"}

    ending = world.run()

    assert ending.status == "SUCCEEDED"
    assert ending.output["classified"] == 5
    [lost] = world.table("failed.csv")
    assert (lost["key"], lost["error"]) == ("zoo/001.jpg", "PictureLostError")
    assert keys(world.rows()) == [f"zoo/{n:03}.jpg" for n in range(6)]
    assert max(world.endpoint.asked.values()) == 1


def test_a_refusal_that_concerns_all_fails_the_batch_and_keeps_what_was_done(world: BatchWorld) -> None:
    world.put_pictures(6)
    world.endpoint.fault = lambda content: (
        AccessDeniedError("AWS refused sagemaker:InvokeEndpoint.") if content == "cat 0.504" else None
    )

    ending = world.run()

    assert (ending.status, ending.error) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    rows = world.rows()
    assert keys(rows) == [f"zoo/{n:03}.jpg" for n in range(6)]
    assert {row["error"] for row in rows if row["status"] == "FAILED"} == {"AccessDeniedError"}
    assert sum(row["status"] == "CLASSIFIED" for row in rows) >= 3
    assert world.summary()["status"] == "PARTIAL"
    assert "run-1-batch" not in world.hosting.statuses


def test_an_endpoint_that_fails_at_every_picture_fails_the_batch(world: BatchWorld) -> None:
    world.pictures_a_batch = 6
    world.put_pictures(6)
    world.endpoint.fault = lambda content: EndpointFailedError("The model failed (500): out of memory")

    ending = world.run()

    assert ending.error == "States.ExceedToleratedFailureThreshold"
    assert world.children[0]["Error"] == "EndpointFailedError"
    assert {row["error"] for row in world.rows()} == {"EndpointFailedError"}


def test_an_endpoint_that_fails_at_one_picture_is_that_pictures_row(world: BatchWorld) -> None:
    world.put_pictures(6)
    world.endpoint.fault = lambda content: EndpointFailedError("500") if content == "cat 0.502" else None

    ending = world.run()

    assert ending.output["failed"] == 1
    assert ending.status == "SUCCEEDED"


def test_a_throttled_endpoint_is_waited_for(world: BatchWorld) -> None:
    world.put_pictures(3)
    refusals = iter(range(7))
    world.endpoint.fault = lambda content: (
        EndpointThrottledError("slow down") if next(refusals, None) is not None else None
    )

    assert world.run().output["classified"] == 3


def test_a_stopped_run_is_resumed_and_nothing_is_classified_twice(world: BatchWorld) -> None:
    world.put_pictures(9)
    world.endpoint.fault = lambda content: (
        AccessDeniedError("denied") if float(content.split()[1]) >= 0.506 else None
    )
    world.run()
    world.endpoint.fault = lambda content: None
    before = sum(world.endpoint.asked.values())
    world.put("zoo/000.jpg", "dog 0.9")

    ending = world.run({"source": f"s3://{UPLOADS}/zoo/", "threshold": 0.5, "resume": "run-1"}, "run-2")

    assert ending.status == "SUCCEEDED"
    assert ending.output["pictures"] == 9
    assert ending.output["carried"] == before - 1
    assert keys(world.rows("run-2")) == [f"zoo/{n:03}.jpg" for n in range(9)]
    # The changed picture is another version; every other one was asked for once.
    assert max(world.endpoint.asked.values()) == 1
    assert world.endpoint.asked["dog 0.9"] == 1
    assert next(row for row in world.rows("run-2") if row["key"] == "zoo/000.jpg")["label"] == "dog"


def test_a_run_after_another_model_carries_nothing_over(world: BatchWorld) -> None:
    world.put_pictures(3)
    world.run()
    world.hosting.model = "photos-2"

    ending = world.run({"source": f"s3://{UPLOADS}/zoo/", "threshold": 0.5, "resume": "run-1"}, "run-2")

    assert ending.output["carried"] == 0
    assert {row["model"] for row in world.rows("run-2")} == {"photos-2"}


def test_where_all_was_done_no_endpoint_is_made(world: BatchWorld) -> None:
    world.put_pictures(3)
    world.run()

    ending = world.run({"source": f"s3://{UPLOADS}/zoo/", "threshold": 0.501, "resume": "run-1"}, "run-2")

    assert "Create Endpoint" not in ending.entered
    assert ending.output["carried"] == 3
    # The new threshold counts also for what was done.
    assert (ending.output["classified"], ending.output["rejected"]) == (2, 1)


def test_what_a_call_has_no_time_for_the_next_one_does(world: BatchWorld) -> None:
    world.put_pictures(3)
    asked = world.endpoint.infer

    def slow(picture: bytes) -> object:
        world.remaining_ms = 1_000
        return asked(picture)

    def classify(name: str, arguments: Any) -> Any:
        world.remaining_ms = 90_000
        return service(name, arguments)

    world.endpoint.infer = slow  # type: ignore[method-assign]
    service = world.service
    world.service = classify  # type: ignore[method-assign]

    ending = world.run()

    assert ending.entered.count("Classify Batch") > 1
    assert ending.output["classified"] == 3
    assert max(world.endpoint.asked.values()) == 1


def test_a_sample_counts_all_and_classifies_some(world: BatchWorld) -> None:
    world.put_pictures(9)

    ending = world.run({"source": f"s3://{UPLOADS}/zoo/", "sample": 4, "notify": False, "on": "live"})

    assert ending.output["pictures"] == 4
    assert world.summary()["listed"]["listed"] == 9
    assert world.topic.messages == []


def test_a_report_that_fails_ends_the_run_with_its_error_and_removes_the_endpoint(world: BatchWorld) -> None:
    world.put_pictures(1)
    cause = json.dumps({"errorMessage": "no room", "errorType": "OSError", "stackTrace": []})
    world.faults["Finish Batch"] = ServiceError("OSError", cause)

    ending = world.run()

    assert (ending.status, ending.error, ending.cause) == ("FAILED", "OSError", "no room")
    assert "run-1-batch" not in world.hosting.statuses


@pytest.mark.parametrize("state", ["Prepare Items", "Create Endpoint Config", "Create Endpoint"])
def test_whatever_fails_is_finalized_once(world: BatchWorld, state: str) -> None:
    world.put_pictures(1)
    world.faults[state] = ServiceError("States.Timeout", "it took too long")

    ending = world.run()

    assert (ending.status, ending.error) == ("FAILED", "States.Timeout")
    assert len(world.topic.messages) == 1
    assert ending.entered.count("Finalize Batch") == 1
