"""S3, as the functions use it: read a picture within a limit, write one. boto3's errors become ours here."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
)
from botocore.exceptions import ReadTimeoutError as BotoReadTimeoutError

from loupe_core.contract import ImageReference
from loupe_core.errors import (
    AccessDeniedError,
    ImageNotFoundError,
    ImageTooLargeError,
    InvalidInputError,
    LoupeError,
    StorageUnavailableError,
)
from loupe_core.limits import MAX_IMAGE_BYTES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MISSING = {"NoSuchKey", "NoSuchVersion", "NotFound", "404", "405", "MethodNotAllowed"}
INVALID = {"InvalidArgument", "InvalidBucketName", "KeyTooLongError", "InvalidURI", "400", "BadRequest"}
DENIED = {"AccessDenied", "403", "Forbidden", "AllAccessDisabled", "InvalidAccessKeyId", "ExpiredToken"}
DENIED |= {"SignatureDoesNotMatch", "InvalidToken", "KMS.AccessDeniedException", "KMS.DisabledException"}
# Of a conditional write, that another one came before it.
CHANGED = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
CLAIMED_AT = "claimed-at"
WRITE_ATTEMPTS = 5
# How S3 says that KMS refused: the key, and not the object, is what the role may not use.
KEY_REFUSED = re.compile(r"to perform: (kms:\w+) on resource: (arn:[^\s\"]+)")
BUSY = {"SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "Throttling"}


@dataclass(frozen=True)
class StoredImage:
    """A picture's bytes and the version that they are; None where the bucket keeps no versions.

    `etag` without its quotes; `modified_at` in ISO 8601; "" where S3 does not say.
    """

    content: bytes
    version_id: str | None
    etag: str = ""
    modified_at: str = ""


@dataclass(frozen=True)
class StoredVersion:
    """Which version an object is (None where the bucket keeps none), its bytes, and when it was written."""

    version_id: str | None
    size: int
    modified_at: str


class S3Images:
    """Pictures in S3."""

    def __init__(self, client: "S3Client | None" = None) -> None:
        self._client: Any = client or boto3.client(
            "s3",
            # Two quick attempts here; the state machine retries with patience.
            config=Config(
                connect_timeout=3, read_timeout=15, retries={"total_max_attempts": 2, "mode": "standard"}
            ),
        )

    def get(self, image: ImageReference, largest: int = MAX_IMAGE_BYTES) -> StoredImage:
        """Read a picture. Nothing is read of one that says it is over `largest` bytes."""
        version = {"VersionId": image.version_id} if image.version_id else {}
        with _named_errors("s3:GetObjectVersion" if version else "s3:GetObject", image.bucket, image.key):
            answer = self._client.get_object(Bucket=image.bucket, Key=image.key, **version)
            size = answer["ContentLength"]
            if size > largest:
                answer["Body"].close()
                raise ImageTooLargeError(
                    f"The picture is {size / 1e6:.1f} MB; at most {largest // 1_000_000} MB are allowed."
                )
            content: bytes = answer["Body"].read()
        modified = _moment(answer["LastModified"]) if "LastModified" in answer else ""
        return StoredImage(content, _version(answer), str(answer.get("ETag", "")).strip('"'), modified)

    def newest(self, image: ImageReference) -> StoredVersion | None:
        """What the key, or the version of it, holds now; None where that cannot be seen.

        What is wrong with the object is said by whoever reads it.
        """
        version = {"VersionId": image.version_id} if image.version_id else {}
        try:
            answer = self._client.head_object(Bucket=image.bucket, Key=image.key, **version)
        except (BotoCoreError, ClientError):
            return None
        modified = _moment(answer["LastModified"])
        return StoredVersion(_version(answer), int(answer["ContentLength"]), modified)

    def delete(self, image: ImageReference) -> None:
        """Remove the object, or the version of it. What is not there is gone already."""
        version = {"VersionId": image.version_id} if image.version_id else {}
        action = "s3:DeleteObjectVersion" if version else "s3:DeleteObject"
        with _named_errors(action, image.bucket, image.key):
            self._client.delete_object(Bucket=image.bucket, Key=image.key, **version)

    def put(
        self,
        bucket: str,
        key: str,
        content: bytes,
        claimed_at: str | None = None,
        content_type: str = "image/jpeg",
    ) -> str | None:
        """Write a picture and give its version, or None where the bucket keeps none.

        With `claimed_at` (ISO 8601), what an execution wrote that claimed the picture later stays.
        """
        put = {"Bucket": bucket, "Key": key, "Body": content, "ContentType": content_type}
        with _named_errors("s3:PutObject", bucket, key):
            if claimed_at is None:
                return _version(self._client.put_object(**put))
            return self._put_in_order({**put, "Metadata": {CLAIMED_AT: claimed_at}}, claimed_at)

    def _put_in_order(self, put: dict[str, Any], claimed_at: str) -> str | None:
        """Write unless a later claim has written: each attempt names what it means to replace.

        Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
        """
        condition = {"IfNoneMatch": "*"}
        for _ in range(WRITE_ATTEMPTS):
            try:
                return _version(self._client.put_object(**put, **condition))
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") not in CHANGED:
                    raise
            there = self._client.head_object(Bucket=put["Bucket"], Key=put["Key"])
            if there.get("Metadata", {}).get(CLAIMED_AT, "") > claimed_at:
                return _version(there)
            condition = {"IfMatch": there["ETag"]}
        raise StorageUnavailableError(f"s3://{put['Bucket']}/{put['Key']} is written by others all the time.")


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _version(answer: dict[str, Any]) -> str | None:
    # "null" is S3's word for an object written before versioning was switched on.
    version = answer.get("VersionId")
    return str(version) if version and version != "null" else None


@contextmanager
def _named_errors(action: str, bucket: str, key: str) -> Iterator[None]:
    place = f"s3://{bucket}/{key}"
    try:
        yield
    except ClientError as error:
        raise _from_client_error(error, action, bucket, place) from error
    except ParamValidationError as error:
        raise InvalidInputError(f"{place} is not a valid S3 address.") from error
    except NoCredentialsError as error:
        raise AccessDeniedError(f"No AWS credentials for {action} on {place}.") from error
    except (ConnectionError, HTTPClientError, BotoReadTimeoutError, BotoCoreError) as error:
        raise StorageUnavailableError(f"S3 failed for {place} ({type(error).__name__}).") from error


def _from_client_error(error: ClientError, action: str, bucket: str, place: str) -> LoupeError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code == "NoSuchBucket":
        return ImageNotFoundError(f"There is no bucket {bucket}.")
    if code == "InvalidObjectState":
        return ImageNotFoundError(f"{place} is archived and must be restored before it can be read.")
    if code in MISSING:
        return ImageNotFoundError(f"There is no picture at {place}, or not in this version.")
    if code in DENIED or status in (401, 403):
        return AccessDeniedError(refusal(error, action, place, code))
    if code in BUSY or status >= 500:
        return StorageUnavailableError(f"S3 is busy or failing: {code} for {place}.")
    if code in INVALID:
        return InvalidInputError(f"S3 does not accept {place} or its version ({code}).")
    return StorageUnavailableError(f"S3 answered {code or status} for {place}.")


def refusal(error: ClientError, action: str, place: str, code: str) -> str:
    """The action that was refused, and on what: the key's where KMS refused it for S3."""
    message = str(error.response.get("Error", {}).get("Message", ""))
    if found := KEY_REFUSED.search(message):
        return f"AWS refused {found[1]} on the key {found[2].rstrip('.')}, which encrypts {place} ({code})."
    if code.startswith("KMS."):
        return f"AWS refused the key that encrypts {place} ({code}): {message}"
    return f"AWS refused {action} on {place} ({code})."
