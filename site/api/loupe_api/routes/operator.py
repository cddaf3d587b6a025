"""What runs, for operators alone."""

from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from loupe_api.figures_models import FiguresResult
from loupe_api.requests import require_operator
from loupe_api.routes.answers import SIGNED_IN, answers
from loupe_api.routes.router import ListedRouter, new_router
from loupe_api.run_models import RunPage, RunResult
from loupe_api.services import Services

DEFAULT_RUNS, MAX_RUNS = 20, 50
# Step Functions' own.
MAX_STATES_TOKEN = 1024
RunName = Annotated[str, Path(alias="run", description="A run's name.", max_length=100)]


def operator_routes(services: Services) -> ListedRouter:
    """The routes under /operator that are not about one image."""
    router = new_router()

    def operator() -> None:
        require_operator(router.current_event.raw_event)

    @router.get(
        "/operator/figures",
        summary="Show how the stack does: outcomes by hour, failures, durations, cost",
        description="For operators. A day, or a week; what is unknown is null, and `unknown` says why.",
        tags=["operator"],
        operation_id="getFigures",
        security=SIGNED_IN,
        responses=answers(200, "The figures.", FiguresResult, 400, 401, 403),
    )
    def get_figures(
        hours: Annotated[Literal["24", "168"], Query(description="How many hours back.")] = "24",
    ) -> FiguresResult:
        operator()
        return FiguresResult(result=services.operating.of(int(hours)))

    @router.get(
        "/operator/runs",
        summary="List batch runs, newest first",
        description="For operators: the user pool's group of this name, or the claim `groups`.",
        tags=["operator"],
        operation_id="listRuns",
        security=SIGNED_IN,
        responses=answers(200, "A page of runs.", RunPage, 400, 401, 403),
    )
    def list_runs(
        limit: Annotated[int, Query(ge=1, le=MAX_RUNS, description="How many at most.")] = DEFAULT_RUNS,
        next_token: Annotated[
            str | None,
            Query(
                alias="nextToken", min_length=1, max_length=MAX_STATES_TOKEN, description="Go on from there."
            ),
        ] = None,
    ) -> RunPage:
        operator()
        return services.runs.page(limit, next_token)

    @router.get(
        "/operator/runs/<run>",
        summary="Show a batch run with its progress and its report",
        tags=["operator"],
        operation_id="getRun",
        security=SIGNED_IN,
        responses=answers(200, "The run.", RunResult, 401, 403, 404),
    )
    def get_run(run: RunName) -> RunResult:
        operator()
        return RunResult(result=services.runs.show(run))

    return router
