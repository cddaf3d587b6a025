"""An execution ends once, within its limits, and keeps within memory."""

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ministack.services import stepfunctions

from local.states import executions, install
from local.states.engine import Execution
from local.states.history import MAX_HISTORY
from local.states.slots import Slots

ARN = "arn:aws:states:us-east-1:000000000000"


@pytest.fixture(autouse=True, scope="module")
def installed() -> None:
    install()


def made(definition: dict[str, Any], given: Any = None) -> Execution:
    machine = {
        "stateMachineArn": f"{ARN}:stateMachine:m",
        "name": "m",
        "roleArn": "arn:aws:iam::000000000000:role/r",
        "definition": json.dumps({"QueryLanguage": "JSONata", **definition}),
        "revisionId": "0123456789",
        "loggingConfiguration": {"level": "OFF"},
    }
    record = executions.new_record(machine, f"{ARN}:execution:m:e", "e", {"input": json.dumps(given or {})})
    return executions.make(machine, record)


class HeldSlots(Slots):
    """Work is kept until the test does it."""

    def __init__(self) -> None:
        super().__init__()
        self.works: list[Callable[[], None]] = []

    def submit(self, work: Callable[[], None], name: str) -> None:
        self.works.append(work)


def call(action: str, execution: str) -> None:
    target = {"x-amz-target": f"AWSStepFunctions.{action}"}
    body = json.dumps({"executionArn": execution})
    request = stepfunctions.handle_request("POST", "/", target, body, {})
    # In a thread of its own: Playwright, which other tests use, leaves a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        status, _, answer = pool.submit(asyncio.run, request).result()
    assert status == 200, answer


WAITING = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}}


def test_an_endless_loop_ends_at_25_000_events() -> None:
    execution = made(
        {
            "StartAt": "A",
            "States": {
                "A": {
                    "Type": "Choice",
                    "Choices": [{"Condition": "{% false %}", "Next": "End"}],
                    "Default": "A",
                },
                "End": {"Type": "Succeed"},
            },
        }
    )

    execution.execute()

    assert (execution.record["status"], execution.record["error"]) == ("FAILED", "States.Runtime")
    assert "25000" in execution.record["cause"]
    assert len(execution.record["events"]) == MAX_HISTORY
    assert execution.record["events"][-1]["type"] == "ExecutionFailed"


def test_an_execution_stopped_before_it_begins_does_nothing() -> None:
    execution = made(WAITING)

    assert execution.end("ABORTED", error="e", cause="c")
    execution.execute()

    assert [event["type"] for event in execution.record["events"]] == ["ExecutionStarted", "ExecutionAborted"]


def test_only_the_first_ending_counts() -> None:
    execution = made(WAITING)
    thread = threading.Thread(target=execution.execute)
    thread.start()

    assert execution.end("ABORTED")
    assert not execution.end("TIMED_OUT")
    thread.join(20)

    assert not thread.is_alive()
    assert execution.record["status"] == "ABORTED"


def test_a_stopped_run_that_winds_up_late_leaves_its_redriven_one_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopped, late = made(WAITING), HeldSlots()
    arn, machine = stopped.record["executionArn"], stopped.run.machine
    monkeypatch.setattr(executions, "slots", late)
    monkeypatch.setitem(stepfunctions._state_machines, machine["stateMachineArn"], machine)
    monkeypatch.setitem(stepfunctions._executions, arn, stopped.record)
    stopped.record["_entered"] = {"state": "Wait", "input": {}, "variables": {}}
    executions.launch(stopped)
    call("StopExecution", arn)
    call("RedriveExecution", arn)

    late.works[0]()

    assert not stopped.end("SUCCEEDED")
    assert stopped.record["status"] == "RUNNING"
    call("StopExecution", arn)
    assert stopped.record["status"] == "ABORTED"


def test_equal_payloads_are_kept_once_in_memory() -> None:
    states = {f"S{number}": {"Type": "Pass", "Next": f"S{number + 1}"} for number in range(5)}
    states["S5"] = {"Type": "Succeed"}
    execution = made({"StartAt": "S0", "States": states}, {"picture": "x" * 2_000})

    execution.execute()

    texts = {
        id(details["input"])
        for event in execution.record["events"]
        for details in event.values()
        if isinstance(details, dict) and "input" in details
    }
    assert execution.record["status"] == "SUCCEEDED"
    assert len(texts) == 2  # as it was given, and as the interpreter writes it
