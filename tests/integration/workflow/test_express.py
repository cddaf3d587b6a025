"""The workflow as an Express one, in a second stack on the same cloud."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from loupe.aws import StackWorkflow
from loupe.classify import ClassifyOptions, classify_all
from loupe.deploy import LocalDeployment
from loupe.pictures import Picture
from loupe.settings import Settings
from tests.cloud import DeployedStack
from tests.integration.workflow.conftest import Workflow, hasten_queue
from tests.integration.workflow.faults import DENIED, SILENCE, Faults, Place
from tests.polling import wait_for

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def express_stack(stack: DeployedStack) -> DeployedStack:
    settings = Settings(stack.root, stack.state, 1, None)
    deployment = LocalDeployment(settings, stack.gateway_url)
    deployed = deployment.bring_up_to_date(stack.cloud, "express", {"WorkflowType": "EXPRESS"}, only=["core"])
    return DeployedStack(stack.root, stack.state, stack.gateway_url, deployed.outputs, "express")


@pytest.fixture
def express(express_stack: DeployedStack) -> Workflow:
    workflow = Workflow(express_stack)
    hasten_queue(workflow)
    return workflow


def ended(workflow: Workflow, key: str, status: str) -> dict[str, Any]:
    """The picture's record once it has this status and nothing of it is pending."""
    record = workflow.finished(key)
    assert record["status"] == status
    return record


@contextmanager
def cut_off_after(workflow: Workflow, seconds: int) -> Iterator[None]:
    """Five minutes are long in a test: the machine with another TimeoutSeconds."""
    definition = workflow.states.describe_state_machine(stateMachineArn=workflow.machine)["definition"]
    short = json.dumps(json.loads(definition) | {"TimeoutSeconds": seconds})
    workflow.states.update_state_machine(stateMachineArn=workflow.machine, definition=short)
    try:
        yield
    finally:
        workflow.states.update_state_machine(stateMachineArn=workflow.machine, definition=definition)


def test_an_upload_is_recorded_and_notified_once_however_often_it_is_delivered(express: Workflow) -> None:
    key = express.put(express.picture(), prefix="uploads")
    record = ended(express, key, "CLASSIFIED")
    assert ":express:" in record["executionArn"]
    express.only_message(key)

    event = express.event(key)
    event["detail"]["object"]["sequencer"] = record["sequencer"]
    for _ in range(3):
        express.start(event)
    again = express.put(express.picture(), prefix="uploads")
    ended(express, again, "CLASSIFIED")
    assert express.record(key)["updatedAt"] == record["updatedAt"]
    express.only_message(key)


def test_the_log_traces_an_execution_and_holds_no_picture(express: Workflow) -> None:
    key = express.put(express.picture(), prefix="uploads")
    arn = ended(express, key, "CLASSIFIED")["executionArn"]
    logs, group = express.stack.client("logs"), "/aws/vendedlogs/states/express-classify-image"

    def lines() -> list[dict[str, Any]]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        found = [json.loads(event["message"]) for page in pages for event in page["events"]]
        ours = [line for line in found if line["execution_arn"] == arn]
        return ours if any(line["type"] == "ExecutionSucceeded" for line in ours) else []

    trace = wait_for(lines, "the execution's log", 30) or []
    entered = [line["details"]["name"] for line in trace if line["type"].endswith("StateEntered")]
    assert entered.index("Claim Image") < entered.index("Record Result") < entered.index("Notify Success")
    assert "image_data" not in json.dumps(trace)


def test_the_command_waits_for_the_outcome(express: Workflow) -> None:
    root = express.stack.root / "events" / "images"
    pictures = [Picture(name, root / name) for name in ("digit-3.png", "digit-9-unsure.png")]
    workflow = StackWorkflow(express.stack.cloud, express.stack.stack)
    classified, refused = classify_all(pictures, workflow, ClassifyOptions(faces=False))
    assert (classified.status, classified.label) == ("SUCCEEDED", "3")
    assert (refused.status, refused.error) == ("FAILED", "ThresholdConfidenceNotMetError")
    assert refused.label is not None


def test_an_execution_that_is_cut_off_is_finished_by_the_schedule_once(express: Workflow) -> None:
    place = Place("Serialize Image Data", "lambda", ("serialize-image-data",))
    with Faults(express).on(place, SILENCE, "cut-off", []), cut_off_after(express, 2):
        key = express.put(express.picture(), "cut-off.png", "uploads")
        wait_for(lambda: express.record(key), "the claim", 30)
        assert express.record(key)["status"] == "RECEIVED"
        wait_for(lambda: log_says(express, key, "ExecutionTimedOut"), "the cut", 60)
    express.end_leases([key])
    for _ in range(2):
        assert "FunctionError" not in express.finalize()
    assert ended(express, key, "FAILED")["error"]["name"] == "States.Timeout"
    express.only_message(key)

    express.start(express.manual(key, detectFaces=False))
    # An Express execution says nothing when it has begun.
    wait_for(lambda: express.record(key)["status"] != "FAILED", "the new claim", 60)
    ended(express, key, "CLASSIFIED")


def log_says(workflow: Workflow, key: str, kind: str) -> bool:
    arn = workflow.record(key)["executionArn"]
    events = workflow.stack.client("logs").filter_log_events(
        logGroupName="/aws/vendedlogs/states/express-classify-image", filterPattern=f'"{kind}"'
    )["events"]
    return any(arn in event["message"] for event in events)


def test_what_could_not_be_notified_is_notified_by_the_schedule(express: Workflow) -> None:
    place = Place("Notify Success", "sns", ("+shows+",))
    with Faults(express).on(place, DENIED, "unnotified", []):
        key = express.put(express.picture(), "unnotified.png", "uploads")
        wait_for(lambda: express.record(key).get("status") == "CLASSIFIED", "the record", 90)
        assert "pending" in express.record(key)
        wait_for(lambda: log_says(express, key, "ExecutionFailed"), "the execution's end", 90)
        express.end_leases([key])
        # It is denied to finalize_images, too, which says so.
        assert "FunctionError" in express.finalize()
        assert "pending" in express.record(key)
    express.end_leases([key])
    ended(express, key, "CLASSIFIED")
    express.only_message(key)


def test_what_cannot_even_be_recorded_comes_by_the_queue(express: Workflow) -> None:
    """An Express execution sends no status event: its own word in the queue is the only trace."""
    faults = Faults(express)
    denied = [
        {"service": "lambda", "kind": "denied", "containing": [name, "unrecorded"]}
        for name in ("claim-image", "record-outcome")
    ]
    with faults.put(denied[0]), faults.put(denied[1]):
        key = express.put(express.picture(), "unrecorded.png", "uploads")
        # Each is tried several times: its own word is sent when both have given up.
        queue = {"QueueUrl": express.resource("AWS::SQS::Queue", "OutcomesQueue"), "AttributeNames": ["All"]}
        sqs = express.stack.client("sqs")

        def queued() -> bool:
            found = sqs.get_queue_attributes(**queue)["Attributes"]
            return any(
                int(found[f"ApproximateNumberOfMessages{where}"]) for where in ("", "Delayed", "NotVisible")
            )

        wait_for(queued, "its word in the queue", 120)
        assert faults.met(denied) >= 2
    record = ended(express, key, "FAILED")
    # As Step Functions names what Lambda refuses.
    assert record["error"]["name"] == "Lambda.AWSLambdaException"
    assert "not authorized" in record["error"]["cause"]
    express.only_message(key)
