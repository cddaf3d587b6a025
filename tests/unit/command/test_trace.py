"""One picture's way through the logs."""

import json
from typing import Any

from loupe.logs import LogEvent
from loupe.trace import Way, events_of, is_trace, way_of

ARN = "arn:aws:states:us-east-1:123456789012:execution:loupe-classify-image:one"
OTHER = ARN[:-3] + "two"
IMAGE = "0123456789abcdef0123456789abcdef"


def line(moment: int, source: str, **entry: Any) -> LogEvent:
    return LogEvent(moment, source, json.dumps(entry))


EVENTS = [
    line(1, "workflow", type="TaskStateEntered", execution_arn=ARN),
    LogEvent(2, "claim_image", "START RequestId: r-1 Version: 1"),
    line(3, "claim_image", level="INFO", message="done", executionArn=ARN, function_request_id="r-1"),
    LogEvent(4, "claim_image", "REPORT RequestId: r-1 Duration: 3 ms"),
    LogEvent(5, "claim_image", "REPORT RequestId: r-2 Duration: 3 ms"),
    line(6, "annotate_image", level="INFO", message="done", executionArn=OTHER, imageId="ff"),
    line(7, "finalize_images", level="INFO", message="done", imageId=IMAGE, executionArn=ARN),
    line(8, "workflow", type="ExecutionSucceeded", execution_arn=OTHER),
    LogEvent(9, "classify_image_data", "not JSON"),
]


class Records:
    def get(self, image_id: str) -> Any:
        assert IMAGE.startswith(image_id)
        return {"imageId": IMAGE, "executionArn": ARN, "claimedAt": "1970-01-01T00:01:00.000Z"}


def test_a_picture_is_followed_across_functions_and_workflow_in_order() -> None:
    way = way_of(IMAGE[:8], Records())
    assert way == Way(frozenset({ARN}), IMAGE, 55_000)
    assert [event.timestamp for event in events_of(way, EVENTS)] == [1, 2, 3, 4, 7]


def test_a_picture_of_a_batch_run_is_none_of_the_runs_others() -> None:
    class Recorded(Records):
        def get(self, image_id: str) -> Any:
            return {**super().get(image_id), "executionArn": "batch:zoo-1"}

    events = [
        line(1, "finalize_images", executionArn="batch:zoo-1", imageId=IMAGE),
        line(2, "finalize_images", executionArn="batch:zoo-1", imageId="ff"),
    ]
    assert [event.timestamp for event in events_of(way_of(IMAGE, Recorded()), events)] == [1]


def test_an_execution_is_followed_by_its_arn() -> None:
    assert [event.timestamp for event in events_of(way_of(OTHER, Records()), EVENTS)] == [6, 8]


def test_what_writes_logs_is_no_picture() -> None:
    assert not is_trace("serialize_image_data")
    assert not is_trace("workflow")
    assert is_trace(IMAGE)
    assert is_trace(ARN)
