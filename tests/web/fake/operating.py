"""What operators and reviewers see of the fake cloud: batch runs, the model's quality."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from tests.web.fake.issuer import Issuer
from tests.web.fake.store import Item, page_of
from tests.web.fake.workflow import timestamp

RUNNING, FINISHED, STOPPED = "photos-today", "photos-2026-11", "scans"
MINUTE = 60.0
OPERATORS = ("operator-eve", "operator-and-reviewer")
REVIEWERS = ("reviewer-ann",)


def some_runs(now: float) -> list[Item]:
    """One that runs, one that finished, one that was stopped, the newest first."""
    return [
        run(RUNNING, "RUNNING", now - 2 * MINUTE)
        | {
            "progress": {
                "state": "Classify Pictures",
                "total": 2000,
                "done": 480,
                "failed": 20,
                "startedAt": timestamp(now - MINUTE),
            }
        },
        run(FINISHED, "SUCCEEDED", now - 300 * MINUTE, now - 290 * MINUTE, failed=12),
        run(STOPPED, "ABORTED", now - 600 * MINUTE, now - 599 * MINUTE)
        | {"error": {"name": "ABORTED", "cause": "The execution ended as ABORTED."}},
    ]


def run(
    name: str, status: str, started: float, ended: float | None = None, failed: int | None = None
) -> Item:
    """A run as GET /operator/runs/NAME shows it; with figures where it says how many failed."""
    figures = {
        "pictures": 10_000,
        "classified": 9_000,
        "rejected": 10_000 - 9_000 - (failed or 0),
        "failed": failed,
        "model": "photos-ae0d527ea0ad",
        "on": "temporary",
        "threshold": 0.3,
        "errors": {"CorruptImageError": 9, "ImageArchivedError": 3},
        "cost": 0.0712,
        "durationMs": 600_000,
    }
    return {
        "run": name,
        "status": status,
        "startedAt": timestamp(started),
        "endedAt": None if ended is None else timestamp(ended),
        "figures": None if failed is None else figures,
        "progress": None,
        "plan": {
            "source": "s3://photos/2026/",
            "on": "temporary",
            "endpoint": None,
            "model": "photos-ae0d527ea0ad",
            "threshold": 0.3,
            "concurrency": 4,
        },
        "error": None,
        "executionArn": f"arn:aws:states:us-east-1:123456789012:execution:loupe-batch:{name}",
        "consoleUrl": None,
    }


def some_quality() -> Item:
    """Two models: one of which nobody knows much, and one that was audited."""
    nothing = {"audited": 0, "wrong": 0, "errorRate": None, "low": None, "high": None}
    audited = {"audited": 120, "wrong": 3, "errorRate": 0.025, "low": 0.0085, "high": 0.0709}
    model = {
        "name": "photos",
        "pictures": 4_000,
        "uncertain": 40,
        "uncertainRight": 31,
        "confidenceShift": {"index": 0.04, "byChance": 0.1, "verdict": "none"},
        "classShift": {"index": 0.31, "byChance": 0.1, "verdict": "large"},
    }
    bare = {"pictures": 12, "uncertain": 0, "uncertainRight": 0, "confidenceShift": None, "classShift": None}
    return {
        **audited,
        "since": "2026-10-29T00:00:00Z",
        "kappa": 0.8712,
        "lookedAtTwice": 20,
        "people": 3,
        "answersAPersonAnHour": 211.7,
        "weeks": [
            {"week": "2026-W47", "pictures": 1_000, "reviewed": 60, "share": 0.06},
            {"week": "2026-W48", "pictures": 3_012, "reviewed": 100, "share": 0.0332},
        ],
        "models": [
            {**nothing, **model, **bare, "model": "photos-0a1b2c3d4e5f", "since": "2026-11-01T00:00:00Z"},
            {**audited, **model, "model": "photos-ae0d527ea0ad", "since": "2026-11-16T00:00:00Z"},
        ],
        "truncated": False,
    }


@dataclass
class Operating:
    """`runs` newest first; `reason` says why there are none."""

    issuer: Issuer
    runs: list[Item] = field(default_factory=list)
    reason: str = "The batch stack is not deployed."
    quality: Item | None = None
    figures: Callable[[int], Item] | None = None

    def routes(self) -> list[Route]:
        return [
            Route("/operator/figures", self._figures),
            Route("/operator/runs", self._runs),
            Route("/operator/runs/{run}", self._run),
            Route("/review/quality", self._quality),
            Route("/reports/{run}/{file}", self._file),
        ]

    async def _runs(self, request: Request) -> Response:
        refusal = self.refusal(request)
        if refusal is not None:
            return refusal
        shown = [
            {name: each[name] for name in ("run", "status", "startedAt", "endedAt", "figures")}
            for each in self.runs
        ]
        page = page_of(shown, int(request.query_params["limit"]), request.query_params.get("nextToken"))
        return JSONResponse(page | {"reason": None if self.runs else self.reason})

    async def _run(self, request: Request) -> Response:
        refusal = self.refusal(request)
        if refusal is not None:
            return refusal
        found = next((each for each in self.runs if each["run"] == request.path_params["run"]), None)
        if found is None:
            return JSONResponse({"error": "There is no such run."}, 404)
        base = f"{str(request.base_url).rstrip('/')}/reports/{found['run']}"
        names = {"pageUrl": "summary.html", "resultsUrl": "results.csv", "failedUrl": "failed.csv"}
        report: dict[str, Any] = dict.fromkeys((*names, "summaryUrl", "parquetUrl"))
        if found["figures"]:
            report |= {name: f"{base}/{file}?X-Amz-Expires=900" for name, file in names.items()}
        return JSONResponse({"result": found | {"report": report}})

    async def _figures(self, request: Request) -> Response:
        refusal = self.refusal(request)
        if refusal is not None:
            return refusal
        if self.figures is None:
            return JSONResponse({"error": "Something broke."}, 500)
        return JSONResponse({"result": self.figures(int(request.query_params["hours"]))})

    async def _quality(self, request: Request) -> Response:
        subject = self.issuer.subject_of(request.headers.get("authorization"))
        if subject is None:
            return JSONResponse({"message": "Unauthorized"}, 401)
        if subject not in map(self.issuer.subject_named, (*OPERATORS, *REVIEWERS)):
            return JSONResponse({"error": "Only reviewers and operators may see this."}, 403)
        if self.quality is None:
            return JSONResponse({"error": "The review stack is not deployed."}, 404)
        days = int(request.query_params["days"])
        return JSONResponse({"result": self.quality | {"days": days, "answers": 10 * days}})

    async def _file(self, request: Request) -> Response:
        return HTMLResponse(f"<title>Report</title><h1>Report of {request.path_params['run']}</h1>")

    def refusal(self, request: Request) -> Response | None:
        """As the API: 401 without a token, 403 for who is no operator."""
        subject = self.issuer.subject_of(request.headers.get("authorization"))
        if subject is None:
            return JSONResponse({"message": "Unauthorized"}, 401)
        if subject in map(self.issuer.subject_named, OPERATORS):
            return None
        return JSONResponse({"error": "Only operators may see this."}, 403)
