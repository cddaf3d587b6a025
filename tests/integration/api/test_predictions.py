"""Predictions on the deployed endpoint."""

import pytest

from tests.integration.api.conftest import LiveApi, Person


def test_a_posted_picture_is_classified_and_leaves_no_record(api: LiveApi, ann: Person, digit: bytes) -> None:
    table = api.stack.cloud.table(api.stack.outputs["ImagesTableName"])
    before = table.scan(Select="COUNT")["Count"]
    answer = api.ask("POST", "/predict_with_auth", digit, ann.token)
    assert answer.status == 200, answer.content
    assert answer.body["imageUrl"] is None
    assert answer.body["top5"][0] == "3"
    assert len(answer.body["top5"]) == len(answer.body["prob5"]) == 5
    assert answer.body["prob5"] == sorted(answer.body["prob5"], reverse=True)
    assert table.scan(Select="COUNT")["Count"] == before


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:127.0.0.1]/",
        "http://2130706433/",
        "http://localhost/",
        "file:///etc/passwd",
    ],
)
def test_the_function_fetches_nothing_from_inside(api: LiveApi, ann: Person, url: str) -> None:
    answer = api.ask("POST", "/predict_with_auth", {"url": url}, ann.token)
    assert (answer.status, set(answer.body)) == (400, {"error"})


def test_what_is_no_picture_is_refused_with_a_reason(api: LiveApi, ann: Person, digit: bytes) -> None:
    refused = api.ask("POST", "/predict_with_auth", b"%PDF-1.7 nothing to see", ann.token)
    assert refused.status == 415
    assert "PDF" in refused.body["error"]
    cut = api.ask("POST", "/predict_with_auth", digit[: len(digit) // 2], ann.token)
    assert cut.status == 400


def test_the_predicting_functions_role_reaches_neither_records_nor_pictures(api: LiveApi) -> None:
    resources = api.stack.client("cloudformation").describe_stack_resources(
        StackName=f"{api.stack.name}-site"
    )["StackResources"]
    name = next(
        each["PhysicalResourceId"] for each in resources if each["LogicalResourceId"] == "PredictFunctionRole"
    )
    iam = api.stack.client("iam")
    policies = iam.list_role_policies(RoleName=name)["PolicyNames"]
    documents = [
        iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in policies
    ]
    actions = {action for document in documents for action in _actions(document)}
    assert actions == {"sagemaker:InvokeEndpoint"}


def _actions(document: dict[str, object]) -> list[str]:
    statements = document["Statement"]
    assert isinstance(statements, list)
    named = [statement["Action"] for statement in statements if statement["Effect"] == "Allow"]
    return [action for each in named for action in ([each] if isinstance(each, str) else each)]
