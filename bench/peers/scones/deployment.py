"""Puts the original workflow onto the local cloud, and takes it off again."""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from loupe.aws import Cloud
from loupe.stack import Stack

FUNCTIONS = ("serialize", "classify", "filter")
STATES = {
    "serialize": "Serialize Image Data",
    "classify": "Classify Image Data",
    "filter": "Filter Inference Data",
}
# AWS's default would be 128 MB, in which the SDK that the original imports does not start.
MEMORY_MB = 512
# As the console writes it for a Lambda task; without it the original fails where it runs out of workers.
RETRY = {
    "ErrorEquals": [
        "Lambda.ServiceException",
        "Lambda.SdkClientException",
        "Lambda.TooManyRequestsException",
    ],
    "IntervalSeconds": 1,
    "MaxAttempts": 12,
    "BackoffRate": 2,
    "MaxDelaySeconds": 30,
    "JitterStrategy": "FULL",
}


def definition(arns: dict[str, str]) -> dict[str, Any]:
    """Three tasks in a row, their payloads handed on."""
    states: dict[str, Any] = {}
    for name, following in zip(FUNCTIONS, (*FUNCTIONS[1:], None), strict=True):
        states[STATES[name]] = {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": arns[name], "Payload.$": "$"},
            "OutputPath": "$.Payload",
            "Retry": [RETRY],
            **({"Next": STATES[following]} if following else {"End": True}),
        }
    return {"StartAt": STATES[FUNCTIONS[0]], "States": states}


@contextmanager
def deployed(cloud: Cloud, stack: Stack) -> Iterator[str]:
    """The workflow's state machine, for the length of a with block; it uses the stack's role and endpoint."""
    functions, states = cloud.client("lambda"), cloud.client("stepfunctions")
    names = {name: f"scones-{name}" for name in FUNCTIONS}
    iam = cloud.client("iam")
    role_name = "scones-workflow"
    _make_role(iam, role_name)
    role = iam.get_role(RoleName=role_name)["Role"]["Arn"]
    arns = {}
    try:
        for name, physical in names.items():
            made = functions.create_function(
                FunctionName=physical,
                Runtime="python3.11",
                Role=role,
                Handler=f"{name}.handler",
                Code={"ZipFile": _packed(Path(__file__).with_name(f"{name}.py"))},
                MemorySize=MEMORY_MB,
                Timeout=60,
                Environment={"Variables": {"ENDPOINT": stack.output("EndpointName")}},
            )
            arns[name] = made["FunctionArn"]
        text = json.dumps(definition(arns))
        machine = states.create_state_machine(name="scones", definition=text, roleArn=role)["stateMachineArn"]
        try:
            yield machine
        finally:
            states.delete_state_machine(stateMachineArn=machine)
            time.sleep(1)
    finally:
        for name in arns:
            functions.delete_function(FunctionName=names[name])
        iam.delete_role_policy(RoleName=role_name, PolicyName="all")
        iam.delete_role(RoleName=role_name)


def _make_role(iam: Any, name: str) -> None:
    """As the original's lab has it: one role that may do what the services offer."""
    principals = ["lambda.amazonaws.com", "states.amazonaws.com"]
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": principals}, "Action": "sts:AssumeRole"}],
    }
    actions = ["s3:*", "lambda:*", "sagemaker:*", "logs:*"]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(policy))


def _packed(source: Path) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(source.name, source.read_text(encoding="utf-8"))
    return target.getvalue()
