"""A person's way through the page against the deployed stack: the real API, sign-in and workflow."""

import socket
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import FilePayload, Page

from tests.cloud import DeployedStack
from tests.web.fake.serving import served
from tests.web.fake.site import site
from tests.web.steps import Person
from tests.web.test_persons_way import walk

PICTURES = Path(__file__).parents[2] / "events" / "images"
PASSWORD = "A-long-enough-passphrase-1"


def test_person_goes_the_whole_way_on_the_deployed_stack(
    page: Page, stack: DeployedStack, page_url: str
) -> None:
    accepted = [_payload("digit-3.png", "three.png"), _payload("digit-0.png", "zero.png")]

    walk(page, page_url, new_person(stack), accepted, _payload("digit-9-unsure.png", "unsure.png"))

    images = stack.client("dynamodb").scan(TableName=stack.outputs["ImagesTableName"])["Items"]
    assert all(image["status"]["S"] == "DELETED" for image in images if "groupId" in image)


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


@pytest.fixture
def page_url(stack: DeployedStack, dist: Path) -> Iterator[str]:
    """Where the page of the stack is: the cloud's own, else served here where the API expects it."""
    if "WebUrl" in stack.outputs:
        yield stack.outputs["WebUrl"].rstrip("/")
        return
    stacks = stack.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"]
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in stacks[0]["Parameters"]}
    origin: str = parameters["WebOrigin"]
    listening = socket.create_server(("127.0.0.1", urlsplit(origin).port or 80))
    with served(site(dist, _config(stack), stack.gateway_url), listening):
        yield origin


def _config(stack: DeployedStack) -> dict[str, Any]:
    return {
        "apiUrl": stack.outputs["ApiUrl"],
        "oidc": {
            "authority": f"{stack.gateway_url}/{stack.outputs['UserPoolId']}",
            "clientId": stack.outputs["SignInClientId"],
            "scope": "openid email profile",
        },
        "inboxUrl": f"{stack.gateway_url}/_loupe/inbox",
    }


def _payload(file: str, name: str) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": (PICTURES / file).read_bytes()}
