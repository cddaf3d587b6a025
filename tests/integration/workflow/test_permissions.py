"""Each statement of the shared role is needed: without any one of them something is refused, and says so."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from loupe.results import image_id
from tests.cloud import DeployedStack
from tests.integration.workflow.conftest import Workflow
from tests.polling import wait_for
from tests.roles import DENIED, DeployedRole

STATEMENTS = ["ReadUploads", "KeepProcessedPictures", "AskTheEndpoint", "KeepRecords", "Tell", "RunTheSteps"]


@pytest.fixture
def role(stack: DeployedStack) -> DeployedRole:
    return DeployedRole(stack, "WorkflowRole")


@pytest.fixture
def settling_role(stack: DeployedStack) -> DeployedRole:
    return DeployedRole(stack, "SettleImageRole")


def test_every_statement_is_tried_here(role: DeployedRole) -> None:
    tried = {*STATEMENTS, "LookForFaces", "RemoveDeletedUploads", "ReadModels", "DeliverTheWorkflowsLog"}
    assert set(role.statements()) == tried


@pytest.mark.parametrize("sid", STATEMENTS)
def test_without_a_statement_the_workflow_fails_by_access_denied_and_settles_after(
    workflow: Workflow, role: DeployedRole, sid: str
) -> None:
    key = workflow.put(workflow.picture(), prefix="uploads")
    wait_for(lambda: workflow.record(key).get("status") == "CLASSIFIED", "the picture before")
    key = workflow.put(workflow.picture())
    with role.without(sid):
        ending = workflow.run(workflow.by_hand(key), 180)
    assert ending["status"] == "FAILED"
    told = f"{ending['error']} {ending['cause']}"
    assert any(word in told for word in DENIED), told
    # With the statement back, what was left owing is settled: one final record and one message.
    wait_for(lambda: workflow.record(key).get("status", "RECEIVED") != "RECEIVED", "a final record", 90)
    workflow.only_message(key, 90)


# Action or function, and whether an upload needs it; the rest is for duplicates, failures and deletions.
ACTIONS = [
    ("ReadUploads", "s3:GetObject", "", False),
    ("ReadUploads", "s3:GetObjectVersion", "", True),
    ("ReadUploads", "s3:ListBucket", "", False),
    ("KeepProcessedPictures", "s3:PutObject", "", True),
    ("KeepProcessedPictures", "s3:GetObject", "", False),
    ("KeepProcessedPictures", "s3:DeleteObject", "", False),
    ("AskTheEndpoint", "sagemaker:InvokeEndpoint", "", True),
    ("AskTheEndpoint", "sagemaker:DescribeEndpoint", "", False),
    ("KeepRecords", "dynamodb:GetItem", "", False),
    ("KeepRecords", "dynamodb:UpdateItem", "", True),
    ("RunTheSteps", "lambda:InvokeFunction", "", True),
    ("RunTheSteps", "states:DescribeExecution", "", False),
    ("RunTheSteps", "", "serialize-image-data", True),
    ("RunTheSteps", "", "classify-image-data", True),
    ("RunTheSteps", "", "filter-inference-data", True),
    ("RunTheSteps", "", "annotate-image", True),
]


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_without_any_one_action_each_upload_ends_once_when_it_is_back(
    workflow: Workflow, role: DeployedRole
) -> None:
    keys = []
    for sid, action, function, needed in ACTIONS:
        keys.append(key := workflow.put(workflow.picture()))
        with role.without(sid, action, function), ThreadPoolExecutor(2) as pool:
            # S3 delivers it twice, so that duplicates find the permission missing, too.
            endings = list(pool.map(lambda event: workflow.run(event, 120), [workflow.event(key)] * 2))
        causes = [f"{ending.get('error')} {ending.get('cause')}" for ending in endings]
        refused = any(word in cause for word in DENIED for cause in causes)
        assert refused or not needed, (action or function, causes)
    for key in keys:
        wait_for(lambda key=key: _final(workflow, key), f"a final record of {key}", 120)  # type: ignore[misc]
        workflow.only_message(key, 90)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_without_any_one_action_settling_goes_on_when_it_is_back(
    workflow: Workflow, role: DeployedRole, settling_role: DeployedRole
) -> None:
    settling = [
        ("ReadTheRecord", "dynamodb:GetItem"),
        ("ReadHowItEnded", "states:DescribeExecution"),
        ("ReadHowItEnded", "states:GetExecutionHistory"),
        ("FinishIt", "states:StartExecution"),
    ]
    keys = []
    for sid, action in settling:
        keys.append(key := workflow.put(workflow.picture()))
        with settling_role.without(sid, action):
            with role.without("Tell"):
                workflow.run(workflow.event(key))
            refused = partial(_settling_was_refused, workflow, key)
            wait_for(refused, f"settling without {action} to be refused", 60, 0.5)
    for key in keys:
        workflow.only_message(key, 120)
        assert workflow.record(key)["status"] == "CLASSIFIED"


def _settling_was_refused(workflow: Workflow, key: str) -> bool:
    machine = workflow.machine.replace("classify-image", "settle-image")
    running = workflow.states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]
    for execution in running:
        described = workflow.states.describe_execution(executionArn=execution["executionArn"])
        if key in described["input"]:
            failures = [each["type"] for each in workflow.history(execution["executionArn"])]
            return "TaskFailed" in failures
    return False


def _final(workflow: Workflow, key: str) -> bool:
    return bool(workflow.record(key).get("status", "RECEIVED") != "RECEIVED")


def test_an_upload_to_a_deleted_picture_is_removed_when_the_permission_is_back(
    workflow: Workflow, role: DeployedRole
) -> None:
    key = f"uploads/{uuid.uuid4().hex}/late.png"
    tombstone = {"status": "DELETED", "executionArn": "deleted", "sequencer": "~" * 64, "deletedAt": "now"}
    table = workflow.stack.cloud.table(workflow.stack.outputs["ImagesTableName"])
    table.put_item(Item={"imageId": image_id(workflow.bucket, key), **tombstone})
    with role.without("RemoveDeletedUploads"):
        workflow.s3.put_object(Bucket=workflow.bucket, Key=key, Body=workflow.picture())
        ending = workflow.run(workflow.event(key))
    assert "AccessDenied" in ending["cause"] or "not authorized" in ending["cause"]

    def left() -> list[Any]:
        page = workflow.s3.list_object_versions(Bucket=workflow.bucket, Prefix=key)
        return [*page.get("Versions", []), *page.get("DeleteMarkers", [])]

    wait_for(lambda: not left(), "its removal", 90)
    assert workflow.messages(key) == []


def test_without_rekognition_the_label_is_kept_and_the_refusal_recorded(
    workflow: Workflow, role: DeployedRole
) -> None:
    key = workflow.put(workflow.picture())
    with role.without("LookForFaces"):
        ending = workflow.run(workflow.by_hand(key, detectFaces=True))
    assert ending["status"] == "SUCCEEDED"
    assert "not authorized" in workflow.record(key)["facesError"]["cause"]


def test_without_reading_models_no_endpoint_comes_into_service(
    workflow: Workflow, role: DeployedRole
) -> None:
    sagemaker, outputs = workflow.stack.client("sagemaker"), workflow.stack.outputs
    live = sagemaker.describe_endpoint(EndpointName=outputs["EndpointName"])["EndpointConfigName"]
    name = f"denied-{uuid.uuid4().hex[:8]}"
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=sagemaker.describe_endpoint_config(EndpointConfigName=live)["ProductionVariants"],
    )
    with role.without("ReadModels"):
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        described = wait_for(lambda: _failed(sagemaker, name), "the endpoint's failure", 60) or {}
    sagemaker.delete_endpoint(EndpointName=name)
    assert "Failed to download model data" in described["FailureReason"]


def _failed(sagemaker: Any, name: str) -> dict[str, Any] | None:
    described: dict[str, Any] = sagemaker.describe_endpoint(EndpointName=name)
    assert described["EndpointStatus"] in ("Creating", "Failed")
    return described if described["EndpointStatus"] == "Failed" else None


def test_without_log_delivery_the_state_machine_cannot_be_changed(
    workflow: Workflow, role: DeployedRole
) -> None:
    machine = workflow.states.describe_state_machine(stateMachineArn=workflow.machine)
    change = {key: machine[key] for key in ("definition", "roleArn", "loggingConfiguration")}
    with role.without("DeliverTheWorkflowsLog"), pytest.raises(ClientError, match="AccessDenied"):
        workflow.states.update_state_machine(stateMachineArn=workflow.machine, **change)
    workflow.states.update_state_machine(stateMachineArn=workflow.machine, **change)
