"""What classify_batch makes of real bytes: Rekognition's copy, and the annotated one."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from PIL import Image

from loupe_batch.faces import FaceDetector, FacesNotDetectedError
from loupe_batch.names import Run
from loupe_batch.pictures import annotated_copy, for_faces, input_of_model
from loupe_batch.rows import LASTING
from loupe_core.contract import Face
from loupe_core.errors import LoupeError
from loupe_core.inference import Prediction
from tests.integration.batch.broken import broken_pictures

BROKEN = broken_pictures()

BOX = {"Left": 0.25, "Top": 0.25, "Width": 0.5, "Height": 0.5}


def picture(size: tuple[int, int] = (400, 300), kind: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (200, 40, 40)).save(file, kind)
    return file.getvalue()


class FakeRekognition:
    def __init__(self, answer: Mapping[str, Any] | Exception) -> None:
        self._answer = answer
        self.asked: list[bytes] = []

    def detect_faces(self, Image: Mapping[str, bytes]) -> Mapping[str, Any]:  # noqa: N803
        self.asked.append(Image["Bytes"])
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_has_an_error_that_is_not_tried_again(name: str) -> None:
    with pytest.raises(LoupeError) as raised:
        input_of_model(BROKEN[name])
    assert type(raised.value).__name__ in LASTING


def test_a_jpeg_goes_as_it_is_and_another_format_as_a_jpeg() -> None:
    jpeg = picture()
    assert for_faces(jpeg) == jpeg
    copy = for_faces(picture(kind="WEBP"))
    assert copy is not None
    assert copy.startswith(b"\xff\xd8")


def test_what_is_too_small_for_rekognition_is_not_asked() -> None:
    client = FakeRekognition({"FaceDetails": []})

    assert FaceDetector(for_faces, client).detect(picture((79, 300))) == ()
    assert client.asked == []


def test_faces_are_boxes_with_a_confidence() -> None:
    client = FakeRekognition({"FaceDetails": [{"BoundingBox": BOX, "Confidence": 99.5}]})

    assert FaceDetector(for_faces, client).detect(picture()) == [Face(0.25, 0.25, 0.5, 0.5, 99.5)]


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "DetectFaces"), "AccessDeniedException"),
        (EndpointConnectionError(endpoint_url="https://rekognition"), "EndpointConnectionError"),
    ],
)
def test_a_refusal_has_rekognitions_name(error: Exception, name: str) -> None:
    with pytest.raises(FacesNotDetectedError, match=f"^{name}$"):
        FaceDetector(for_faces, FakeRekognition(error)).detect(picture())


def test_the_copy_shows_label_and_box() -> None:
    plain = annotated_copy(picture(), [Prediction("cat", 0.9)], [])
    boxed = annotated_copy(picture(), [Prediction("cat", 0.9)], [Face(0.25, 0.25, 0.5, 0.5, 99.0)])

    with Image.open(io.BytesIO(boxed)) as image:
        left = image.getpixel((image.width // 4, image.height // 2))
    assert isinstance(left, tuple)
    assert left[1] > left[0]
    assert plain != boxed


@pytest.mark.parametrize("key", ["a.jpg", "ü" * 400, "k" * 1024])
def test_a_copys_key_fits_into_s3_and_differs_by_picture(key: str) -> None:
    run = Run("run-1")
    named = run.annotated_key("bucket", key)

    assert named.startswith("runs/run-1/annotated/bucket/")
    assert len(named.encode()) <= 1024
    assert named != run.annotated_key("bucket", key[:-1] + "x")
