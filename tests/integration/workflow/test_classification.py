"""One picture through the deployed workflow: what passes, what is refused, what fails; its notification."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from PIL import Image

from tests.integration.workflow.conftest import Workflow
from tests.polling import wait_for


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


def gradient(width: int, height: int) -> Image.Image:
    return Image.linear_gradient("L").resize((width, height)).convert("RGB")


def tiff_of_25_mb() -> bytes:
    picture = encoded(gradient(2900, 2870), "TIFF")
    assert 24_900_000 < len(picture) <= 25_000_000
    return picture


def test_a_digit_is_classified_recorded_annotated_and_notified(workflow: Workflow) -> None:
    key = workflow.put(workflow.picture())
    ending = workflow.run(workflow.manual(key))
    assert ending["status"] == "SUCCEEDED"
    output = json.loads(ending["output"])
    assert (output["status"], output["label"]) == ("CLASSIFIED", "3")
    assert output["confidence"] >= 0.93
    assert len(output["predictions"]) == 5

    record = workflow.record(key)
    assert (record["status"], record["label"]) == ("CLASSIFIED", "3")
    assert record["executionArn"] == ending["executionArn"]
    annotated = workflow.s3.get_object(Bucket=workflow.processed, Key=key)["Body"].read()
    assert Image.open(io.BytesIO(annotated)).format == "JPEG"

    message = workflow.only_message(key)
    assert message.to == "you@example.com"
    assert message.subject.startswith("Loupe: picture.png shows 3 (")
    assert ending["executionArn"] in message.body


def test_an_unsure_digit_is_refused_with_its_predictions(workflow: Workflow) -> None:
    key = workflow.put(workflow.picture("digit-9-unsure.png"))
    ending = workflow.run(workflow.manual(key))
    assert (ending["status"], ending["error"]) == ("FAILED", "ThresholdConfidenceNotMetError")
    assert ending["cause"].startswith("THRESHOLD_CONFIDENCE_NOT_MET")
    assert workflow.record(key)["status"] == "REJECTED"
    assert len(workflow.record(key)["predictions"]) == 5
    assert "was refused" in workflow.only_message(key).subject
    assert workflow.run(workflow.manual(key, threshold=0.1))["status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("12 megapixels.jpg", lambda: encoded(gradient(4000, 3000), "JPEG", quality=95)),
        ("one pixel.png", lambda: encoded(Image.new("RGB", (1, 1), "red"), "PNG")),
        ("25 MB.tiff", tiff_of_25_mb),
        ("grey 16 bit.png", lambda: encoded(Image.new("I;16", (50, 40), 30000), "PNG")),
        ("alpha.webp", lambda: encoded(Image.new("RGBA", (300, 20), (1, 2, 3, 4)), "WEBP")),
        ("cmyk.jpg", lambda: encoded(Image.new("CMYK", (90, 90), (9, 9, 9, 9)), "JPEG")),
        ("one row.gif", lambda: encoded(Image.new("P", (2000, 1)), "GIF")),
        ("windows.bmp", lambda: encoded(gradient(64, 64), "BMP")),
    ],
)
def test_pictures_of_every_kind_go_through(workflow: Workflow, name: str, content: Any) -> None:
    key = workflow.put(content(), name)
    ending = workflow.run(workflow.manual(key, threshold=0))
    assert ending["status"] == "SUCCEEDED", ending.get("cause")
    assert workflow.record(key)["processedKey"] == key
    workflow.only_message(key)


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("26 MB.tiff", lambda: bytes(26_000_001), "ImageTooLargeError"),
        ("text.jpg", lambda: b"this is not a picture\n" * 100, "UnsupportedImageError"),
        ("cut.jpg", lambda: encoded(gradient(800, 600), "JPEG")[:4000], "CorruptImageError"),
        ("empty.png", lambda: b"", "UnsupportedImageError"),
        ("vector.svg", lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>', "UnsupportedImageError"),
        ("bomb.png", lambda: encoded(Image.new("1", (9000, 9000)), "PNG"), "ImageTooLargeError"),
    ],
)
def test_what_cannot_be_a_picture_fails_by_name(
    workflow: Workflow, name: str, content: Any, error: str
) -> None:
    key = workflow.put(content(), name)
    ending = workflow.run(workflow.manual(key))
    assert (ending["status"], ending["error"]) == ("FAILED", error)
    assert ending["cause"]
    assert "{" not in ending["cause"]
    assert workflow.record(key)["error"]["name"] == error
    assert error in workflow.only_message(key).subject


@pytest.mark.parametrize(
    ("bucket", "key", "error"),
    [
        (None, "tests/no-such-key.png", "ImageNotFoundError"),
        ("no-such-bucket-of-anybody", "tests/a.png", "ImageNotFoundError"),
        ("", "tests/a.png", "InvalidInputError"),
    ],
)
def test_what_is_not_there_fails_by_name(
    workflow: Workflow, bucket: str | None, key: str, error: str
) -> None:
    given = workflow.manual(key) if bucket is None else {**workflow.manual(key), "s3_bucket": bucket}
    workflow.stack.inbox.clear()
    ending = workflow.run(given)
    assert (ending["status"], ending["error"]) == ("FAILED", error)
    assert ending["cause"]
    wait_for(workflow.stack.inbox.messages, "the e-mail about it")
    assert len(workflow.stack.inbox.messages()) == 1


def test_no_picture_and_no_secret_is_in_any_log(workflow: Workflow) -> None:
    key = workflow.put(workflow.picture())
    workflow.run(workflow.manual(key))
    image_data = json.dumps(__import__("base64").b64encode(workflow.picture()).decode())[1:60]
    logs = workflow.stack.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
        text = json.dumps([event["message"] for page in pages for event in page["events"]])
        assert image_data not in text, group["logGroupName"]
        assert "AWS_SECRET_ACCESS_KEY" not in text
        assert "AWS_SESSION_TOKEN" not in text
