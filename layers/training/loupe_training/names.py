"""Names of what an execution makes: all follow from the execution's own."""

import hashlib
import re
from dataclasses import dataclass

MAX_RUN_NAME_LENGTH = 45
MAX_STEM_LENGTH = 36


@dataclass(frozen=True)
class Run:
    """One execution of train_model: its ARN, and the name that its jobs, model and endpoint begin with.

    A redriven execution starts its jobs and nested executions anew, under names with a suffix.
    """

    execution_arn: str
    redrive_count: int = 0

    @property
    def name(self) -> str:
        """The execution's name if SageMaker takes it, else a part of it and eight digits of its hash."""
        given = self.execution_arn.rpartition(":")[2]
        clean = re.sub(r"[^A-Za-z0-9]+", "-", given).strip("-")
        if clean == given and len(given) <= MAX_RUN_NAME_LENGTH:
            return given
        digest = hashlib.sha256(given.encode()).hexdigest()[:8]
        return f"{clean[:MAX_STEM_LENGTH]}-{digest}" if clean else digest

    @property
    def model(self) -> str:
        """The model's name, and its endpoint configuration's."""
        return f"{self.name}-model"

    @property
    def trial(self) -> str:
        return f"{self.name}-trial"

    @property
    def suffixes(self) -> list[str]:
        """What the names of this drive and of those before it end in."""
        return [suffix(count) for count in range(self.redrive_count + 1)]

    @property
    def record_key(self) -> str:
        return f"runs/{self.name}/run.json"


def suffix(redrive_count: int) -> str:
    """What job names end in: nothing at first, then the number of the redrive."""
    return f"-{redrive_count}" if redrive_count else ""
