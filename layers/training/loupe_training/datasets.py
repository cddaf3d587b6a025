"""Datasets in S3: listed, read, copied. boto3's errors become ours here."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from botocore.exceptions import ClientError

from loupe_core.errors import AccessDeniedError, LoupeError
from loupe_training.aws_errors import code_of, is_denied, translated
from loupe_training.errors import DatasetChangedError, DatasetNotFoundError
from loupe_training.request import Place
from loupe_training.survey import Survey

NO_BUCKET = "NoSuchBucket"
# Of a copy: the object has gone, or is another one by now.
CHANGED = {"NoSuchKey", "PreconditionFailed", "404", "412"}
COPIES_AT_ONCE = 10


@dataclass(frozen=True)
class Progress:
    """A listing that is counted; `token` says where to go on, None when all is counted."""

    survey: Survey
    token: str | None

    def to_dict(self) -> dict[str, Any]:
        return {"survey": asdict(self.survey), "token": self.token}


class Datasets:
    """S3, as the import asks it."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def survey(self, place: Place, given: Mapping[str, Any], may_go_on: Callable[[], bool]) -> Progress:
        """Count from where `given` (an earlier Progress as a dictionary, or empty) left off, while it may.

        Raises DatasetNotFoundError, AccessDeniedError, ServiceUnavailableError.
        """
        survey = Survey.parse(given["survey"]) if given.get("survey") else Survey()
        token: str | None = given.get("token")
        while True:
            page = self._list(place, token)
            contents = page.get("Contents", [])
            if survey.objects == 0:
                self._try_reading(place, contents)
            survey = survey.add(contents)
            token = page.get("NextContinuationToken")
            if token is None or not may_go_on():
                return Progress(survey, token)

    def _list(self, place: Place, token: str | None) -> dict[str, Any]:
        goes_on = {"ContinuationToken": token} if token else {}
        with self._named("s3:ListBucket", place):
            found: dict[str, Any] = self._s3.list_objects_v2(
                Bucket=place.bucket, Prefix=place.prefix, **goes_on
            )
        return found

    def _try_reading(self, place: Place, contents: list[dict[str, Any]]) -> None:
        """A bucket may let itself be listed and not be read: better said before a hundred copies."""
        keys = [each["Key"] for each in contents if not each["Key"].endswith("/")]
        if keys:
            with self._named("s3:GetObject", place):
                self._s3.head_object(Bucket=place.bucket, Key=keys[0])

    @contextmanager
    def _named(self, action: str, place: Place) -> Iterator[None]:
        try:
            with translated(f"{action} on {place}"):
                yield
        except AccessDeniedError as error:
            raise AccessDeniedError(
                f"The objects under {place} may not be listed or read. {error}"
            ) from error
        except ClientError as error:
            if code_of(error) == NO_BUCKET:
                raise DatasetNotFoundError(f"There is no bucket {place.bucket}.") from error
            raise

    def copy(self, items: list[Mapping[str, str]], place: Place, bucket: str, target: str) -> int:
        """Copy objects ({key, etag}, in the order of their keys) server-side under `target`; how many.

        What is there already stays, but for the first. Raises AccessDeniedError, DatasetChangedError,
        ServiceUnavailableError, when all others have been tried.
        """
        wanted = [each for each in items if not each["key"].endswith("/")]
        if not wanted:
            return 0
        names = {each["key"]: target + each["key"].removeprefix(place.prefix) for each in wanted}
        # Keys have one order in both places: the others' copies come after the first's, within as many.
        with translated(f"s3:ListBucket on {bucket}"):
            there = self._s3.list_objects_v2(
                Bucket=bucket, Prefix=target, StartAfter=names[wanted[0]["key"]], MaxKeys=len(wanted)
            )
        found = {each["Key"] for each in there.get("Contents", [])}
        missing = [each for each in wanted if names[each["key"]] not in found]

        def copy(each: Mapping[str, str]) -> LoupeError | None:
            return self._copy(place, each, bucket, names[each["key"]])

        with ThreadPoolExecutor(COPIES_AT_ONCE) as pool:
            failures = [error for error in pool.map(copy, missing) if error]
        if failures:
            raise failures[0]
        return len(missing)

    def _copy(self, place: Place, item: Mapping[str, str], bucket: str, key: str) -> LoupeError | None:
        """Without the tags, which the owner need not let us read."""
        source = f"s3://{place.bucket}/{item['key']}"
        try:
            with translated(f"Copying {source}"):
                self._s3.copy_object(
                    Bucket=bucket,
                    Key=key,
                    CopySource={"Bucket": place.bucket, "Key": item["key"]},
                    CopySourceIfMatch=item["etag"],
                    TaggingDirective="REPLACE",
                )
        except LoupeError as error:
            return error
        except ClientError as error:
            if is_denied(error) or code_of(error) not in CHANGED:
                raise
            return DatasetChangedError(f"{source} changed while it was copied: {code_of(error)}.")
        return None
