"""The batch workflow: start a run, see how far it is, stop it, fetch its report."""

import json
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from loupe.aws import Cloud, describe_execution, list_executions
from loupe.aws_errors import error_code, translate_errors
from loupe.errors import InputError, RunNotFoundError
from loupe.results import Execution
from loupe.stack import Stack
from loupe_core.map_runs import Progress as Progress
from loupe_core.map_runs import progress_of

MAX_NAME = 32
FILES = ("results.parquet", "results.csv", "failed.csv", "summary.json", "summary.html")


def run_name(name: str, now: datetime | None = None) -> str:
    """Unique, and short enough that an endpoint can be called after it."""
    clean = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:MAX_NAME].strip("-") or "batch"
    return f"{clean}-{(now or datetime.now(UTC)):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def base_name(run: str) -> str:
    """The name that `run_name` made a run's of."""
    return re.sub(r"-\d{8}-\d{6}-[0-9a-f]{4}$", "", run)


class BatchWorkflow:
    """The deployed state machine and its bucket."""

    def __init__(self, cloud: Cloud, stack: Stack) -> None:
        self._cloud = cloud
        self._machine = stack.output("BatchStateMachineArn")
        self.bucket = stack.output("BatchBucketName")
        self._states = cloud.client("stepfunctions")
        self._s3 = cloud.client("s3")

    def arn_of(self, run: str) -> str:
        return f"{self._machine.replace(':stateMachine:', ':execution:')}:{run}"

    def start(self, run: str, payload: dict[str, Any]) -> str:
        """StartExecution; gives the execution's ARN."""
        with translate_errors(self._cloud.where):
            text = json.dumps(payload, ensure_ascii=False)
            answer = self._states.start_execution(stateMachineArn=self._machine, name=run, input=text)
        return str(answer["executionArn"])

    def describe(self, arn: str) -> Execution:
        """Raises RunNotFoundError."""
        with translate_errors(self._cloud.where):
            try:
                return describe_execution(self._states, arn)
            except ClientError as error:
                if error_code(error) in ("ExecutionDoesNotExist", "InvalidArn"):
                    raise RunNotFoundError(
                        f"There is no run {arn.rpartition(':')[2]}. `loupe batches` lists those there are."
                    ) from error
                raise

    def stop(self, arn: str) -> None:
        with translate_errors(self._cloud.where):
            self._states.stop_execution(executionArn=arn, error="Stopped", cause="A person stopped the run.")

    def redrive(self, arn: str) -> None:
        """Go on from where it failed. InputError where AWS does not take it."""
        with translate_errors(self._cloud.where):
            try:
                self._states.redrive_execution(executionArn=arn)
            except ClientError as error:
                if error_code(error) in ("ExecutionNotRedrivable", "ExecutionLimitExceeded"):
                    raise InputError(f"The run cannot be redriven: {error}. Use --resume.") from error
                raise

    def runs(self, limit: int) -> list[Execution]:
        """The newest first."""
        with translate_errors(self._cloud.where):
            return list_executions(self._states, self._machine, limit)

    def progress(self, arn: str) -> Progress:
        """How far the run is: in which state, and of its map run the counts."""
        with translate_errors(self._cloud.where):
            return progress_of(self._states, arn)

    def plan(self, run: str) -> dict[str, Any]:
        """What the run was to do. Raises RunNotFoundError."""
        found = self.read(f"runs/{run}/plan.json")
        if found is None:
            raise RunNotFoundError(f"There is no run {run}. `loupe batches` lists those there are.")
        return found

    def summary(self, run: str) -> dict[str, Any] | None:
        """The figures of its report; None where there is none."""
        return self.read(f"runs/{run}/report/summary.json")

    def read(self, key: str) -> dict[str, Any] | None:
        with translate_errors(self._cloud.where):
            try:
                body = self._s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            except ClientError as error:
                if error_code(error) in ("NoSuchKey", "404"):
                    return None
                raise
        found: dict[str, Any] = json.loads(body)
        return found

    def download(self, run: str, folder: Path) -> Iterator[Path]:
        """The report's files, one after another."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            target = folder / name
            with translate_errors(self._cloud.where):
                self._s3.download_file(self.bucket, f"runs/{run}/report/{name}", str(target))
            yield target
