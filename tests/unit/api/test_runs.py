"""The batch runs that operators see: whose, how far, and where the report is."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from loupe_api.runs import NOT_DEPLOYED, Runs
from tests.unit.api.world import REGION, START, Answer, World
from tests.unit.layers.test_map_runs import NONE

MACHINE = f"arn:aws:states:{REGION}:123456789012:stateMachine:loupe-batch-classify-batch"
BUCKET = "batch-bucket"
SUMMARY = {
    "pictures": 100,
    "classified": 80,
    "rejected": 15,
    "failed": 5,
    "model": "photos-1",
    "on": "temporary",
    "threshold": 0.5,
    "errors": {"CorruptImageError": 5},
    "cost": 0.0123,
    "durationMs": 61_000,
    "labels": {"cat": 80},
}
PLAN = {
    "source": {"kind": "prefix", "bucket": "pictures", "key": "2026/"},
    "on": "temporary",
    "endpoint": "pets-batch",
    "model": "photos-1",
    "threshold": 0.5,
    "concurrency": 4,
}


class States:
    """Step Functions with some executions."""

    def __init__(self) -> None:
        self.executions: list[dict[str, Any]] = []
        self.refusing = ""

    def add(self, name: str, status: str, **details: Any) -> None:
        started = START + timedelta(minutes=len(self.executions))
        ended = {} if status == "RUNNING" else {"stopDate": started + timedelta(minutes=1)}
        arn = f"{MACHINE.replace(':stateMachine:', ':execution:')}:{name}"
        found = {"executionArn": arn, "name": name, "status": status, "startDate": started}
        self.executions.insert(0, {**found, **ended, **details})

    def list_executions(self, **asked: Any) -> dict[str, Any]:
        self._refuse("ListExecutions")
        assert asked["stateMachineArn"] == MACHINE
        first = int(asked.get("nextToken", "0"))
        last = first + asked["maxResults"]
        more = {"nextToken": str(last)} if last < len(self.executions) else {}
        return {"executions": self.executions[first:last], **more}

    def describe_execution(self, executionArn: str) -> dict[str, Any]:  # noqa: N803
        for each in self.executions:
            if each["executionArn"] == executionArn:
                return each
        raise ClientError({"Error": {"Code": "ExecutionDoesNotExist", "Message": ""}}, "DescribeExecution")

    def get_execution_history(self, **_: Any) -> dict[str, Any]:
        return {"events": [{"stateEnteredEventDetails": {"name": "Classify Pictures"}}]}

    def list_map_runs(self, **_: Any) -> dict[str, Any]:
        return {"mapRuns": [{"mapRunArn": "map"}]}

    def describe_map_run(self, **_: Any) -> dict[str, Any]:
        counts = NONE | {"succeeded": 40, "failed": 2, "pending": 58}
        return {"itemCounts": counts, "executionCounts": NONE, "maxConcurrency": 1, "startDate": START}

    def _refuse(self, operation: str) -> None:
        if self.refusing:
            raise ClientError({"Error": {"Code": self.refusing, "Message": ""}}, operation)


@pytest.fixture
def states(world: World) -> States:
    states = States()
    world.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    world.runs = Runs(MACHINE, BUCKET, states, world.s3)
    return states


def reported(world: World, run: str) -> None:
    put(world, f"runs/{run}/report/summary.json", SUMMARY)
    put(world, f"runs/{run}/plan.json", PLAN)


def put(world: World, key: str, document: object) -> None:
    world.s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(document).encode())


def ask(world: World, path: str, query: dict[str, str] | None = None) -> Answer:
    return world.ask("GET", path, user="ann", query=query, claims={"cognito:groups": "[operators]"})


@pytest.mark.parametrize("path", ["/operator/runs", "/operator/runs/pets"])
@pytest.mark.parametrize("groups", ["", "[reviewers]", "[not-operators]"])
def test_only_operators_see_runs(world: World, states: States, path: str, groups: str) -> None:
    states.add("pets", "SUCCEEDED")
    answer = world.ask("GET", path, user="ann", claims={"cognito:groups": groups})
    assert answer.status == 403
    assert answer.body == {"error": "Only members of the group operators may do this."}


def test_without_the_batch_stack_there_are_none_and_why(world: World) -> None:
    answer = ask(world, "/operator/runs")
    assert answer.body == {"items": [], "nextToken": None, "reason": NOT_DEPLOYED}
    assert "make deploy STACKS=batch" in NOT_DEPLOYED
    assert ask(world, "/operator/runs/pets").status == 404


def test_runs_are_listed_with_what_their_reports_count(world: World, states: States) -> None:
    states.add("pets-1", "SUCCEEDED")
    states.add("pets-2", "FAILED")
    states.add("pets-3", "RUNNING")
    reported(world, "pets-1")

    items = ask(world, "/operator/runs").body["items"]

    assert [(each["run"], each["status"]) for each in items] == [
        ("pets-3", "RUNNING"),
        ("pets-2", "FAILED"),
        ("pets-1", "SUCCEEDED"),
    ]
    assert (items[0]["endedAt"], items[0]["figures"], items[1]["figures"]) == (None, None, None)
    assert items[2]["figures"] == {
        "pictures": 100,
        "classified": 80,
        "rejected": 15,
        "failed": 5,
        "model": "photos-1",
        "on": "temporary",
        "threshold": 0.5,
        "errors": {"CorruptImageError": 5},
        "cost": 0.0123,
        "durationMs": 61_000,
    }


def test_pages_go_on_where_they_ended(world: World, states: States) -> None:
    for number in range(5):
        states.add(f"run-{number}", "SUCCEEDED")
    seen, token = [], None
    while True:
        query = {"limit": "2", **({"nextToken": token} if token else {})}
        page = ask(world, "/operator/runs", query).body
        seen += [each["run"] for each in page["items"]]
        token = page["nextToken"]
        if token is None:
            break
    assert seen == [f"run-{number}" for number in reversed(range(5))]


@pytest.mark.parametrize(("code", "status"), [("InvalidToken", 400), ("ThrottlingException", 429)])
def test_what_step_functions_refuses_is_told(world: World, states: States, code: str, status: int) -> None:
    states.refusing = code
    assert ask(world, "/operator/runs", {"nextToken": "x"}).status == status


def test_no_run_so_far_says_so(world: World, states: States) -> None:
    assert "No batch was run yet" in ask(world, "/operator/runs").body["reason"]


def test_a_run_that_is_going_on_has_its_progress(world: World, states: States) -> None:
    states.add("pets", "RUNNING")
    put(world, "runs/pets/plan.json", PLAN)
    run = ask(world, "/operator/runs/pets").body["result"]
    assert run["progress"] == {
        "state": "Classify Pictures",
        "total": 100,
        "done": 40,
        "failed": 2,
        "startedAt": "2026-11-21T12:00:00.000Z",
    }
    assert run["plan"] == {**PLAN, "source": "s3://pictures/2026/"}
    assert set(run["report"].values()) == {None}
    assert (run["error"], run["figures"]) == (None, None)


def test_a_run_that_is_over_has_its_report_by_presigned_addresses(world: World, states: States) -> None:
    states.add("pets", "SUCCEEDED")
    reported(world, "pets")
    run = ask(world, "/operator/runs/pets").body["result"]
    page = urlsplit(run["report"]["pageUrl"])
    assert page.path == "/runs/pets/report/summary.html"
    assert "X-Amz-Expires=900" in page.query
    assert {urlsplit(url).path.rpartition("/")[2] for url in run["report"].values()} == {
        "summary.html",
        "summary.json",
        "results.csv",
        "failed.csv",
        "results.parquet",
    }
    assert run["consoleUrl"].startswith(f"https://{REGION}.console.aws.amazon.com/states/home")


def test_a_run_that_failed_says_why_and_keeps_what_it_reported(world: World, states: States) -> None:
    cause = json.dumps({"errorMessage": "The endpoint is gone.", "errorType": "X", "stackTrace": []})
    states.add("pets", "FAILED", error="EndpointNotFoundError", cause=cause)
    reported(world, "pets")
    run = ask(world, "/operator/runs/pets").body["result"]
    assert run["error"] == {"name": "EndpointNotFoundError", "cause": "The endpoint is gone."}
    assert run["figures"]["pictures"] == 100


def test_a_run_that_was_stopped_without_a_word_says_so(world: World, states: States) -> None:
    states.add("pets", "ABORTED")
    assert ask(world, "/operator/runs/pets").body["result"]["error"]["name"] == "ABORTED"


@pytest.mark.parametrize("name", ["nothing", "no%2Frun", "a:b", "..", "x" * 81])
def test_no_such_run(world: World, states: States, name: str) -> None:
    assert ask(world, f"/operator/runs/{name}").status == 404


@pytest.mark.parametrize("content", [b"", b"[]", b"{"])
def test_a_report_that_cannot_be_read_hides_no_run(world: World, states: States, content: bytes) -> None:
    states.add("pets", "SUCCEEDED")
    world.s3.put_object(Bucket=BUCKET, Key="runs/pets/report/summary.json", Body=content)
    assert ask(world, "/operator/runs").body["items"][0]["figures"] is None


def test_the_local_cloud_has_no_console(world: World, states: States) -> None:
    machine = MACHINE.replace("123456789012", "000000000000")
    world.runs = Runs(machine, BUCKET, states, world.s3)
    states.add("pets", "RUNNING")
    for each in states.executions:
        each["executionArn"] = each["executionArn"].replace("123456789012", "000000000000")
    assert ask(world, "/operator/runs/pets").body["result"]["consoleUrl"] is None
