"""A run's names, from the name that its execution was given."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from loupe_core.errors import InvalidInputError

# SageMaker takes 63 letters; the temporary endpoint's name is the run's with a suffix.
MAX_RUN_NAME_LENGTH = 57
# S3's limit of a key.
MAX_KEY_BYTES = 1024
SUFFIX = "-batch"
RUN = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")


@dataclass(frozen=True)
class Run:
    """One run: an execution of classify_batch and what it keeps under `runs/NAME/` in the batch bucket."""

    name: str

    @classmethod
    def of(cls, execution_arn: str) -> "Run":
        return cls(execution_arn.rpartition(":")[2])

    @property
    def folder(self) -> str:
        return f"runs/{self.name}/"

    @property
    def plan_key(self) -> str:
        return f"{self.folder}plan.json"

    @property
    def items_key(self) -> str:
        return f"{self.folder}items.jsonl"

    @property
    def rows_prefix(self) -> str:
        return f"{self.folder}rows/"

    @property
    def results_prefix(self) -> str:
        """Where ResultWriter writes."""
        return f"{self.folder}map/"

    @property
    def report_prefix(self) -> str:
        return f"{self.folder}report/"

    def annotated_key(self, bucket: str, key: str) -> str:
        """Where the annotated copy of an object goes; under a digest where its own key is too long for S3."""
        named = f"{self.folder}annotated/{bucket}/{key}"
        if len(named.encode("utf-8", "surrogatepass")) <= MAX_KEY_BYTES:
            return named
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return f"{self.folder}annotated/{bucket}/{digest}.jpg"

    @property
    def record_key(self) -> str:
        return f"{self.folder}run.json"

    @property
    def endpoint(self) -> str:
        """The temporary endpoint, and its configuration."""
        return f"{self.name}{SUFFIX}"

    def part_key(self, places: Iterable[tuple[str, str, str]]) -> str:
        """Where a batch's rows go: the same place for the same pictures (bucket, key, version)."""
        digest = hashlib.sha256()
        for place in places:
            digest.update("\0".join(place).encode("utf-8", "surrogatepass") + b"\n")
        return f"{self.rows_prefix}{digest.hexdigest()[:32]}.json"


def require_run_name(name: str) -> str:
    """The name, where an endpoint can be called after it. Raises InvalidInputError."""
    if len(name) > MAX_RUN_NAME_LENGTH or not RUN.fullmatch(name):
        raise InvalidInputError(
            f"{name!r} cannot name a run: letters, digits and hyphens between them, "
            f"at most {MAX_RUN_NAME_LENGTH}."
        )
    return name
