"""Puts the original workflow onto the local cloud, also with a leaner function, and takes both off again."""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.context import bench_packages
from loupe.aws import Cloud
from loupe.stack import Stack

ORIGINAL, LEANER = "the original workflow", "the same with boto3 for the SDK"
# The states in their order, and the function of each.
MACHINES = {
    ORIGINAL: {
        "Serialize Image Data": "serialize",
        "Classify Image Data": "classify",
        "Filter Inference Data": "filter",
    },
    LEANER: {
        "Serialize Image Data": "serialize",
        "Classify Image Data": "classify_boto3",
        "Filter Inference Data": "filter",
    },
}
FUNCTIONS = ("serialize", "classify", "classify_boto3", "filter")
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
    """Tasks in a row, by their states' names, their payloads handed on."""
    states: dict[str, Any] = {}
    names = list(arns)
    for name, following in zip(names, (*names[1:], None), strict=True):
        states[name] = {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": arns[name], "Payload.$": "$"},
            "OutputPath": "$.Payload",
            "Retry": [RETRY],
            **({"Next": following} if following else {"End": True}),
        }
    return {"StartAt": names[0], "States": states}


@contextmanager
def deployed(cloud: Cloud, stack: Stack) -> Iterator[dict[str, str]]:
    """The state machines by the names of MACHINES, for the length of a with block; they use the stack's
    endpoint.
    """
    functions, states = cloud.client("lambda"), cloud.client("stepfunctions")
    names = {name: f"scones-{name.replace('_', '-')}" for name in FUNCTIONS}
    iam = cloud.client("iam")
    role_name = "scones-workflow"
    environments: dict[str, dict[str, str]] = {"classify": {"SDK": str(bench_packages())}}
    _make_role(iam, role_name)
    role = iam.get_role(RoleName=role_name)["Role"]["Arn"]
    arns: dict[str, str] = {}
    machines: dict[str, str] = {}
    try:
        for name, physical in names.items():
            made = functions.create_function(
                FunctionName=physical,
                Runtime="python3.13",
                Role=role,
                Handler=f"{name}.handler",
                Code={"ZipFile": _packed(Path(__file__).with_name(f"{name}.py"))},
                MemorySize=MEMORY_MB,
                Timeout=60,
                Environment={
                    "Variables": {"ENDPOINT": stack.output("EndpointName"), **environments.get(name, {})}
                },
            )
            arns[name] = made["FunctionArn"]
        for number, (name, wanted) in enumerate(MACHINES.items()):
            text = json.dumps(definition({state: arns[function] for state, function in wanted.items()}))
            made = states.create_state_machine(name=f"scones-{number}", definition=text, roleArn=role)
            machines[name] = made["stateMachineArn"]
        yield machines
    finally:
        for machine in machines.values():
            states.delete_state_machine(stateMachineArn=machine)
        if machines:
            time.sleep(1)
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
