"""`loupe doctor`: every check where all is well, and where something is wrong."""

import json
import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.model import ServiceModel
from botocore.validate import validate_parameters
from click.testing import CliRunner

from local.cloud.client import CloudInfo, ServiceInfo
from loupe.aws import Cloud
from loupe.cli import cli
from loupe.commands import doctor as command
from loupe.doctor.findings import OK, PROBLEM, WARNING, Check, Finding, guarded
from loupe.doctor.local_cloud import check_local_cloud
from loupe.doctor.machine import ENVIRONMENTS, GB, Machine, check_machine
from loupe.doctor.stack import (
    PENDING_INDEX,
    PENDING_PARTITIONS,
    check_alarms,
    check_concurrency,
    check_deployed,
    check_endpoint,
    check_pending,
    check_queues,
    check_stack,
    check_subscriptions,
)
from loupe.errors import CredentialsError, StackNotFoundError
from loupe.settings import Settings
from loupe.stack import Stack
from loupe_core import records
from tests.workflow.definitions import ROOT

GOOD_MACHINE = Machine(
    python=(3, 13),
    which=lambda name: f"/usr/bin/{name}",
    version_of=lambda program: "v22.1.0",
    free_bytes=lambda path: 50 * GB,
    is_taken=lambda port: False,
)
INFO = CloudInfo(
    7,
    "http://127.0.0.1:4566",
    "us-east-1",
    "http://127.0.0.1:4567",
    {"aws": ServiceInfo("u", True)},
    workers=12,
)
STACK = Stack(
    "loupe",
    "UPDATE_COMPLETE",
    {
        "EndpointName": "loupe-classifier",
        "NotificationsTopicArn": "arn:aws:sns:us-east-1:123456789012:results",
        "AlarmsTopicArn": "arn:aws:sns:us-east-1:123456789012:alarms",
        "ImagesTableName": "images",
    },
    stacks=("loupe", "loupe-site"),
)
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A checkout whose environments are all there and current."""
    (tmp_path / "Makefile").touch()
    for environment in ENVIRONMENTS:
        for name in environment.made_from:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
            os.utime(tmp_path / name, (1, 1))
        (tmp_path / environment.name).mkdir()
        (tmp_path / environment.name / ".stamp").touch()
    (tmp_path / ".venv-lambda" / "pyvenv.cfg").write_text("version = 3.13.1\n")
    return Settings(root=tmp_path, state=tmp_path / ".loupe", port=4566, endpoint_url=None)


def by_check(found: Iterable[Finding]) -> dict[str, Finding]:
    return {each.check: each for each in found}


# ---- The machine


def test_a_machine_with_all_that_is_needed_is_well(settings: Settings) -> None:
    found = list(check_machine(settings, GOOD_MACHINE, {}, cloud_runs=False))

    assert {each.state for each in found} == {OK}


@pytest.mark.parametrize(
    ("change", "check", "state", "says"),
    [
        ({"python": (3, 10)}, "python", PROBLEM, "3.10"),
        ({"python": (3, 15)}, "python", PROBLEM, "3.15"),
        ({"which": lambda name: None}, "make", PROBLEM, "not here"),
        ({"which": lambda name: None}, "node", WARNING, "cannot be built"),
        ({"which": lambda name: None}, "browser", OK, "No Chromium"),
        ({"version_of": lambda program: "v18.19.0"}, "node", WARNING, "v18.19.0"),
        ({"free_bytes": lambda path: 3 * GB}, "disk", WARNING, "3.0 GB"),
        ({"free_bytes": lambda path: GB // 2}, "disk", PROBLEM, "0.5 GB"),
        ({"is_taken": lambda port: port == 4566}, "port 4566", PROBLEM, "taken"),
        ({"is_taken": lambda port: port == 4567}, "port 4567", PROBLEM, "taken"),
    ],
)
def test_what_a_machine_lacks_is_said_with_what_to_do(
    settings: Settings, change: dict[str, Any], check: str, state: str, says: str
) -> None:
    finding = by_check(check_machine(settings, replace(GOOD_MACHINE, **change), {}, cloud_runs=False))[check]

    assert finding.state == state
    assert says in finding.says
    assert finding.advice or state == OK


def test_the_pages_port_is_the_one_that_the_environment_names(settings: Settings) -> None:
    found = by_check(check_machine(settings, GOOD_MACHINE, {"LOUPE_WEB_PORT": "8080"}, cloud_runs=False))

    assert "port 8080" in found
    assert "port 4567" not in found


def test_a_running_local_cloud_holds_its_ports_itself(settings: Settings) -> None:
    taken = replace(GOOD_MACHINE, is_taken=lambda port: True)

    assert not [each for each in check_machine(settings, taken, {}, cloud_runs=True) if each.state != OK]


@pytest.mark.parametrize("taken", [True, False])
def test_a_port_that_cannot_be_bound_is_taken(monkeypatch: pytest.MonkeyPatch, taken: bool) -> None:
    class FakeSocket:
        def __enter__(self) -> "FakeSocket":
            return self

        def __exit__(self, *error: object) -> None: ...

        def setsockopt(self, *option: int) -> None: ...

        def bind(self, address: tuple[str, int]) -> None:
            if taken:
                raise OSError("Address already in use")

    monkeypatch.setattr("loupe.doctor.machine.socket.socket", FakeSocket)

    assert Machine.this().is_taken(4566) is taken


@pytest.mark.parametrize("version", ["3.11.9", ""])
def test_functions_on_another_python_than_lambdas_are_a_warning(settings: Settings, version: str) -> None:
    (settings.root / ".venv-lambda" / "pyvenv.cfg").write_text(f"version = {version}\n" if version else "")

    found = by_check(check_machine(settings, GOOD_MACHINE, {}, cloud_runs=False))

    assert found["functions' python"].state == WARNING


def test_an_environment_older_than_its_lock_is_a_warning_and_a_missing_one_a_problem(
    settings: Settings,
) -> None:
    os.utime(settings.root / "requirements" / "sam.lock", (2**32, 2**32))
    (settings.root / ".venv" / ".stamp").unlink()
    (settings.root / ".venv-train" / ".stamp").unlink()

    found = by_check(check_machine(settings, GOOD_MACHINE, {}, cloud_runs=False))

    assert found[".venv-sam"].state == WARNING
    assert "requirements/sam.lock" in found[".venv-sam"].says
    assert found[".venv"].state == PROBLEM
    assert ".venv-train" not in found  # only training takes it


def test_environments_are_made_from_what_the_makefile_says() -> None:
    makefile = (ROOT / "Makefile").read_text()

    for each in ENVIRONMENTS:
        assert f"\n{each.name}/.stamp: {' '.join(each.made_from)} | python\n" in makefile
        assert f"\n{each.made_by.removeprefix('make ')}: | python ##" in makefile


# ---- The local cloud


def test_a_local_cloud_whose_services_answer_is_well(tmp_path: Path) -> None:
    assert {each.state for each in check_local_cloud(tmp_path, INFO, holder=7)} == {OK}


def test_no_local_cloud_is_no_problem(tmp_path: Path) -> None:
    [finding] = check_local_cloud(tmp_path, None, holder=None)

    assert finding.state == OK


def test_a_process_that_holds_the_folder_without_answering_is_a_problem(tmp_path: Path) -> None:
    [finding] = check_local_cloud(tmp_path, None, holder=42)

    assert finding.state == PROBLEM
    assert "42" in finding.says
    assert "loupe down" in finding.advice


def test_a_service_that_is_down_is_named_with_the_log(tmp_path: Path) -> None:
    info = replace(INFO, services={**INFO.services, "sagemaker": ServiceInfo("http://127.0.0.1:1", False)})

    found = by_check(check_local_cloud(tmp_path, info, holder=7))

    assert found["sagemaker"].state == PROBLEM
    assert "cloud.log" in found["sagemaker"].advice
    assert found["aws"].state == OK


def test_too_few_workers_are_a_warning(tmp_path: Path) -> None:
    assert (
        by_check(check_local_cloud(tmp_path, replace(INFO, workers=1), holder=7))["workers"].state == WARNING
    )


# ---- A deployed stack


@cache
def model_of(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


class FakeClient:
    """Answers of one service by operation; what is asked is held against the service's own model."""

    def __init__(self, service: str, answers: dict[str, Any]) -> None:
        self._model = model_of(service)
        self._answers = answers

    def __getattr__(self, operation: str) -> Any:
        def call(**given: Any) -> Any:
            [name] = [each for each in self._model.operation_names if xform_name(each) == operation]
            shape = self._model.operation_model(name).input_shape
            assert shape is not None
            validate_parameters(given, shape)
            answer = self._answers[operation]
            answer = answer(**given) if callable(answer) else answer
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    def get_paginator(self, operation: str) -> "FakePages":
        return FakePages(getattr(self, operation))


class FakePages:
    def __init__(self, call: Any) -> None:
        self.paginate = lambda **given: iter([call(**given)])


class FakeCloud(Cloud):
    """A cloud of canned answers: `{service: {operation: answer or function or error}}`."""

    def __init__(self, stacks: dict[str, str] | None = None, **services: dict[str, Any]) -> None:
        self._stacks = {"loupe": "CREATE_COMPLETE"} if stacks is None else stacks
        self._services = {"lambda" if name == "functions" else name: each for name, each in services.items()}

    @property
    def where(self) -> str:
        return "a fake"

    def client(self, service: str) -> Any:
        return FakeClient(service, self._services[service])

    def single_stack(self, name: str) -> Stack:
        if name not in self._stacks:
            raise StackNotFoundError(f"There is no stack {name}.")
        return replace(STACK, name=name, status=self._stacks[name], stacks=())


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "said so"}}, "Operation")


def resources(kind: str, **physical: str) -> Any:
    def list_them(**given: str) -> dict[str, Any]:
        found = [
            {"LogicalResourceId": logical, "PhysicalResourceId": each, "ResourceType": kind}
            for logical, each in physical.items()
        ]
        return {"StackResourceSummaries": found if given["StackName"] == "loupe" else []}

    return {"list_stack_resources": list_them}


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("CREATE_COMPLETE", OK),
        ("UPDATE_IN_PROGRESS", WARNING),
        ("ROLLBACK_COMPLETE", PROBLEM),
        ("UPDATE_ROLLBACK_FAILED", PROBLEM),
    ],
)
def test_a_stacks_status_is_judged(status: str, state: str) -> None:
    found = by_check(check_deployed(FakeCloud({"loupe": "CREATE_COMPLETE", "loupe-site": status}), "loupe"))

    assert found["loupe"].state == OK
    assert found["loupe-site"].state == state
    assert found["loupe-training"].state == OK  # who does not train needs none


def test_a_stack_that_is_not_there_is_the_one_problem() -> None:
    found = list(check_stack(FakeCloud({}), "loupe"))

    assert [each.state for each in found if each.state != OK] == [PROBLEM]
    assert by_check(found)["loupe"].state == PROBLEM


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ({"EndpointStatus": "InService"}, OK),
        ({"EndpointStatus": "Updating"}, WARNING),
        ({"EndpointStatus": "Creating"}, WARNING),
        ({"EndpointStatus": "Failed", "FailureReason": "no image"}, PROBLEM),
        ({"EndpointStatus": "OutOfService"}, PROBLEM),
        (refusal("ValidationException"), PROBLEM),
    ],
)
def test_the_endpoints_status_is_judged(answer: Any, state: str) -> None:
    [finding] = check_endpoint(FakeCloud(sagemaker={"describe_endpoint": answer}), STACK)

    assert finding.state == state
    assert ("loupe model deploy" in finding.advice) == (state == PROBLEM)


def test_a_function_in_the_endpoints_place_needs_no_endpoint() -> None:
    [finding] = check_endpoint(FakeCloud(), replace(STACK, parameters={"ClassifierFunctionArn": "arn:f"}))

    assert finding.state == OK


@pytest.mark.parametrize(
    ("arn", "protocol", "state"),
    [
        ("arn:aws:sns:us-east-1:123456789012:results:1", "email", OK),
        ("PendingConfirmation", "email", WARNING),
        ("arn:aws:sns:us-east-1:123456789012:results:2", "lambda", WARNING),
    ],
)
def test_who_hears_of_results_and_alarms_is_judged(arn: str, protocol: str, state: str) -> None:
    subscription = {"SubscriptionArn": arn, "Protocol": protocol, "Endpoint": "a@example.com"}
    cloud = FakeCloud(sns={"list_subscriptions_by_topic": {"Subscriptions": [subscription]}})

    assert {each.state for each in check_subscriptions(cloud, STACK)} == {state}


def test_alarms_of_the_stacks_that_ring_are_problems_and_those_of_others_are_not() -> None:
    ringing = [{"AlarmName": "loupe-Pending-1", "StateReason": "1 pending"}, {"AlarmName": "another's"}]
    ours = resources("AWS::CloudWatch::Alarm", PendingAlarm="loupe-Pending-1", DefectsAlarm="loupe-Defects-2")

    [finding] = check_alarms(
        FakeCloud(cloudformation=ours, cloudwatch={"describe_alarms": {"MetricAlarms": ringing}}), STACK
    )
    assert finding.state == PROBLEM
    assert "PendingAlarm" in finding.says
    assert "1 pending" in finding.says

    [finding] = check_alarms(
        FakeCloud(cloudformation=ours, cloudwatch={"describe_alarms": {"MetricAlarms": ringing[1:]}}), STACK
    )
    assert finding.state == OK


def test_pictures_pending_past_their_lease_and_some_rounds_are_a_problem() -> None:
    asked: list[dict[str, Any]] = []

    def query(**given: Any) -> dict[str, int]:
        values = given["ExpressionAttributeValues"]
        asked.append(values)
        return {"Count": 2 if values[":partition"]["S"] == "a" else 0}

    [finding] = check_pending(FakeCloud(dynamodb={"query": query}), STACK, NOW)

    assert finding.state == PROBLEM
    assert finding.says.startswith("2 pictures")
    assert {each[":before"]["S"] for each in asked} == {"2026-11-28T11:55:00.000Z"}
    assert [each[":partition"]["S"] for each in asked] == list(PENDING_PARTITIONS)


def test_nothing_pending_is_well() -> None:
    [finding] = check_pending(FakeCloud(dynamodb={"query": {"Count": 0}}), STACK, NOW)

    assert finding.state == OK


def test_the_index_of_pending_pictures_is_the_functions_own() -> None:
    assert (PENDING_INDEX, PENDING_PARTITIONS) == (records.PENDING_INDEX, records.PENDING_PARTITIONS)


@pytest.mark.parametrize(
    ("queue", "messages", "state"),
    [
        ("OutcomesQueue", "0", OK),
        ("OutcomesQueue", "3", WARNING),
        ("UndeliveredEvents", "0", OK),
        ("UndeliveredEvents", "1", PROBLEM),
        ("OtherQueue", "1", WARNING),
    ],
)
def test_messages_in_the_queues_are_judged_by_what_the_queue_is_for(
    queue: str, messages: str, state: str
) -> None:
    cloud = FakeCloud(
        cloudformation=resources("AWS::SQS::Queue", **{queue: "https://sqs/queue"}),
        sqs={"get_queue_attributes": {"Attributes": {"ApproximateNumberOfMessages": messages}}},
    )

    [finding] = check_queues(cloud, STACK)

    assert finding.state == state


@pytest.mark.parametrize(("left", "state"), [(900, OK), (50, WARNING), (5, PROBLEM)])
def test_the_accounts_concurrency_is_judged_by_what_is_not_reserved(left: int, state: str) -> None:
    limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": left}

    [finding] = check_concurrency(FakeCloud(functions={"get_account_settings": {"AccountLimit": limit}}))

    assert finding.state == state


def test_a_check_that_is_refused_is_a_problem_and_the_others_go_on() -> None:
    denied = dict.fromkeys(["describe_endpoint"], refusal("AccessDeniedException"))
    cloud = FakeCloud(
        sagemaker=denied,
        sns={"list_subscriptions_by_topic": {"Subscriptions": []}},
        cloudformation=resources("none"),
        cloudwatch={"describe_alarms": {}},
        dynamodb={"query": {"Count": 0}},
        functions={"get_account_settings": {"AccountLimit": {"ConcurrentExecutions": 1000}}},
    )

    found = by_check(check_stack(cloud, "loupe", NOW))

    assert found["endpoint"].state == PROBLEM
    assert "may not" in found["endpoint"].says
    assert found["concurrency"].state == OK


# ---- The command


def run(monkeypatch: pytest.MonkeyPatch, *found: Finding, arguments: tuple[str, ...] = ()) -> Any:
    monkeypatch.setattr(command, "look", lambda settings, chosen: iter(found))
    return CliRunner().invoke(cli, ["doctor", *arguments], prog_name="loupe")


CHECK = Check("machine", "disk")


@pytest.mark.parametrize(
    ("finding", "code", "summary"),
    [
        (CHECK.ok("Enough."), 0, "All is well."),
        (CHECK.warning("Little.", "Make room."), 0, "1 warning."),
        (CHECK.problem("None.", "Make room."), 1, "1 problem."),
    ],
)
def test_a_problem_alone_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, finding: Finding, code: int, summary: str
) -> None:
    result = run(monkeypatch, finding)

    assert result.exit_code == code
    assert summary in result.stdout
    assert finding.says in result.stdout
    assert finding.advice in result.stdout


def test_json_is_an_object_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch, CHECK.ok("Enough."), CHECK.problem("None.", "Room."), arguments=("--json",))

    assert result.exit_code == 1
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"part": "machine", "check": "disk", "state": "ok", "says": "Enough.", "advice": ""},
        {"part": "machine", "check": "disk", "state": "problem", "says": "None.", "advice": "Room."},
    ]


def test_a_target_without_credentials_is_a_problem_like_any_other() -> None:
    def refuse() -> Iterable[Finding]:
        raise CredentialsError("No credentials.")

    [finding] = guarded(CHECK, refuse)

    assert finding.state == PROBLEM
    assert "No credentials." in finding.says
