"""Each statement of the workflow's roles is needed: without any one of them something is refused, says so,
and is finished when the statement is back.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.cloud import DeployedStack
from tests.integration.workflow.conftest import Workflow
from tests.integration.workflow.faults import Faults
from tests.polling import wait_for
from tests.roles import DENIED, DeployedRole

# What was denied waits for leases of minutes.
# Slow: each statement of five roles is taken away in turn, and what was refused is waited for.
pytestmark = pytest.mark.timeout(600)

TOMBSTONE = {"status": "DELETED", "executionArn": "deleted", "sequencer": "~" * 64, "deletedAt": "now"}
# By role, the statements whose absence an ordinary picture meets; others need a test of their own.
ORDINARY = {
    "WorkflowRole": ["ReadUploads", "KeepCopies", "AskTheEndpoint", "Notify", "RunTheSteps"],
    "AnnotateImageFunctionRole": ["ReadUploads", "KeepProcessedPictures"],
    "ClaimImageFunctionRole": ["KeepRecords"],
    "RecordOutcomeFunctionRole": ["KeepRecords"],
}
# It allows nothing (tests/unit/template holds what it forbids).
FORBIDS = "MakeNoLogGroups"
OTHERS = {
    "WorkflowRole": [
        "ReadModels",
        # SageMaker pulls a model's image with them, and writes what it says; no call here does.
        "SignInToTheRegistry",
        "PullTheModelImage",
        "WriteModelsLogs",
        "WriteLogs",
        "LookForFaces",
        "QueueOutcomes",
        # It forbids (tests/unit/template/test_roles.py).
        "FunctionsDoTheirWorkAlone",
        "DeliverTheWorkflowsLog",
    ],
    "AnnotateImageFunctionRole": [FORBIDS],
    "ClaimImageFunctionRole": [
        "LookUpVersions",
        "RemoveDeletedUploads",
        "RemoveWhatWasMadeOfThem",
        "AskWhetherExecutionsLive",
        FORBIDS,
    ],
    "RecordOutcomeFunctionRole": ["RemoveDeletedUploads", "RemoveWhatWasMadeOfThem", FORBIDS],
    "FinalizeImagesFunctionRole": [
        "KeepRecords",
        "FindWhatIsPending",
        "FindStoppedExecutions",
        "RemoveDeletedUploads",
        "RemoveWhatWasMadeOfThem",
        "AskWhetherExecutionsLive",
        "Notify",
        "TakeQueuedOutcomes",
        FORBIDS,
    ],
}

Role = Callable[[str], DeployedRole]


@pytest.fixture
def role(stack: DeployedStack) -> Role:
    return lambda logical_id: DeployedRole(stack, logical_id)


def denied(ending: dict[str, Any]) -> bool:
    """Whether an execution failed because AWS refused a role something, and says so."""
    text = f"{ending.get('error')} {ending.get('cause')}"
    return ending["status"] == "FAILED" and any(word in text for word in DENIED)


@pytest.mark.parametrize("name", OTHERS)
def test_every_statement_is_tried_here(role: Role, name: str) -> None:
    assert sorted(role(name).statements()) == sorted([*ORDINARY.get(name, []), *OTHERS[name]])


@pytest.mark.parametrize(("name", "sid"), [(name, sid) for name, sids in ORDINARY.items() for sid in sids])
def test_without_a_statement_the_workflow_is_refused_and_finished_after(
    workflow: Workflow, role: Role, name: str, sid: str
) -> None:
    key = workflow.put(workflow.picture())
    with role(name).without(sid):
        assert denied(workflow.run(workflow.event(key), 180))
    record = workflow.finished(key)
    assert record["status"] == ("CLASSIFIED" if sid == "Notify" else "FAILED")
    workflow.only_message(key)


# Action or function, and whether every upload needs it; the rest is for duplicates and failures.
ACTIONS = [
    ("WorkflowRole", "ReadUploads", "s3:GetObjectVersion", "", True),
    ("WorkflowRole", "ReadUploads", "s3:ListBucket", "", False),
    ("WorkflowRole", "AskTheEndpoint", "sagemaker:InvokeEndpoint", "", True),
    ("WorkflowRole", "AskTheEndpoint", "sagemaker:DescribeEndpoint", "", False),
    ("WorkflowRole", "RunTheSteps", "", "claim-image", True),
    ("WorkflowRole", "RunTheSteps", "", "serialize-image-data", True),
    ("WorkflowRole", "RunTheSteps", "", "classify-image-data", True),
    ("WorkflowRole", "RunTheSteps", "", "annotate-image", True),
    ("WorkflowRole", "RunTheSteps", "", "filter-inference-data", True),
    ("WorkflowRole", "RunTheSteps", "", "record-outcome", True),
    ("AnnotateImageFunctionRole", "KeepProcessedPictures", "s3:PutObject", "", True),
    ("AnnotateImageFunctionRole", "KeepProcessedPictures", "s3:GetObject", "", False),
    ("ClaimImageFunctionRole", "KeepRecords", "dynamodb:GetItem", "", True),
    ("ClaimImageFunctionRole", "KeepRecords", "dynamodb:UpdateItem", "", True),
    ("RecordOutcomeFunctionRole", "KeepRecords", "dynamodb:GetItem", "", True),
    ("RecordOutcomeFunctionRole", "KeepRecords", "dynamodb:UpdateItem", "", True),
]


@pytest.mark.timeout(900)
def test_without_any_one_action_each_upload_ends_once_when_it_is_back(workflow: Workflow, role: Role) -> None:
    keys = []
    for name, sid, action, function, needed in ACTIONS:
        keys.append(key := workflow.put(workflow.picture()))
        with role(name).without(sid, action, function):
            ending = workflow.run(workflow.event(key), 180)
        assert denied(ending) or not needed, (name, action or function, ending)
    for key in keys:
        workflow.finished(key, 180)
        workflow.only_message(key, 90)


def test_without_the_queue_what_was_claimed_is_finished_all_the_same(workflow: Workflow, role: Role) -> None:
    key = workflow.put(workflow.picture(), "unqueued.png")
    faults = Faults(workflow)
    lost = {"service": "lambda", "kind": "denied", "containing": ["record-outcome", "unqueued"]}
    with workflow.without_status_events(), role("WorkflowRole").without("QueueOutcomes"), faults.put(lost):
        ending = workflow.run(workflow.event(key), 180)
        assert denied(ending)
        tried = [each for each in workflow.history(ending["executionArn"]) if each["type"] == "TaskFailed"]
        assert tried[-1]["taskFailedEventDetails"]["resourceType"] == "sqs"
    workflow.end_leases([key])
    assert workflow.finished(key)["status"] == "FAILED"
    workflow.only_message(key)


def test_without_looking_up_versions_a_folders_marker_is_not_known(workflow: Workflow, role: Role) -> None:
    key = workflow.put(b"", "")
    with role("ClaimImageFunctionRole").without("LookUpVersions"):
        assert workflow.run(workflow.manual(key))["error"] == "UnsupportedImageError"
    assert workflow.run(workflow.manual(key))["error"] == "InvalidInputError"


def test_without_asking_for_executions_a_stale_claim_is_not_taken_over_but_finished(
    workflow: Workflow, role: Role
) -> None:
    key, faults = workflow.put(workflow.picture()), Faults(workflow)
    held = {"service": "lambda", "kind": "timeout", "containing": ["serialize-image-data", key]}
    with faults.put(held):
        arn = workflow.start(workflow.event(key))
        wait_for(lambda: faults.met([held]), "the state after Claim Image", 60)
        workflow.states.stop_execution(executionArn=arn)
    with role("ClaimImageFunctionRole").without("AskWhetherExecutionsLive"):
        assert '"DUPLICATE"' in workflow.run(workflow.event(key))["output"]
    assert workflow.finished(key)["error"]["name"] == "ExecutionAborted"
    workflow.only_message(key)


@pytest.mark.parametrize("sid", ["KeepRecords", "FindWhatIsPending", "Notify"])
def test_without_a_statement_finalizing_fails_and_goes_on_when_it_is_back(
    workflow: Workflow, role: Role, sid: str
) -> None:
    key, faults = workflow.put(workflow.picture(), f"{sid.lower()}.png"), Faults(workflow)
    unnotified = {"service": "sns", "kind": "denied", "containing": [key.split("/")[1]]}
    with workflow.without_status_events(), faults.put(unnotified):
        assert denied(workflow.run(workflow.event(key)))
    with role("FinalizeImagesFunctionRole").without(sid):
        workflow.end_leases([key])
        assert "FunctionError" in workflow.finalize()
        assert "pending" in workflow.record(key)
    workflow.end_leases([key])
    assert workflow.finished(key, 240)["status"] == "CLASSIFIED"
    workflow.only_message(key)


def test_without_asking_for_executions_finalizing_does_not_know_why_one_ended(
    workflow: Workflow, role: Role
) -> None:
    key, faults = workflow.put(workflow.picture()), Faults(workflow)
    held = {"service": "lambda", "kind": "timeout", "containing": ["serialize-image-data", key]}
    with workflow.without_status_events():
        with faults.put(held):
            arn = workflow.start(workflow.event(key))
            wait_for(lambda: faults.met([held]), "the state after Claim Image", 60)
            workflow.states.stop_execution(executionArn=arn)
        with role("FinalizeImagesFunctionRole").without("AskWhetherExecutionsLive"):
            workflow.end_leases([key])
            assert workflow.finished(key)["error"]["name"] == "States.Timeout"
    workflow.only_message(key)


def test_without_taking_messages_they_wait_in_the_queue(workflow: Workflow, role: Role) -> None:
    key, faults = workflow.put(workflow.picture(), "waits.png"), Faults(workflow)
    queue = workflow.resource("AWS::SQS::Queue", "OutcomesQueue")
    lost = {"service": "lambda", "kind": "denied", "containing": ["waits.png"]}
    with role("FinalizeImagesFunctionRole").without("TakeQueuedOutcomes"):
        with workflow.without_status_events(), faults.put(lost):
            assert denied(workflow.run(workflow.event(key)))
        asked = {"QueueUrl": queue, "AttributeNames": ["ApproximateNumberOfMessages"]}
        sqs = workflow.stack.client("sqs")
        wait_for(
            lambda: int(sqs.get_queue_attributes(**asked)["Attributes"]["ApproximateNumberOfMessages"]),
            "the message, past its delay",
            60,
        )
        assert workflow.record(key) == {}
    assert workflow.finished(key)["status"] == "FAILED"
    workflow.only_message(key)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("sid", ["RemoveDeletedUploads", "RemoveWhatWasMadeOfThem"])
@pytest.mark.parametrize("refused", ["ClaimImageFunctionRole", "RecordOutcomeFunctionRole"])
def test_an_upload_to_a_deleted_picture_is_removed_when_the_permission_is_back(
    workflow: Workflow, role: Role, refused: str, sid: str
) -> None:
    key = f"uploads/{uuid.uuid4().hex}/late.png"
    table = workflow.stack.cloud.table(workflow.stack.outputs["ImagesTableName"])
    tombstone = {"imageId": workflow.image_id(key), **TOMBSTONE}
    with role(refused).without(sid), role("FinalizeImagesFunctionRole").without(sid):
        if refused == "ClaimImageFunctionRole":
            table.put_item(Item=tombstone)
            workflow.s3.put_object(Bucket=workflow.bucket, Key=key, Body=workflow.picture())
        else:
            _deleted_meanwhile(workflow, key, lambda: table.put_item(Item=tombstone))
        wait_for(lambda: "pending" in workflow.record(key), "the removal to be pending", 120)
        _end_removals_lease(workflow, key)
        assert "FunctionError" in workflow.finalize()
    workflow.finished(key, 240)

    def left() -> list[Any]:
        pages = [
            workflow.s3.list_object_versions(Bucket=bucket, Prefix=key)
            for bucket in (workflow.bucket, workflow.processed)
        ]
        return [
            each for page in pages for each in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        ]

    assert left() == []
    assert workflow.messages(key) == []


def _deleted_meanwhile(workflow: Workflow, key: str, delete: Callable[[], Any]) -> None:
    """A picture that is deleted while it is annotated."""
    faults = Faults(workflow)
    held = {"service": "lambda", "kind": "timeout", "containing": ["annotate-image", key]}
    with faults.put(held):
        workflow.s3.put_object(Bucket=workflow.bucket, Key=key, Body=workflow.picture())
        wait_for(lambda: faults.met([held]), "its annotation", 120)
        delete()


def _end_removals_lease(workflow: Workflow, key: str) -> None:
    table = workflow.stack.cloud.table(workflow.stack.outputs["ImagesTableName"])
    table.update_item(
        Key={"imageId": workflow.image_id(key)},
        UpdateExpression="SET leaseUntil = :then",
        ExpressionAttributeValues={":then": "2026-01-01T00:00:00.000Z"},
    )


def test_without_rekognition_the_label_is_kept_and_the_refusal_recorded(
    workflow: Workflow, role: Role
) -> None:
    key = workflow.put(workflow.picture())
    with role("WorkflowRole").without("LookForFaces"):
        ending = workflow.run(workflow.manual(key, detectFaces=True))
    assert ending["status"] == "SUCCEEDED"
    assert "not authorized" in workflow.record(key)["facesError"]["cause"]


def test_without_reading_models_no_endpoint_comes_into_service(workflow: Workflow, role: Role) -> None:
    sagemaker, outputs = workflow.stack.client("sagemaker"), workflow.stack.outputs
    live = sagemaker.describe_endpoint(EndpointName=outputs["EndpointName"])["EndpointConfigName"]
    name = f"denied-{uuid.uuid4().hex[:8]}"
    (variant,) = sagemaker.describe_endpoint_config(EndpointConfigName=live)["ProductionVariants"]
    container = sagemaker.describe_model(ModelName=variant["ModelName"])["PrimaryContainer"]
    # Where the training stack is deployed, the live model has a role of that one.
    sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=outputs["WorkflowRoleArn"],
        PrimaryContainer={
            part: container[part] for part in ("Image", "ModelDataUrl", "Environment") if part in container
        },
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[{**variant, "ModelName": name}]
    )
    with role("WorkflowRole").without("ReadModels"):
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        described = wait_for(lambda: _failed(sagemaker, name), "the endpoint's failure", 60) or {}
    sagemaker.delete_endpoint(EndpointName=name)
    assert "Failed to download model data" in described["FailureReason"]


def _failed(sagemaker: Any, name: str) -> dict[str, Any] | None:
    described: dict[str, Any] = sagemaker.describe_endpoint(EndpointName=name)
    assert described["EndpointStatus"] in ("Creating", "Failed")
    return described if described["EndpointStatus"] == "Failed" else None


def test_without_writing_logs_the_work_is_done_and_no_line_tells_of_it(
    workflow: Workflow, role: Role
) -> None:
    def lines(arn: str) -> list[Any]:
        return list(
            workflow.stack.client("logs").filter_log_events(
                logGroupName=f"/aws/lambda/{workflow.stack.name}-serialize-image-data",
                filterPattern=f'"{arn}"',
            )["events"]
        )

    def classified() -> str:
        arn = workflow.start(workflow.manual(workflow.put(workflow.picture())))
        assert workflow.ended(arn, 180)["status"] == "SUCCEEDED"
        return arn

    with role("WorkflowRole").without("WriteLogs"):
        silent = classified()
    told = classified()

    wait_for(lambda: lines(told), "a line of the function's log", 30)
    assert lines(silent) == []


def test_without_log_delivery_the_state_machine_cannot_be_changed(workflow: Workflow, role: Role) -> None:
    machine = workflow.states.describe_state_machine(stateMachineArn=workflow.machine)
    change = {key: machine[key] for key in ("definition", "roleArn", "loggingConfiguration")}
    without = role("WorkflowRole").without("DeliverTheWorkflowsLog")
    with without, pytest.raises(ClientError, match="AccessDenied"):
        workflow.states.update_state_machine(stateMachineArn=workflow.machine, **change)
    workflow.states.update_state_machine(stateMachineArn=workflow.machine, **change)
