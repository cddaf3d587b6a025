"""serialize_image_data: any picture in, the contract out."""

import base64
from typing import Any

import pytest

from loupe_core import errors
from loupe_core.contract import ImageReference, copy_key
from loupe_core.s3_images import S3Images
from loupe_core.settings import SettingsError
from tests.unit.functions.handlers import EVENTS, FakeS3, LambdaContext, golden_event, load_handler
from tests.unit.layers.pictures import CAMERA, encoded, jpeg, opened, phone_jpeg, photo, png

BUCKET = "my-uploads"
DIGIT = (EVENTS / "images" / "digit-0.png").read_bytes()
SUCCEEDING = ["digit", "detect_faces", "one_version"]
FAILING = {
    "missing_key": errors.ImageNotFoundError,
    "missing_bucket": errors.ImageNotFoundError,
    "lacks_key": errors.InvalidInputError,
    "key_is_a_number": errors.InvalidInputError,
    "text_called_jpg": errors.UnsupportedImageError,
    "truncated_jpeg": errors.CorruptImageError,
    "over_25_megabytes": errors.ImageTooLargeError,
}


@pytest.fixture
def s3() -> FakeS3:
    store = FakeS3()
    store.add(BUCKET, "uploads/digit-0.png", DIGIT, "3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY")
    store.add(BUCKET, "uploads/digit-0.png", DIGIT, "newest")
    store.add(BUCKET, "uploads/portrait.tiff", encoded(photo(600, 400), "TIFF"))
    store.add(BUCKET, "uploads/notes.jpg", b"Buy milk, call the dentist.")
    store.add(BUCKET, "uploads/truncated.jpg", jpeg(1200, 900)[:-9000])
    store.add(BUCKET, "uploads/huge.tiff", b"II*\0" + bytes(26 * 1024**2))
    return store


def invoke(s3: FakeS3, event: dict[str, Any]) -> dict[str, Any]:
    app = load_handler("serialize_image_data")
    app.images = S3Images(s3)  # type: ignore[arg-type] # a fake of the two calls made
    answer: dict[str, Any] = app.handler(event, LambdaContext())
    return answer


def test_a_small_plain_picture_travels_byte_for_byte(s3: FakeS3) -> None:
    answer = invoke(s3, golden_event("serialize_image_data", "digit"))

    assert answer == {
        "statusCode": 200,
        "body": {
            "image_data": base64.b64encode(DIGIT).decode(),
            "s3_bucket": BUCKET,
            "s3_key": "uploads/digit-0.png",
            "inferences": [],
        },
        "image": {
            "width": 160,
            "height": 160,
            "format": "png",
            "bytes": len(DIGIT),
            "versionId": "newest",
            "faces": None,
            "copies": {
                name: copy_key(ImageReference(BUCKET, "uploads/digit-0.png"), name)
                for name in ("previewKey", "thumbnailKey")
            },
        },
    }


@pytest.mark.parametrize(
    ("key", "sizes"),
    [("uploads/phone.jpg", [(480, 640), (240, 320)]), ("uploads/digit-0.png", [(160, 160), (160, 160)])],
)
def test_every_picture_that_can_be_read_has_thumbnails_that_say_nothing_but_what_they_show(
    s3: FakeS3, key: str, sizes: list[tuple[int, int]]
) -> None:
    s3.add(BUCKET, "uploads/phone.jpg", phone_jpeg(4032, 3024))

    copies = invoke(s3, {"s3_bucket": BUCKET, "s3_key": key, "claimed_at": "now"})["image"]["copies"]

    assert [each["Key"] for each in s3.written] == [copies["previewKey"], copies["thumbnailKey"]]
    assert [opened(each["Body"]).size for each in s3.written] == sizes
    for each in s3.written:
        assert (each["Bucket"], each["ContentType"]) == ("my-processed", "image/webp")
        assert each["Metadata"] == {"claimed-at": "now"}
        assert b"EXIF" not in each["Body"]
        assert CAMERA.encode() not in each["Body"]


def test_a_picture_that_cannot_be_read_has_none(s3: FakeS3) -> None:
    with pytest.raises(errors.CorruptImageError):
        invoke(s3, golden_event("serialize_image_data", "truncated_jpeg"))

    assert s3.written == []


def test_the_version_that_is_asked_for_is_read(s3: FakeS3) -> None:
    answer = invoke(s3, golden_event("serialize_image_data", "one_version"))

    assert answer["image"]["versionId"] == "3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY"


def test_a_format_that_rekognition_cannot_read_gets_a_copy_for_it(s3: FakeS3) -> None:
    answer = invoke(s3, golden_event("serialize_image_data", "detect_faces"))

    faces = answer["image"]["faces"]
    assert faces["bucket"] == "my-processed"
    assert faces["key"].startswith("faces/")
    assert faces["key"].endswith(".jpg")
    written = next(each for each in s3.written if each["Key"].startswith("faces/"))
    assert faces["versionId"] == f"w{s3.written.index(written) + 1}"
    assert (written["Bucket"], written["Key"]) == (faces["bucket"], faces["key"])
    assert written["ContentType"] == "image/jpeg"
    assert opened(written["Body"]).size == (600, 400)


def test_an_original_that_rekognition_can_read_is_pointed_to(s3: FakeS3) -> None:
    s3.add(BUCKET, "uploads/portrait.jpg", jpeg(600, 400), "v7")
    event = {"s3_bucket": BUCKET, "s3_key": "uploads/portrait.jpg", "detectFaces": True}

    answer = invoke(s3, event)

    assert answer["image"]["faces"] == {"bucket": BUCKET, "key": "uploads/portrait.jpg", "versionId": "v7"}
    assert not [each for each in s3.written if each["Key"].startswith("faces/")]


def test_a_picture_too_small_for_faces_has_none_prepared(s3: FakeS3) -> None:
    s3.add(BUCKET, "uploads/icon.png", png(79, 300))

    answer = invoke(s3, {"s3_bucket": BUCKET, "s3_key": "uploads/icon.png", "detectFaces": True})

    assert answer["image"]["faces"] is None


def test_without_versions_there_is_no_version(s3: FakeS3) -> None:
    s3.add("unversioned", "a.png", DIGIT, None)

    answer = invoke(s3, {"s3_bucket": "unversioned", "s3_key": "a.png"})

    assert answer["image"]["versionId"] is None


@pytest.mark.parametrize("key", ["uploads/a b+c%20d.png", "uploads/ü/猫.png", "uploads/../x.png", "k" * 1024])
def test_a_key_is_taken_as_it_is(s3: FakeS3, key: str) -> None:
    s3.add(BUCKET, key, DIGIT)

    assert invoke(s3, {"s3_bucket": BUCKET, "s3_key": key})["body"]["s3_key"] == key


@pytest.mark.parametrize("case", FAILING)
def test_what_cannot_be_read_is_named(s3: FakeS3, case: str) -> None:
    with pytest.raises(errors.LoupeError) as failure:
        invoke(s3, golden_event("serialize_image_data", case))

    assert type(failure.value) is FAILING[case]
    assert str(failure.value).endswith(".")


def test_no_byte_of_a_picture_is_logged(s3: FakeS3, capsys: pytest.CaptureFixture[str]) -> None:
    answer = invoke(s3, golden_event("serialize_image_data", "digit"))
    with pytest.raises(errors.UnsupportedImageError):
        invoke(s3, golden_event("serialize_image_data", "text_called_jpg"))

    logged = "".join(capsys.readouterr())
    assert answer["body"]["image_data"][:24] not in logged
    assert "milk" not in logged


def test_a_missing_setting_names_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROCESSED_BUCKET")

    with pytest.raises(SettingsError, match="PROCESSED_BUCKET"):
        load_handler("serialize_image_data")
