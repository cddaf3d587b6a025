"""Batch runs, from where `loupe batches` reads them: Step Functions and the batch bucket. ClientError becomes
the API's own errors here.
"""

import json
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from loupe_api.errors import BadRequestError, NotFoundError, TooManyRequestsError
from loupe_api.models import ImageError
from loupe_api.records import timestamp
from loupe_api.run_models import (
    Run,
    RunDetail,
    RunFigures,
    RunPage,
    RunPlan,
    RunProgress,
    RunReport,
)
from loupe_core.map_runs import progress_of
from loupe_core.messages import console_url_of
from loupe_core.observability import logger
from loupe_core.outcomes import Failure

RUN = re.compile(r"[A-Za-z0-9](-*[A-Za-z0-9]){0,79}")
NOT_DEPLOYED = (
    "The batch stack is not deployed: loupe up --only batch adds it on a local cloud, "
    "make deploy STACKS=batch on AWS."
)
NONE_YET = "No batch was run yet, or none in the last 90 days: loupe batch FOLDER starts one."
URL_SECONDS = 900
IN_PARALLEL = 8
MAX_SUMMARY_BYTES = 4 * 1024 * 1024
THROTTLED = {"ThrottlingException", "TooManyRequestsException", "SlowDown", "RequestLimitExceeded"}
MISSING = {"NoSuchKey", "404", "AccessDenied"}
COUNTS = ("pictures", "classified", "rejected", "failed")
FILES = {
    "page_url": "summary.html",
    "summary_url": "summary.json",
    "results_url": "results.csv",
    "failed_url": "failed.csv",
    "parquet_url": "results.parquet",
}


class Runs:
    """The runs of the batch stack; of none where `machine` is empty."""

    def __init__(self, machine: str, bucket: str, states: Any, s3: Any) -> None:
        self._machine, self._bucket = machine, bucket
        self._states, self._s3 = states, s3

    def page(self, limit: int, token: str | None) -> RunPage:
        """Up to `limit` runs, newest first. Raises BadRequestError for a token that is none."""
        if not self._machine:
            return RunPage(items=[], reason=NOT_DEPLOYED)
        start = {"nextToken": token} if token else {}
        try:
            answer = self._states.list_executions(stateMachineArn=self._machine, maxResults=limit, **start)
        except ClientError as error:
            if _code(error) in ("InvalidToken", "ValidationException"):
                raise BadRequestError("nextToken: not a token of this list.") from error
            raise _translated(error) from error
        executions = answer["executions"]
        with ThreadPoolExecutor(IN_PARALLEL) as pool:
            summaries = list(pool.map(self._summary_of, executions))
        items = [_run(each, summary) for each, summary in zip(executions, summaries, strict=True)]
        reason = None if items or token else NONE_YET
        return RunPage(items=items, next_token=answer.get("nextToken"), reason=reason)

    def show(self, run: str) -> RunDetail:
        """A run with its progress and its report. Raises NotFoundError."""
        if not self._machine:
            raise NotFoundError(NOT_DEPLOYED)
        if not RUN.fullmatch(run):
            raise NotFoundError("There is no such run.")
        arn = f"{self._machine.replace(':stateMachine:', ':execution:')}:{run}"
        try:
            described = self._states.describe_execution(executionArn=arn)
            progress = progress_of(self._states, arn)
        except ClientError as error:
            if _code(error) in ("ExecutionDoesNotExist", "InvalidArn"):
                raise NotFoundError("There is no such run.") from error
            raise _translated(error) from error
        summary = self._summary_of(described)
        found = _run(described, summary)
        return RunDetail(
            **found.model_dump(),
            progress=RunProgress(
                state=progress.state,
                total=progress.total,
                done=progress.done,
                failed=progress.failed,
                started_at=_moment(progress.started),
            ),
            plan=_plan(self._read(f"runs/{run}/plan.json")),
            error=_error(described),
            report=self._report(run) if summary else RunReport(),
            execution_arn=arn,
            console_url=console_url_of(arn),
        )

    def _summary_of(self, execution: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The figures of its report; a run that failed midway has one, too."""
        if execution["status"] in ("RUNNING", "PENDING_REDRIVE"):
            return None
        return self._read(f"runs/{execution['name']}/report/summary.json")

    def _read(self, key: str) -> Mapping[str, Any] | None:
        """A JSON object; None where there is none, which S3 says as AccessDenied to who may not list."""
        try:
            body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read(MAX_SUMMARY_BYTES)
            found = json.loads(body)
        except ClientError as error:
            if _code(error) in MISSING:
                return None
            raise _translated(error) from error
        except ValueError:
            logger.warning("a run's file cannot be read", extra={"key": key})
            return None
        return found if isinstance(found, dict) else None

    def _report(self, run: str) -> RunReport:
        return RunReport(
            **{
                name: self._s3.generate_presigned_url(
                    "get_object",
                    Params={"Bucket": self._bucket, "Key": f"runs/{run}/report/{file}"},
                    ExpiresIn=URL_SECONDS,
                )
                for name, file in FILES.items()
            }
        )


def _run(execution: Mapping[str, Any], summary: Mapping[str, Any] | None) -> Run:
    return Run(
        run=execution["name"],
        status=execution["status"],
        started_at=timestamp(execution["startDate"]),
        ended_at=_moment(execution.get("stopDate")),
        figures=_figures(summary) if summary else None,
    )


def _figures(summary: Mapping[str, Any]) -> RunFigures:
    known: dict[str, Any] = {name: summary.get(name) for name in ("model", "on", "threshold", "cost")}
    counts: dict[str, Any] = {name: int(summary.get(name) or 0) for name in COUNTS}
    errors = dict(summary.get("errors") or {})
    return RunFigures(**counts, **known, errors=errors, duration_ms=summary.get("durationMs"))


def _plan(plan: Mapping[str, Any] | None) -> RunPlan | None:
    if plan is None:
        return None
    names = ("on", "endpoint", "model", "threshold", "concurrency")
    return RunPlan(source=_place(plan.get("source")), **{name: plan.get(name) for name in names})


def _place(source: object) -> str | None:
    """A source as plan.json has it, as S3 names it."""
    if not isinstance(source, Mapping):
        return None
    bucket = source.get("bucket")
    key = source.get("key") or source.get("prefix") or ""
    return f"s3://{bucket}/{key}" if bucket else str(source.get("kind") or "") or None


def _error(described: Mapping[str, Any]) -> ImageError | None:
    failure = Failure.parse({"Error": described.get("error"), "Cause": described.get("cause")})
    if described["status"] in ("RUNNING", "SUCCEEDED", "PENDING_REDRIVE"):
        return None
    if failure is None:
        return ImageError(name=described["status"], cause=f"The execution ended as {described['status']}.")
    return ImageError(name=failure.name, cause=failure.cause)


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code"))


def _translated(error: ClientError) -> Exception:
    return TooManyRequestsError() if _code(error) in THROTTLED else error
