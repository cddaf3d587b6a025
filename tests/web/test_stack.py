"""A person's way through the page against the deployed stack: the real API, sign-in and workflow."""

import uuid
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page

from tests.cloud import DeployedStack
from tests.web.steps import Person
from tests.web.test_persons_way import walk

PICTURES = Path(__file__).parents[2] / "events" / "images"
PASSWORD = "A-long-enough-passphrase-1"


@pytest.mark.timeout(420)
def test_person_goes_the_whole_way_on_the_deployed_stack(
    page: Page, stack: DeployedStack, page_url: str
) -> None:
    before = _statuses(stack)
    accepted = [_payload("digit-3.png", "three.png"), _payload("digit-0.png", "zero.png")]

    walk(page, page_url, new_person(stack), accepted, _payload("digit-9-unsure.png", "unsure.png"))

    left = {key: status for key, status in _statuses(stack).items() if key not in before}
    assert len(left) == 3
    assert set(left.values()) == {"DELETED"}


def _statuses(stack: DeployedStack) -> dict[str, str]:
    """Every record's status by imageId, tombstones too."""
    pages = (
        stack.client("dynamodb").get_paginator("scan").paginate(TableName=stack.outputs["ImagesTableName"])
    )
    return {item["imageId"]["S"]: item["status"]["S"] for page in pages for item in page["Items"]}


def new_person(stack: DeployedStack) -> Person:
    """An account in the stack's user pool, as an administrator opens one."""
    cognito, pool = stack.client("cognito-idp"), stack.outputs["UserPoolId"]
    email = f"{uuid.uuid4().hex}@example.com"
    attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
    cognito.admin_create_user(
        UserPoolId=pool, Username=email, UserAttributes=attributes, MessageAction="SUPPRESS"
    )
    cognito.admin_set_user_password(UserPoolId=pool, Username=email, Password=PASSWORD, Permanent=True)
    return Person(email, PASSWORD)


def _payload(file: str, name: str) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": (PICTURES / file).read_bytes()}
