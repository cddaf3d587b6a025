"""The answers as a dataset of the training bucket, which a training adds to its own data.

    reviewed/labels.json                          every label's number, which never changes
    reviewed/VERSION/answers/answers.manifest     what people answered (loupe_review.dataset)
    reviewed/VERSION/pictures.json                where the pictures are, as a ManifestFile of SageMaker

VERSION is a hash of what is in it: the same answers are the same dataset. The pictures stay where they were
uploaded, so that one that somebody deletes is in no later training.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from loupe_core.errors import AccessDeniedError, RecordsUnavailableError
from loupe_review.dataset import Reviewed, label_ids, manifest_line, reviewed_pictures
from loupe_review.review import Review

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "reviewed/"
LABELS_KEY = f"{PREFIX}labels.json"
LOOKED_AT_ONCE = 10
MAX_ATTEMPTS = 5
MISSING = {"404", "NoSuchKey"}
CONFLICT = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
DENIED = {"AccessDenied", "403"}
CONFIG = Config(
    connect_timeout=2,
    read_timeout=10,
    max_pool_connections=LOOKED_AT_ONCE,
    retries={"total_max_attempts": 3, "mode": "standard"},
)


@dataclass(frozen=True)
class Published:
    """A version of the dataset: its prefix, how many pictures it has, and how many stay out because they are
    gone, were replaced since, or are in another bucket. `uri` is "" where no picture is left.
    """

    uri: str
    pictures: int
    left_out: int


class ReviewedDataset:
    """Publishes what people answered. Raises AccessDeniedError and RecordsUnavailableError."""

    def __init__(self, training_bucket: str, uploads_bucket: str, client: "S3Client | None" = None) -> None:
        self._bucket, self._uploads = training_bucket, uploads_bucket
        self._client: Any = client or boto3.client("s3", config=CONFIG)

    def publish(self, reviews: Iterable[Review]) -> Published:
        """Write the dataset, unless it is there; it may be repeated."""
        found = reviewed_pictures(reviews)
        with ThreadPoolExecutor(LOOKED_AT_ONCE) as pool:
            there = [
                each
                for each, is_there in zip(found, pool.map(self._is_there, found), strict=True)
                if is_there
            ]
        left_out = len(found) - len(there)
        if not there:
            return Published("", 0, left_out)
        numbers = self._numbers({each.label for each in there})
        manifest = _lines(manifest_line(each, numbers[each.label]) for each in there)
        pictures = json.dumps([{"prefix": f"s3://{self._uploads}/"}, *(each.key for each in there)]).encode()
        version = f"{PREFIX}{hashlib.sha256(manifest + pictures).hexdigest()[:24]}/"
        self._write(f"{version}answers/answers.manifest", manifest)
        self._write(f"{version}pictures.json", pictures)
        return Published(f"s3://{self._bucket}/{version}", len(there), left_out)

    def _is_there(self, picture: Reviewed) -> bool:
        """Whether the object that people looked at is still what its key gives."""
        # A name that SageMaker would make a path of that leads elsewhere.
        if picture.bucket != self._uploads or ".." in picture.key.split("/"):
            return False
        try:
            with named_errors(f"s3:GetObject on {picture.bucket}"):
                answer = self._client.head_object(Bucket=picture.bucket, Key=picture.key)
        except KeyError:
            return False
        return picture.version_id in ("", "null", answer.get("VersionId"))

    def _numbers(self, labels: set[str]) -> dict[str, int]:
        """Every label's number; new labels get new ones, whoever else gives some at the same time."""
        for _ in range(MAX_ATTEMPTS):
            known, condition = self._known()
            numbers = label_ids(labels, known)
            if numbers == known or self._write(LABELS_KEY, json.dumps(numbers).encode(), condition):
                return numbers
        raise RecordsUnavailableError("The labels' numbers are changed by others all the time.")

    def _known(self) -> tuple[dict[str, int], Mapping[str, str]]:
        try:
            with named_errors(f"s3:GetObject on {self._bucket}"):
                answer = self._client.get_object(Bucket=self._bucket, Key=LABELS_KEY)
                return json.loads(answer["Body"].read()), {"IfMatch": str(answer["ETag"])}
        except KeyError:
            return {}, {"IfNoneMatch": "*"}

    def _write(self, key: str, body: bytes, condition: Mapping[str, str] | None = None) -> bool:
        """False where the condition does not hold."""
        try:
            with named_errors(f"s3:PutObject on {self._bucket}"):
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=body,
                    ContentType="application/json",
                    **(condition or {}),
                )
        except FileExistsError:
            return False
        return True


@contextmanager
def named_errors(action: str) -> Iterator[None]:
    """S3's errors as ours; KeyError for what is not there, FileExistsError for a condition not met."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in MISSING:
            raise KeyError(action) from error
        if code in CONFLICT:
            raise FileExistsError(action) from error
        if code in DENIED:
            raise AccessDeniedError(f"AWS refused {action} ({code}).") from error
        raise RecordsUnavailableError(f"S3 answered {code} to {action}.") from error
    except BotoCoreError as error:
        raise RecordsUnavailableError(f"S3 failed ({type(error).__name__}).") from error


def _lines(records: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in records).encode()
