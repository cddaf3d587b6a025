"""The golden inputs in events/: each is used, each is what its name says."""

import base64
import json

import pytest

from loupe_core.requests import parse_request
from tests.unit.container import test_query_predictions, test_record_prediction
from tests.unit.functions import (
    test_annotate_image,
    test_claim_image,
    test_classify_image_data,
    test_filter_inference_data,
    test_finalize_images,
    test_record_outcome,
    test_serialize_image_data,
    test_smoke_test_endpoint,
)
from tests.unit.functions.handlers import EVENTS, ROOT, handler_folders

USED = {
    "annotate_image": test_annotate_image,
    "claim_image": test_claim_image,
    "classify_image_data": test_classify_image_data,
    "filter_inference_data": test_filter_inference_data,
    "finalize_images": test_finalize_images,
    "query_predictions": test_query_predictions,
    "record_outcome": test_record_outcome,
    "record_prediction": test_record_prediction,
    "serialize_image_data": test_serialize_image_data,
    "smoke_test_endpoint": test_smoke_test_endpoint,
}
# Inputs of the state machine itself: the console's form, and S3's events.
EXECUTIONS = {
    "console",
    "detect_faces",
    "folder_marker",
    "lacks_key",
    "missing_bucket",
    "missing_key",
    "object_created",
    "s3_notification",
    "threshold_and_title",
    "unsure",
}


@pytest.mark.parametrize("function", USED)
def test_every_event_of_a_function_has_an_expected_ending(function: str) -> None:
    module = USED[function]

    assert cases(function) == set(module.SUCCEEDING) | set(module.FAILING)


def test_every_event_belongs_to_a_function_or_the_state_machine() -> None:
    folders = {path.name for path in EVENTS.iterdir() if path.is_dir()} - {"images", "classify_image"}

    handlers = {path.stem for path in (ROOT / "container" / "loupe_container").glob("*.py")}
    assert folders <= set(handler_folders()) | handlers
    assert set(USED) <= folders


def test_every_execution_input_is_known() -> None:
    assert cases("classify_image") == EXECUTIONS


@pytest.mark.parametrize("case", sorted(EXECUTIONS - {"lacks_key"}))
def test_an_execution_input_names_a_picture(case: str) -> None:
    request = parse_request(json.loads((EVENTS / "classify_image" / f"{case}.json").read_text()))

    assert request.bucket
    assert request.key.startswith("uploads/")
    assert request.is_folder_marker == (case == "folder_marker")


def test_the_s3_event_has_what_the_workflow_reads() -> None:
    event = json.loads((EVENTS / "classify_image" / "object_created.json").read_text())

    assert (event["source"], event["detail-type"]) == ("aws.s3", "Object Created")
    assert {"key", "version-id", "sequencer"} <= set(event["detail"]["object"])
    assert event["detail"]["bucket"]["name"]


def test_the_digit_in_the_event_is_the_digit_in_the_file() -> None:
    event = json.loads((EVENTS / "classify_image_data" / "digit.json").read_text())

    assert base64.b64decode(event["body"]["image_data"]) == (EVENTS / "images" / "digit-0.png").read_bytes()


def cases(folder: str) -> set[str]:
    return {path.stem for path in (EVENTS / folder).glob("*.json")}
