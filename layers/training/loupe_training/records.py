"""The record of a run: `runs/NAME/run.json` in the training bucket. It says what became of the execution,
whether that was notified, and what is left over. Every write names what it replaces.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from loupe_training.aws_errors import code_of, translated
from loupe_training.errors import CleanupPendingError
from loupe_training.names import Run

MISSING = {"NoSuchKey", "404"}
CONFLICT = {"PreconditionFailed", "ConditionalRequestConflict", "409", "412"}


@dataclass(frozen=True)
class RunRecord:
    """`outcome` is the execution's output, or {"error", "cause"}; until `claimed_until` (seconds since 1970)
    it belongs to the call that is finalizing it. `etag` is None for a record that is not stored yet.
    """

    execution_arn: str
    redrive_count: int
    outcome: Mapping[str, Any] = field(default_factory=dict)
    notified: bool = False
    finalized: bool = False
    left_over: tuple[str, ...] = ()
    claimed_until: float = 0.0
    etag: str | None = field(default=None, compare=False)

    def covers(self, run: Run) -> bool:
        """Whether it is of this drive of the execution."""
        return self.redrive_count >= run.redrive_count


class RunRecords:
    """The records in their bucket."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3, self._bucket = s3, bucket

    def read(self, run: Run) -> RunRecord | None:
        """Raises AccessDeniedError, ServiceUnavailableError."""
        try:
            with translated(f"s3:GetObject on {run.record_key}"):
                answer = self._s3.get_object(Bucket=self._bucket, Key=run.record_key)
                found = json.loads(answer["Body"].read())
        except ClientError as error:
            if code_of(error) in MISSING:
                return None
            raise
        return RunRecord(**{**found, "left_over": tuple(found["left_over"])}, etag=answer["ETag"])

    def write(self, run: Run, record: RunRecord) -> RunRecord:
        """With its new etag. Raises CleanupPendingError where another call has written since it was read."""
        body = {key: value for key, value in asdict(record).items() if key != "etag"}
        condition = {"IfMatch": record.etag} if record.etag else {"IfNoneMatch": "*"}
        try:
            with translated(f"s3:PutObject on {run.record_key}"):
                answer = self._s3.put_object(
                    Bucket=self._bucket,
                    Key=run.record_key,
                    Body=json.dumps(body, ensure_ascii=False).encode(),
                    ContentType="application/json",
                    **condition,
                )
        except ClientError as error:
            if code_of(error) in CONFLICT:
                raise CleanupPendingError(f"Another call is finalizing {run.name}.") from error
            raise
        return RunRecord(**{**asdict(record), "left_over": record.left_over, "etag": answer["ETag"]})
