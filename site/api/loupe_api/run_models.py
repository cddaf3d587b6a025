"""What the API says of batch runs, typed."""

from typing import Annotated, Literal

from pydantic import Field

from loupe_api.models import ApiModel, ImageError, Moment, Share

RunStatus = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"]


class RunFigures(ApiModel):
    """What a run's report counts. `cost` is in dollars at published prices, without the endpoint's own."""

    pictures: int
    classified: int
    rejected: int
    failed: int
    model: str | None = None
    on: str | None = None
    threshold: Share | None = None
    errors: dict[str, int]
    cost: float | None = None
    duration_ms: int | None = None


class Run(ApiModel):
    """A batch run. `figures` are null while there is no report."""

    run: str
    status: RunStatus
    started_at: Moment
    ended_at: Moment | None = None
    figures: RunFigures | None = None


class RunPage(ApiModel):
    """Some runs, newest first; `nextToken` asks for more. `reason` says why there are none to tell of."""

    items: list[Run]
    next_token: str | None = None
    reason: str | None = None


class RunProgress(ApiModel):
    """In which state of the workflow a run is, and its pictures by what became of their batches; `total` is
    null until the pictures are listed.
    """

    state: str
    total: int | None = None
    done: int
    failed: int
    started_at: Moment | None = None


class RunPlan(ApiModel):
    """What a run was to do. `source` is where its pictures are, as S3 names it."""

    source: str | None = None
    on: str | None = None
    endpoint: str | None = None
    model: str | None = None
    threshold: Share | None = None
    concurrency: int | None = None


class RunReport(ApiModel):
    """Presigned addresses of the report's files; null where a run has not written one."""

    page_url: Annotated[str | None, Field(description="summary.html: for people, needs no network.")] = None
    summary_url: Annotated[str | None, Field(description="summary.json.")] = None
    results_url: Annotated[str | None, Field(description="results.csv: a row a picture.")] = None
    failed_url: Annotated[str | None, Field(description="failed.csv: a source for another run.")] = None
    parquet_url: Annotated[str | None, Field(description="results.parquet.")] = None


class RunDetail(Run):
    """A run with its progress and its report. `consoleUrl` is null locally, where there is no console."""

    progress: RunProgress | None = None
    plan: RunPlan | None = None
    error: ImageError | None = None
    report: RunReport
    execution_arn: str
    console_url: str | None = None


class RunResult(ApiModel):
    """One run."""

    result: RunDetail
