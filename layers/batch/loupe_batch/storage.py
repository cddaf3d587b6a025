"""S3, as the batch functions use it: the batch bucket's own objects, and lists that others wrote.

boto3's errors become ours here.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from loupe_batch.errors import SourceNotFoundError
from loupe_core.errors import AccessDeniedError, LoupeError, StorageUnavailableError
from loupe_core.runs import CONFLICT, ConflictError
from loupe_core.s3_images import DENIED, INVALID

MISSING = {"NoSuchKey", "NoSuchBucket", "NotFound", "404"}
CONFIG = Config(
    connect_timeout=3,
    read_timeout=30,
    max_pool_connections=40,
    retries={"total_max_attempts": 5, "mode": "standard"},
)


class Storage:
    """Objects of the batch bucket by key, JSON mostly; of any bucket for reading."""

    def __init__(self, bucket: str, client: Any = None) -> None:
        self.bucket = bucket
        self.client: Any = client or boto3.client("s3", config=CONFIG)

    def read(self, key: str) -> Any:
        """What a JSON object holds; None where there is none."""
        found = self.read_with_etag(key)
        return None if found is None else found[0]

    def read_with_etag(self, key: str) -> tuple[Any, str] | None:
        with _named(f"s3:GetObject on s3://{self.bucket}/{key}"):
            try:
                answer = self.client.get_object(Bucket=self.bucket, Key=key)
                return json.loads(answer["Body"].read()), answer["ETag"]
            except ClientError as error:
                if code_of(error) not in MISSING:
                    raise
        return None

    def write(self, key: str, value: Any, **condition: str) -> str:
        """Write JSON, and give its ETag. Raises ConflictError where `condition` (IfMatch, …) is not met."""
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        with _named(f"s3:PutObject on s3://{self.bucket}/{key}"):
            try:
                answer = self.client.put_object(
                    Bucket=self.bucket,
                    Key=key,
                    # A key of S3's is valid Unicode; what a list says need not be.
                    Body=body.encode("utf-8", "surrogatepass"),
                    ContentType="application/json",
                    **condition,
                )
            except ClientError as error:
                if condition and code_of(error) in CONFLICT:
                    raise ConflictError(key) from error
                raise
        return str(answer["ETag"])

    def put(self, key: str, content: bytes, content_type: str) -> None:
        """An object of the batch bucket."""
        with _named(f"s3:PutObject on s3://{self.bucket}/{key}"):
            self.client.put_object(Bucket=self.bucket, Key=key, Body=content, ContentType=content_type)

    def upload(self, file: IO[bytes], key: str, content_type: str) -> None:
        """A file from its start, in parts where it is large."""
        file.seek(0)
        with _named(f"s3:PutObject on s3://{self.bucket}/{key}"):
            extra = {"ContentType": content_type}
            self.client.upload_fileobj(file, self.bucket, key, ExtraArgs=extra)

    def keys(self, prefix: str) -> Iterator[str]:
        """Keys under a prefix of the batch bucket."""
        yield from (entry["Key"] for entry in self.listed(self.bucket, prefix))

    def listed(self, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
        """ListObjectsV2's entries. Raises SourceNotFoundError for a bucket that is not there."""
        with source_errors(f"s3:ListBucket on {bucket}", f"s3://{bucket}/{prefix}"):
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            for page in pages:
                yield from page.get("Contents", [])

    def download(self, bucket: str, key: str, file: IO[bytes]) -> None:
        """Somebody's object into a file. Raises SourceNotFoundError, AccessDeniedError."""
        with source_errors(f"s3:GetObject on s3://{bucket}/{key}", f"s3://{bucket}/{key}"):
            self.client.download_fileobj(bucket, key, file)
            file.seek(0)

    def head(self, bucket: str, key: str, version_id: str | None) -> Mapping[str, Any] | None:
        """HeadObject's answer; None where it cannot be had: whoever reads the object says why."""
        version = {"VersionId": version_id} if version_id else {}
        try:
            answer: Mapping[str, Any] = self.client.head_object(Bucket=bucket, Key=key, **version)
        except (ClientError, BotoCoreError):
            return None
        return answer


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def source_errors(action: str, place: str) -> Iterator[None]:
    """Besides what any call may raise: SourceNotFoundError for what is not there or cannot be."""
    with _named(action):
        try:
            yield
        except ClientError as error:
            if code_of(error) in MISSING | INVALID:
                raise SourceNotFoundError(f"There is nothing at {place} ({code_of(error)}).") from error
            raise


@contextmanager
def _named(action: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise _translated(error, action) from error
    except BotoCoreError as error:
        raise StorageUnavailableError(f"{action} got no answer ({type(error).__name__}).") from error


def _translated(error: ClientError, action: str) -> LoupeError:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code_of(error) in DENIED or status in (401, 403):
        message = error.response.get("Error", {}).get("Message", "")
        return AccessDeniedError(f"{action} was refused: {message or code_of(error)}")
    return StorageUnavailableError(f"{action} failed: {code_of(error)}.")
