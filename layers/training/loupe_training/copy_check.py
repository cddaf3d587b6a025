"""Whether a copy is whole; and if not, what the map run that made it says of its failed batches."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any

from loupe_core.errors import AccessDeniedError, LoupeError
from loupe_training.errors import CopyFailedError, DatasetChangedError
from loupe_training.request import Place
from loupe_training.survey import Survey

SHOWN_FAILURES = 3
MAX_CAUSE_LENGTH = 300


def check_copy(source: Place, wanted: Survey, copy: Survey, failures: list[Mapping[str, Any]]) -> None:
    """Raises AccessDeniedError, DatasetChangedError or CopyFailedError, unless the copy is whole.

    `failures` are the children of the map run that failed, as its result files list them: {Error, Cause}.
    """
    if failures:
        raise _failed(source, failures)
    if copy.objects > wanted.objects:
        raise DatasetChangedError(
            f"The copy of {source} holds {copy.objects} objects where {wanted.objects} were counted: "
            "some came while it was copied. It stays; a dataset that has changed is copied to another place."
        )
    if (copy.objects, copy.bytes) != (wanted.objects, wanted.bytes):
        raise DatasetChangedError(
            f"The objects under {source} changed while they were copied: there were {wanted.objects} of "
            f"{wanted.bytes} bytes, and {copy.objects} of {copy.bytes} bytes were copied."
        )


def failed_children(s3: Any, bucket: str, manifest_key: str) -> list[Mapping[str, Any]]:
    """The first children that the map run lists as failed; none where it lists none.

    The manifest names files of JSON lines.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
    """
    manifest = json.loads(s3.get_object(Bucket=bucket, Key=manifest_key)["Body"].read())
    return list(islice(_lines(s3, bucket, manifest["ResultFiles"]["FAILED"]), SHOWN_FAILURES))


def _lines(s3: Any, bucket: str, files: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for each in files:
        body = s3.get_object(Bucket=bucket, Key=each["Key"])["Body"]
        for line in body.iter_lines():
            yield json.loads(line)


def _failed(source: Place, failures: list[Mapping[str, Any]]) -> LoupeError:
    said = [f"{each.get('Error')}: {_message(each)}" for each in failures]
    names = {str(each.get("Error")) for each in failures}
    if AccessDeniedError.__name__ in names:
        return AccessDeniedError(f"Some objects under {source} may not be read: {said[0]}")
    if DatasetChangedError.__name__ in names:
        return DatasetChangedError(f"The objects under {source} changed while they were copied: {said[0]}")
    return CopyFailedError(f"Objects under {source} could not be copied: {'; '.join(said)}")


def _message(child: Mapping[str, Any]) -> str:
    """A function's Cause is JSON with its message and a stack trace."""
    cause = str(child.get("Cause") or "AWS gave no cause")
    with suppress(ValueError, KeyError, TypeError):
        cause = str(json.loads(cause)["errorMessage"])
    return cause[:MAX_CAUSE_LENGTH]
