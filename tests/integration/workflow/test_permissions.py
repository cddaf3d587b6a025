"""Each statement of the shared role is needed: without any one of them something is refused, and says so."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from loupe.stack import physical_ids
from tests.cloud import DeployedStack
from tests.integration.workflow.conftest import Workflow
from tests.polling import wait_for

DENIED = ("AccessDenied", "not authorized")
STATEMENTS = ["ReadUploads", "KeepProcessedPictures", "AskTheEndpoint", "KeepRecords", "Tell", "RunTheSteps"]


class SharedRole:
    """The workflow's role on the deployed stack, statement by statement."""

    def __init__(self, stack: DeployedStack) -> None:
        self._iam = stack.client("iam")
        roles = physical_ids(stack.client("cloudformation"), stack.name, "AWS::IAM::Role")
        self.name = roles["WorkflowRole"]

    def policies(self) -> dict[str, Any]:
        names = self._iam.list_role_policies(RoleName=self.name)["PolicyNames"]
        read = self._iam.get_role_policy
        return {name: read(RoleName=self.name, PolicyName=name)["PolicyDocument"] for name in names}

    def statements(self) -> list[str]:
        return [each["Sid"] for policy in self.policies().values() for each in policy["Statement"]]

    @contextmanager
    def without(self, sid: str) -> Iterator[None]:
        before = self.policies()
        for name, policy in before.items():
            left = copy.deepcopy(policy)
            left["Statement"] = [each for each in left["Statement"] if each["Sid"] != sid]
            if left["Statement"] == policy["Statement"]:
                continue
            if left["Statement"]:
                self._put(name, left)
            else:
                self._iam.delete_role_policy(RoleName=self.name, PolicyName=name)
        try:
            yield
        finally:
            for name, policy in before.items():
                self._put(name, policy)

    def _put(self, name: str, policy: Any) -> None:
        self._iam.put_role_policy(RoleName=self.name, PolicyName=name, PolicyDocument=json.dumps(policy))


@pytest.fixture
def role(stack: DeployedStack) -> SharedRole:
    return SharedRole(stack)


def test_every_statement_is_tried_here(role: SharedRole) -> None:
    tried = {*STATEMENTS, "LookForFaces", "RemoveDeletedUploads", "ReadModels", "DeliverTheWorkflowsLog"}
    assert set(role.statements()) == tried


@pytest.mark.parametrize("sid", STATEMENTS)
def test_without_a_statement_the_workflow_fails_by_access_denied_and_settles_after(
    workflow: Workflow, role: SharedRole, sid: str
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


def test_without_rekognition_the_label_is_kept_and_the_refusal_recorded(
    workflow: Workflow, role: SharedRole
) -> None:
    key = workflow.put(workflow.picture())
    with role.without("LookForFaces"):
        ending = workflow.run(workflow.by_hand(key, detectFaces=True))
    assert ending["status"] == "SUCCEEDED"
    assert "not authorized" in workflow.record(key)["facesError"]["cause"]


def test_without_reading_models_no_endpoint_comes_into_service(workflow: Workflow, role: SharedRole) -> None:
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
    workflow: Workflow, role: SharedRole
) -> None:
    machine = workflow.states.describe_state_machine(stateMachineArn=workflow.machine)
    change = {key: machine[key] for key in ("definition", "roleArn", "loggingConfiguration")}
    with role.without("DeliverTheWorkflowsLog"), pytest.raises(ClientError, match="AccessDenied"):
        workflow.states.update_state_machine(stateMachineArn=workflow.machine, **change)
    workflow.states.update_state_machine(stateMachineArn=workflow.machine, **change)
