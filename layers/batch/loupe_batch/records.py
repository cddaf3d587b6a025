"""The record of a run: `runs/NAME/run.json`. It says what became of the execution, whether that was notified,
and what is left over. Every write names what it replaces.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from loupe_batch.errors import CleanupPendingError
from loupe_batch.names import Run
from loupe_batch.storage import ConflictError, Storage


@dataclass(frozen=True)
class RunRecord:
    """`outcome` is the execution's output, or has {error, cause}; until `claimed_until` (seconds since 1970)
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


class RunRecords:
    """The records in the batch bucket."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def read(self, run: Run) -> RunRecord | None:
        found = self._storage.read_with_etag(run.record_key)
        if found is None:
            return None
        content, etag = found
        return RunRecord(**{**content, "left_over": tuple(content["left_over"])}, etag=etag)

    def write(self, run: Run, record: RunRecord) -> RunRecord:
        """With its new etag. Raises CleanupPendingError where another call has written since it was read."""
        body = {name: value for name, value in asdict(record).items() if name != "etag"}
        condition = {"IfMatch": record.etag} if record.etag else {"IfNoneMatch": "*"}
        try:
            return replace(record, etag=self._storage.write(run.record_key, body, **condition))
        except ConflictError as error:
            raise CleanupPendingError(f"Another call is finalizing {run.name}.") from error
