"""The deployed API, and two people who have signed in."""

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.cloud import DeployedStack
from tests.integration.api.sign_in import Forger, HostedSignIn
from tests.integration.api.web import Answer, request
from tests.polling import wait_for

FINAL = ("CLASSIFIED", "REJECTED", "FAILED")


@dataclass(frozen=True)
class Person:
    """Somebody who has signed in."""

    subject: str
    token: str


class LiveApi:
    """The API of a deployed stack."""

    def __init__(self, stack: DeployedStack) -> None:
        self.stack = stack
        parts = urlsplit(stack.outputs["ApiUrl"])
        host = parts.hostname or ""
        if host.endswith("amazonaws.com"):
            # The local gateway serves it under its id.
            self.base = f"{stack.gateway_url}/_aws/execute-api/{host.partition('.')[0]}/$default"
        else:
            self.base = stack.outputs["ApiUrl"].rstrip("/")

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        token: str | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request. `body`: bytes are a PNG, anything else is sent as JSON.

        Asks again when API Gateway says that there are too many at the moment, as a patient client does.
        """
        sent = dict(headers or {})
        content = None
        if isinstance(body, bytes):
            content = body
            sent.setdefault("Content-Type", "image/png")
        elif body is not None:
            content = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        tail = f"?{urlencode(query)}" if query else ""

        def answered() -> Answer | None:
            answer = request(method, f"{self.base}{path}{tail}", content, sent)
            return None if answer.status == 429 and b"Too Many Requests" in answer.content else answer

        passed = wait_for(answered, "the throttle to let a request pass", seconds=30)
        assert passed is not None
        return passed

    def new_group(self, owner: Person, name: str = "Pets") -> str:
        answer = self.ask("POST", "/groups", {"name": name}, owner.token)
        assert answer.status == 201, answer.content
        return str(answer.body["newItem"]["id"])

    def announced(self, group: str, owner: Person, **fields: str) -> dict[str, Any]:
        """A new image's record and where to send it."""
        answer = self.ask(
            "POST", f"/groups/{group}/images", {"contentType": "image/png", **fields}, owner.token
        )
        assert answer.status == 201, answer.content
        created: dict[str, Any] = answer.body
        return created

    def final(self, image_id: str, seconds: float = 120) -> dict[str, Any]:
        """The image once its workflow has ended."""

        def ended() -> dict[str, Any] | None:
            result: dict[str, Any] = self.ask("GET", f"/images/{image_id}").body["result"]
            return result if result["status"] in FINAL else None

        return wait_for(ended, f"the end of image {image_id}", seconds, 0.3) or {}


@pytest.fixture(scope="session")
def api(stack: DeployedStack) -> LiveApi:
    return LiveApi(stack)


class People:
    """Accounts in the stack's user pool."""

    def __init__(self, stack: DeployedStack) -> None:
        self._cognito = stack.client("cognito-idp")
        self._pool, client = stack.outputs["UserPoolId"], stack.outputs["SignInClientId"]
        described = self._cognito.describe_user_pool_client(UserPoolId=self._pool, ClientId=client)
        callback = described["UserPoolClient"]["CallbackURLs"][0]
        self._sign_in = HostedSignIn(stack.gateway_url, client, callback)
        self._key = stack.state / "aws" / "cognito-pool-keys" / f"{self._pool}-access.pem"
        self._made: list[str] = []

    def new(self) -> Person:
        name, password = f"{secrets.token_hex(6)}@example.com", secrets.token_urlsafe(16)
        self._cognito.admin_create_user(UserPoolId=self._pool, Username=name, MessageAction="SUPPRESS")
        self._made.append(name)
        self._cognito.admin_set_user_password(
            UserPoolId=self._pool, Username=name, Password=password, Permanent=True
        )
        token = self._sign_in.access_token(name, password)
        return Person(self.forger(token).subject(), token)

    def forger(self, token: str) -> Forger:
        return Forger(token, self._key)

    def remove(self) -> None:
        for name in self._made:
            self._cognito.admin_delete_user(UserPoolId=self._pool, Username=name)


@pytest.fixture(scope="session")
def people(stack: DeployedStack) -> Iterator[People]:
    made = People(stack)
    yield made
    made.remove()


@pytest.fixture(scope="session")
def ann(people: People) -> Person:
    return people.new()


@pytest.fixture(scope="session")
def bob(people: People) -> Person:
    return people.new()


@pytest.fixture
def group(api: LiveApi, ann: Person) -> Iterator[str]:
    """A group of ann's, removed with all that is in it."""
    made = api.new_group(ann)
    yield made
    assert api.ask("DELETE", f"/groups/{made}", token=ann.token).status in (204, 404)


@pytest.fixture(scope="session")
def digit(stack: DeployedStack) -> bytes:
    """A handwritten three that the starter model is sure of."""
    return (stack.root / "events" / "images" / "digit-3.png").read_bytes()
