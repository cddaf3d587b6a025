"""Reading pictures, and turning what was found into Rekognition's members."""

import io
import math
from typing import Any

import numpy as np
import pytest
from PIL import Image

from local.aws_json import AwsServiceError
from local.rekognition.details import face_detail
from local.rekognition.detection import Box, Eyes, Face, FaceDetector
from local.rekognition.pictures import WORKING_SIDE, read_upright


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_mode_of_png_is_read(mode: str) -> None:
    picture = Image.new(mode, (120, 90))

    assert read_upright(encoded(picture)).shape == (90, 120)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_every_mode_of_jpeg_is_read(mode: str) -> None:
    assert read_upright(encoded(Image.new(mode, (120, 90)), "JPEG")).shape == (90, 120)


def test_large_picture_is_reduced_and_turned() -> None:
    picture = Image.new("L", (4000, 2000))
    exif = picture.getexif()
    exif[0x0112] = 6

    assert read_upright(encoded(picture, "JPEG", exif=exif)).shape == (WORKING_SIDE, WORKING_SIDE // 2)


def test_exif_of_a_png_is_not_looked_at() -> None:
    picture = Image.new("L", (200, 100))
    exif = picture.getexif()
    exif[0x0112] = 6

    assert read_upright(encoded(picture, exif=exif)).shape == (100, 200)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "InvalidImageFormatException"),
        (b"\x89PNG\r\n\x1a\n", "InvalidImageFormatException"),
        (encoded(Image.new("L", (90, 90)), "GIF"), "InvalidImageFormatException"),
        (encoded(Image.new("L", (90, 90)), "BMP"), "InvalidImageFormatException"),
        (encoded(Image.effect_noise((300, 300), 50))[:9000], "InvalidImageFormatException"),
        (encoded(Image.new("L", (79, 300))), "InvalidParameterException"),
        (encoded(Image.new("L", (10_001, 90))), "ImageTooLargeException"),
    ],
    ids=["empty", "header only", "GIF", "BMP", "cut short", "too narrow", "too wide"],
)
def test_what_rekognition_does_not_take_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(AwsServiceError) as caught:
        read_upright(content)
    assert caught.value.code == code


def test_nothing_is_found_in_a_plain_picture() -> None:
    assert FaceDetector().find(np.full((200, 300), 128, np.uint8)) == []


def test_boxes_overlap_by_intersection_over_union() -> None:
    box = Box(0, 0, 10, 10)

    assert box.overlap(box) == 1
    assert box.overlap(Box(5, 0, 10, 10)) == pytest.approx(1 / 3)
    assert box.overlap(Box(20, 20, 5, 5)) == 0


def test_detail_is_in_ratios_and_percent() -> None:
    picture = np.full((100, 200), 51, np.uint8)
    face = Face(Box(50, 20, 40, 40), 0.97, Eyes((60, 35), (80, 35), measured=True))

    detail = face_detail(face, picture)

    assert detail["Confidence"] == pytest.approx(97)
    assert detail["BoundingBox"]["Left"] == pytest.approx(0.27)
    assert detail["BoundingBox"]["Width"] == pytest.approx(0.16)
    assert detail["BoundingBox"]["Top"] == pytest.approx(0.2)
    assert detail["Quality"] == {"Brightness": pytest.approx(20), "Sharpness": 0}
    assert detail["Pose"] == {"Roll": 0, "Yaw": 0, "Pitch": 0}
    assert {"Type": "eyeLeft", "X": 0.3, "Y": 0.35} in detail["Landmarks"]


def test_tilted_eyes_turn_the_face() -> None:
    picture = np.zeros((100, 100), np.uint8)
    face = Face(Box(20, 20, 60, 60), 0.9, Eyes((40, 40), (60, 60), measured=True))

    detail = face_detail(face, picture)

    assert detail["Pose"]["Roll"] == pytest.approx(45)
    nose = next(mark for mark in detail["Landmarks"] if mark["Type"] == "nose")
    below = 0.58 * math.dist((40, 40), (60, 60)) * math.cos(math.pi / 4)
    assert (nose["X"] * 100, nose["Y"] * 100) == (pytest.approx(50 - below), pytest.approx(50 + below))


def test_box_at_the_lower_edge_stays_in_the_picture() -> None:
    detail = face_detail(
        Face(Box(10, 60, 40, 40), 0.9, Eyes((20, 75), (40, 75), measured=False)),
        np.zeros((100, 100), np.uint8),
    )

    assert detail["BoundingBox"]["Top"] + detail["BoundingBox"]["Height"] == pytest.approx(1)
