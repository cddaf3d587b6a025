"""annotate_image: an annotated copy under the same key."""

from typing import Any

import pytest

from loupe_core import errors
from loupe_core.s3_images import S3Images
from tests.unit.functions.handlers import FakeS3, LambdaContext, golden_event, load_handler
from tests.unit.layers.pictures import CAMERA, jpeg, opened, phone_jpeg

BUCKET = "my-uploads"
SUCCEEDING = ["dog", "faces", "other_scripts", "one_version"]
FAILING = {"score_is_a_word": errors.InvalidInputError}


@pytest.fixture
def s3() -> FakeS3:
    store = FakeS3()
    store.add(BUCKET, "uploads/dog.jpg", jpeg(2000, 1500), "3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY")
    store.add(BUCKET, "uploads/portrait.jpg", jpeg(800, 600))
    return store


def invoke(s3: FakeS3, event: dict[str, Any]) -> dict[str, Any]:
    app = load_handler("annotate_image")
    app.images = S3Images(s3)  # type: ignore[arg-type] # a fake of the two calls made
    answer: dict[str, Any] = app.handler(event, LambdaContext())
    return answer


@pytest.mark.parametrize("case", SUCCEEDING)
def test_the_copy_lies_under_the_pictures_own_key(s3: FakeS3, case: str) -> None:
    event = golden_event("annotate_image", case)

    answer = invoke(s3, event)

    written = s3.written[-1]
    assert answer["processedKey"] == written["Key"] == event["s3_key"]
    assert (written["Bucket"], written["ContentType"]) == ("my-processed", "image/jpeg")
    assert opened(written["Body"]).size == (answer["width"], answer["height"])
    assert answer["width"] <= 1000


def test_the_display_copy_says_nothing_but_what_it_shows(s3: FakeS3) -> None:
    s3.add(BUCKET, "uploads/phone.jpg", phone_jpeg(4032, 3024))

    answer = invoke(s3, {"s3_bucket": BUCKET, "s3_key": "uploads/phone.jpg", "predictions": [], "faces": []})

    copy = next(each for each in s3.written if each["Key"] == answer["displayKey"])
    assert (copy["Bucket"], copy["ContentType"]) == ("my-processed", "image/jpeg")
    shown = opened(copy["Body"])
    # Turned upright, halved by the decoder, and without EXIF, its position and the camera's name.
    assert shown.size == (1512, 2016)
    assert not shown.getexif()
    assert b"Exif" not in copy["Body"]
    assert CAMERA.encode() not in copy["Body"]


@pytest.mark.parametrize("case", FAILING)
def test_a_wrong_input_is_named(s3: FakeS3, case: str) -> None:
    with pytest.raises(errors.LoupeError) as failure:
        invoke(s3, golden_event("annotate_image", case))

    assert type(failure.value) is FAILING[case]


def test_a_picture_that_has_gone_is_not_found(s3: FakeS3) -> None:
    with pytest.raises(errors.ImageNotFoundError):
        invoke(s3, {"s3_bucket": BUCKET, "s3_key": "uploads/gone.jpg", "predictions": [], "faces": []})

    assert s3.written == []
