"""S3's adapter: what is read and written, and which of our errors each of S3's becomes."""

import io
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import (
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from loupe_core import errors
from loupe_core.contract import ImageReference, image_id, place_digest
from loupe_core.messages import advice
from loupe_core.s3_images import S3Images, StoredImage, StoredVersion
from tests.unit.functions.handlers import FakeS3, client_error

PICTURE = ImageReference("uploads", "a b+c/ü.jpg")
VERSION = ImageReference("uploads", "a b+c/ü.jpg", "v1")


class FailingS3:
    """S3 that answers every call with an error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def get_object(self, **request: Any) -> Any:
        raise self.error

    put_object = get_object


class BrokenBody(io.BytesIO):
    """A body that breaks off."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def read(self, size: int | None = -1) -> bytes:
        raise self.error


def failure_of(error: Exception, image: ImageReference = PICTURE) -> errors.LoupeError:
    with pytest.raises(errors.LoupeError) as failure:
        S3Images(FailingS3(error)).get(image)  # type: ignore[arg-type] # a fake
    return failure.value


def test_the_newest_or_a_given_version_is_read() -> None:
    s3 = FakeS3()
    s3.add("uploads", PICTURE.key, b"old", "v1")
    s3.add("uploads", PICTURE.key, b"new", "v2")
    images = S3Images(s3)  # type: ignore[arg-type] # a fake

    assert (images.get(PICTURE).content, images.get(PICTURE).version_id) == (b"new", "v2")
    assert (images.get(VERSION).content, images.get(VERSION).version_id) == (b"old", "v1")


def test_the_null_version_counts_as_none() -> None:
    s3 = FakeS3()
    s3.add("uploads", PICTURE.key, b"x", "null")

    assert S3Images(s3).get(PICTURE).version_id is None  # type: ignore[arg-type] # a fake


def test_a_body_over_the_limit_is_not_read() -> None:
    class Huge:
        def get_object(self, **request: Any) -> Any:
            return {"ContentLength": 27_000_000, "Body": BrokenBody(AssertionError("the body was read"))}

    with pytest.raises(errors.ImageTooLargeError, match=r"27\.0 MB; at most 25 MB"):
        S3Images(Huge()).get(PICTURE)  # type: ignore[arg-type] # a fake


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("NoSuchKey", 404, errors.ImageNotFoundError),
        ("NoSuchBucket", 404, errors.ImageNotFoundError),
        ("NoSuchVersion", 404, errors.ImageNotFoundError),
        ("MethodNotAllowed", 405, errors.ImageNotFoundError),
        ("InvalidObjectState", 403, errors.ImageNotFoundError),
        ("AccessDenied", 403, errors.AccessDeniedError),
        ("KMS.AccessDeniedException", 400, errors.AccessDeniedError),
        ("ExpiredToken", 400, errors.AccessDeniedError),
        ("InvalidArgument", 400, errors.InvalidInputError),
        ("InvalidBucketName", 400, errors.InvalidInputError),
        ("KeyTooLongError", 400, errors.InvalidInputError),
        ("SlowDown", 503, errors.StorageUnavailableError),
        ("InternalError", 500, errors.StorageUnavailableError),
        ("ServiceUnavailable", 503, errors.StorageUnavailableError),
        ("RequestTimeout", 400, errors.StorageUnavailableError),
        ("SomethingNew", 502, errors.StorageUnavailableError),
    ],
)
def test_an_error_of_s3_becomes_ours(code: str, status: int, expected: type[errors.LoupeError]) -> None:
    failure = failure_of(client_error(code, status, "GetObject"))

    assert type(failure) is expected
    assert "uploads" in str(failure)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (EndpointConnectionError(endpoint_url="http://x"), errors.StorageUnavailableError),
        (ReadTimeoutError(endpoint_url="http://x"), errors.StorageUnavailableError),
        (NoCredentialsError(), errors.AccessDeniedError),
        (ParamValidationError(report="Invalid bucket name"), errors.InvalidInputError),
    ],
)
def test_a_failing_connection_has_a_name(error: Exception, expected: type[errors.LoupeError]) -> None:
    assert type(failure_of(error)) is expected


@pytest.mark.parametrize(
    "error",
    [IncompleteReadError(actual_bytes=3, expected_bytes=9), ReadTimeoutError(endpoint_url="http://x")],
)
def test_a_body_that_breaks_off_is_worth_another_try(error: Exception) -> None:
    class Breaking:
        def get_object(self, **request: Any) -> Any:
            return {"ContentLength": 9, "Body": BrokenBody(error)}

    with pytest.raises(errors.StorageUnavailableError):
        S3Images(Breaking()).get(PICTURE)  # type: ignore[arg-type] # a fake


def test_a_refusal_names_the_action() -> None:
    denied = client_error("AccessDenied", 403, "GetObject")

    assert "s3:GetObject " in str(failure_of(denied))
    assert "s3:GetObjectVersion " in str(failure_of(denied, VERSION))
    with pytest.raises(errors.AccessDeniedError, match="s3:PutObject"):
        S3Images(FailingS3(denied)).put("processed", "k", b"")  # type: ignore[arg-type] # a fake


def test_of_two_claims_the_later_one_keeps_its_picture_whoever_writes_last() -> None:
    for order in (("early", "late"), ("late", "early"), ("late", "late")):
        s3 = FakeS3(versioned=False)
        for content in order:
            moment = {"early": "2026-11-21T12:00:00.000Z", "late": "2026-11-21T12:00:00.010Z"}[content]
            S3Images(s3).put("processed", "k", content.encode(), moment)  # type: ignore[arg-type] # a fake
        assert s3.written[-1]["Body"] == b"late"


def test_a_write_that_is_overtaken_looks_again() -> None:
    s3 = FakeS3(versioned=False)
    images = S3Images(s3)  # type: ignore[arg-type] # a fake
    images.put("processed", "k", b"first", "2026-11-21T12:00:00.000Z")
    look, overtaken = s3.head_object, iter([True])

    def overtaking(**request: Any) -> dict[str, Any]:
        there = look(**request)
        if next(overtaken, False):
            images.put("processed", "k", b"between", "2026-11-21T12:00:01.000Z")
        return there

    s3.head_object = overtaking  # type: ignore[method-assign] # something happens between two calls
    images.put("processed", "k", b"last", "2026-11-21T12:00:02.000Z")
    assert [each["Body"] for each in s3.written] == [b"first", b"between", b"last"]
    # Each says what it replaces: S3 refuses it where that is gone.
    assert [(each.get("IfNoneMatch"), each.get("IfMatch")) for each in s3.written] == [
        ("*", None),
        (None, "0"),
        (None, "1"),
    ]


def test_a_missing_bucket_is_named() -> None:
    assert str(failure_of(client_error("NoSuchBucket", 404, "GetObject"))) == "There is no bucket uploads."


def test_an_id_is_of_the_place_whatever_the_version() -> None:
    assert image_id(PICTURE, "images") == image_id(VERSION, "images")
    assert len(image_id(PICTURE, "images")) == 32
    assert place_digest(PICTURE) == place_digest(VERSION)
    assert place_digest(ImageReference("b", "k")) == "710800c9e207017de17bae08517e6f4b"


def test_who_knows_a_pictures_place_does_not_know_its_id() -> None:
    place = ImageReference("b", "k")

    assert image_id(place, "loupe-ImagesTable-1ABC") != image_id(place, "loupe-ImagesTable-2DEF")
    assert image_id(place, "loupe-ImagesTable-1ABC") != place_digest(place)


@pytest.mark.parametrize("why", [" because no identity-based policy allows the kms:Decrypt action", "."])
def test_a_refusal_of_the_key_names_the_key_and_not_the_object(why: str) -> None:
    key = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    said = (
        "User: arn:aws:sts::123456789012:assumed-role/loupe/one is not authorized to perform: kms:Decrypt on "
        f"resource: {key}{why}"
    )

    failure = failure_of(client_error("AccessDenied", 403, "GetObject", message=said))

    assert isinstance(failure, errors.AccessDeniedError)
    assert f"kms:Decrypt on the key {key}, which" in str(failure)
    assert "s3:GetObject" not in str(failure)
    assert "KmsKeyArn" in advice("AccessDeniedError", str(failure))
    disabled = failure_of(
        client_error("KMS.DisabledException", 400, "GetObject", message=f"{key} is disabled.")
    )
    assert f"{key} is disabled." in str(disabled)


class StubS3:
    """S3 that gives one answer to every call, and keeps what it was asked."""

    def __init__(self, **answer: Any) -> None:
        self.answer, self.asked = answer, list[dict[str, Any]]()

    def head_object(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        return self.answer

    get_object = head_object
    delete_object = head_object


WRITTEN = datetime(2026, 11, 12, 13, 0, tzinfo=timezone(timedelta(hours=1)))
OF_PICTURE = {"Bucket": "uploads", "Key": PICTURE.key}


def test_what_s3_says_of_a_picture_is_kept_with_it() -> None:
    s3 = StubS3(Body=io.BytesIO(b"x"), ContentLength=1, VersionId="v1", ETag='"d1"', LastModified=WRITTEN)
    bare = StubS3(Body=io.BytesIO(b"x"), ContentLength=1)

    assert S3Images(s3).get(PICTURE) == StoredImage(b"x", "v1", "d1", "2026-11-12T12:00:00Z")  # type: ignore[arg-type] # a fake
    assert S3Images(bare).get(PICTURE) == StoredImage(b"x", None, "", "")  # type: ignore[arg-type] # a fake


@pytest.mark.parametrize(("image", "version"), [(PICTURE, {}), (VERSION, {"VersionId": "v1"})])
def test_the_key_or_its_version_is_asked_for_looked_at_and_removed(
    image: ImageReference, version: dict[str, str]
) -> None:
    s3 = StubS3(VersionId="v2", ContentLength=7, LastModified=WRITTEN, Body=io.BytesIO(b"x"))
    images = S3Images(s3)  # type: ignore[arg-type] # a fake

    assert images.newest(image) == StoredVersion("v2", 7, "2026-11-12T12:00:00Z")
    images.get(image)
    images.delete(image)

    assert s3.asked == [{**OF_PICTURE, **version}] * 3


def test_a_picture_at_the_limit_is_read() -> None:
    s3 = StubS3(ContentLength=3, Body=io.BytesIO(b"abc"))

    assert S3Images(s3).get(PICTURE, largest=3).content == b"abc"  # type: ignore[arg-type] # a fake


def test_a_copy_that_others_write_all_the_time_is_tried_again_later() -> None:
    class Busy(FailingS3):
        def head_object(self, **request: Any) -> dict[str, Any]:
            return {"ETag": "d1", "Metadata": {}}

    changed = client_error("PreconditionFailed", 412, "PutObject")

    with pytest.raises(errors.StorageUnavailableError, match=r"^s3://made/k is written by others"):
        S3Images(Busy(changed)).put("made", "k", b"", "2026")  # type: ignore[arg-type] # a fake


def test_a_copy_that_cannot_be_written_says_why() -> None:
    denied = client_error("AccessDenied", 403, "PutObject")

    with pytest.raises(errors.AccessDeniedError, match="s3:PutObject on s3://made/k"):
        S3Images(FailingS3(denied)).put("made", "k", b"", "2026")  # type: ignore[arg-type] # a fake


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("InvalidObjectState", 403, "is archived and must be restored"),
        ("Odd", 418, "S3 answered Odd for s3://uploads/"),
        ("", 418, "S3 answered 418 for s3://uploads/"),
    ],
)
def test_what_s3_says_is_passed_on(code: str, status: int, words: str) -> None:
    assert words in str(failure_of(client_error(code, status, "GetObject")))


@pytest.mark.parametrize(
    ("claimed_at", "more"),
    [(None, {}), ("2026", {"Metadata": {"claimed-at": "2026"}, "IfNoneMatch": "*"})],
)
def test_a_copy_is_written_as_what_it_is(claimed_at: str | None, more: dict[str, Any]) -> None:
    s3 = FakeS3()
    S3Images(s3).put("made", "k", b"x", claimed_at, "image/webp")  # type: ignore[arg-type] # a fake

    assert s3.written == [{"Bucket": "made", "Key": "k", "Body": b"x", "ContentType": "image/webp", **more}]
