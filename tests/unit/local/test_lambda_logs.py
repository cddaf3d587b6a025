"""A function's log."""

import json
from typing import Any

import pytest

from local.lambdas import logs
from local.lambdas.logs import lines_of, may_write
from local.lambdas.worker import Outcome

CONFIG = {"FunctionName": "f", "MemorySize": 256}


def outcome(error_type: str | None = None, message: str = "RequestId: r Error: it broke") -> Outcome:
    error = {"errorType": error_type, "errorMessage": message} if error_type else None
    return Outcome(None, error, ["one", "", "two"], True, 200.25, 12.345, 40)


def test_a_log_starts_ends_and_reports() -> None:
    lines = lines_of(CONFIG, "r", outcome())

    assert lines[:4] == ["START RequestId: r Version: $LATEST", "one", "two", "END RequestId: r"]
    assert lines[4].split("\t") == [
        "REPORT RequestId: r",
        "Duration: 12.35 ms",
        "Billed Duration: 213 ms",
        "Memory Size: 256 MB",
        "Max Memory Used: 40 MB",
        "Init Duration: 200.25 ms",
    ]


def test_a_timeout_and_a_dead_runtime_are_reported() -> None:
    timeout = lines_of(
        CONFIG, "r", outcome("Sandbox.Timedout", "RequestId: r Error: Task timed out after 3.00 seconds")
    )
    dead = lines_of(CONFIG, "r", outcome("Runtime.ExitError"))

    assert timeout[-3].endswith(" r Task timed out after 3.00 seconds")
    assert timeout[-1].endswith("\tStatus: timeout")
    assert dead[-3] == "RequestId: r Error: it broke"
    assert dead[-1].endswith("\tStatus: error\tError Type: Runtime.ExitError")


@pytest.mark.parametrize(
    ("error_type", "status"),
    [(None, "success"), ("Sandbox.Timedout", "timeout"), ("BlurryImageError", "error")],
)
def test_lambdas_lines_are_json_where_the_function_logs_json(error_type: str | None, status: str) -> None:
    lines = lines_of({**CONFIG, "LoggingConfig": {"LogFormat": "JSON"}}, "r", outcome(error_type))

    start: dict[str, Any] = json.loads(lines[0])
    report: dict[str, Any] = json.loads(lines[-1])
    assert (start["type"], start["record"]["requestId"]) == ("platform.start", "r")
    assert lines[1:-1] == ["one", "two"]
    assert (report["type"], report["record"]["status"]) == ("platform.report", status)
    assert report["record"]["metrics"]["billedDurationMs"] == 213
    assert report["record"].get("errorType") == (error_type if status == "error" else None)


@pytest.mark.parametrize(
    ("allowed", "there", "written"),
    [
        ({"logs:CreateLogStream", "logs:PutLogEvents"}, True, True),
        # A late line after the stack was deleted.
        ({"logs:CreateLogStream", "logs:PutLogEvents"}, False, False),
        ({"logs:CreateLogStream", "logs:PutLogEvents", "logs:CreateLogGroup"}, False, True),
        ({"logs:PutLogEvents"}, True, False),
    ],
)
def test_a_missing_log_group_is_made_by_a_role_that_may_alone(
    allowed: set[str], there: bool, written: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusal(role: str, service: str, action: str, resource: str) -> str | None:
        return None if action in allowed else f"{action} on {resource}"

    monkeypatch.setattr(logs, "refusal", refusal)
    monkeypatch.setattr(
        "local.lambdas.logs.cloudwatch_logs._log_groups", {"/aws/lambda/f": {}} if there else {}
    )
    config = {**CONFIG, "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f", "Role": "r"}

    assert may_write(config, "stream") == written
