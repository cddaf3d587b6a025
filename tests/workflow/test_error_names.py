"""Every error that a definition names is one that its task can have on AWS.

Optimised integrations have the names of AWS's SDK for Java 1, `aws-sdk:` ones those of SDK 2; a code that the
service's model lacks is the base exception. The names come from botocore's models, none is listed here.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from local.states import service_errors, service_names

ROOT = Path(__file__).parents[2]
DEFINITIONS = sorted([*ROOT.glob("statemachine/*.asl.*"), *ROOT.glob("[!.]*/statemachine/*.asl.*")])
RESOURCE = re.compile(r"arn:[^:]+:states:::(aws-sdk:)?(\w+):\w+")
# What a function's own failure can be called beside the service's errors: what its runtime reports.
FUNCTION_ERRORS = re.compile(r"Lambda\.(Unknown|ClientExecutionTimeoutException)|Runtime\.\w+|Sandbox\.\w+")


def possible(sdk: bool, service: str) -> set[str]:
    """All errors of an integration, as a state machine names them."""
    boto = service_names.boto_name(service)
    if sdk:
        prefix = service_names.error_prefix(boto)
        base = f"{prefix}Exception"
    else:
        words = service_errors.OPTIMISED[service]
        prefix, base = words.prefix, words.base
    modelled = service_errors.exceptions(service_names.model(boto))
    return {f"{prefix}.{name}" for name in (*modelled, base, "SdkClientException")}


def tasks(machine: Any) -> Iterator[tuple[str, Any]]:
    for name, state in machine["States"].items():
        if state["Type"] == "Task":
            yield name, state
        for inner in (*state.get("Branches", []), state.get("ItemProcessor") or state.get("Iterator")):
            if inner:
                yield from tasks(inner)


def impossible(definition: Any) -> Iterator[str]:
    """`<state>: <error>` for each error that the state cannot have."""
    for name, state in tasks(definition):
        resource = RESOURCE.match(state["Resource"].replace("${AWS::Partition}", "aws"))
        if resource is None:
            continue
        sdk, service = bool(resource[1]), resource[2]
        known = possible(sdk, service)
        for rule in (*state.get("Retry", []), *state.get("Catch", [])):
            for error in rule["ErrorEquals"]:
                # A name without a dot is a function's own.
                if "." not in error or error.startswith("States.") or error in known:
                    continue
                if service == "events" and error == "EventBridge.FailedEntry":
                    continue
                if service != "lambda" or not FUNCTION_ERRORS.fullmatch(error):
                    yield f"{name}: {error}"


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_named_error_can_happen(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    definition = json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader=yaml.CSafeLoader)
    assert list(impossible(definition)) == []


def test_there_are_definitions() -> None:
    assert any(path.parent.name == "statemachine" for path in DEFINITIONS)


@pytest.mark.parametrize(
    ("resource", "error", "can"),
    [
        ("dynamodb:updateItem", "DynamoDB.ConditionalCheckFailedException", True),
        ("dynamodb:updateItem", "DynamoDB.AmazonDynamoDBException", True),
        ("dynamodb:updateItem", "DynamoDB.DynamoDbException", False),
        ("aws-sdk:dynamodb:query", "DynamoDb.DynamoDbException", True),
        ("aws-sdk:sfn:describeExecution", "Sfn.SfnException", True),
        ("aws-sdk:sfn:describeExecution", "Sfn.ThrottlingException", False),
        ("sns:publish", "SNS.KmsThrottlingException", False),
        ("sns:publish", "SNS.KMSThrottlingException", True),
        ("sns:publish", "SNS.AmazonSNSException", True),
        ("lambda:invoke", "Lambda.TooManyRequestsException", True),
        ("lambda:invoke", "Runtime.ExitError", True),
        ("lambda:invoke", "Lambda.ThrottlingException", False),
        ("aws-sdk:s3:headObject", "S3.S3Exception", True),
        ("aws-sdk:s3:headObject", "S3.AccessDeniedException", False),
    ],
)
def test_the_check_knows_both_namings(resource: str, error: str, can: bool) -> None:
    state = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{resource}",
        "Retry": [{"ErrorEquals": [error]}],
    }
    assert list(impossible({"States": {"S": state}})) == ([] if can else [f"S: {error}"])
