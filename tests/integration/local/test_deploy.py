"""The real SAM CLI builds, deploys, updates and deletes a stack with one of everything on the local cloud."""

import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration.local.conftest import LocalCloud, failure
from tests.integration.local.test_mail import messages
from tests.polling import WaitFor

ROOT = Path(__file__).resolve().parents[3]
SAM = ROOT / ".venv-sam" / "bin" / "sam"
NAME = "everything"
EMAIL = "ops@example.com"
PAGE = "http://localhost:5173"

pytestmark = [
    pytest.mark.skipif(not SAM.exists(), reason="the SAM CLI is not installed (make setup)"),
]


@dataclass
class Application:
    """The application's sources, a copy, and the stack made of them."""

    cloud: LocalCloud
    folder: Path

    def sam(self, *arguments: str) -> str:
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
        environ |= {
            "AWS_ENDPOINT_URL": self.cloud.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
            "SAM_CLI_TELEMETRY": "0",
        }
        done = subprocess.run(
            [str(SAM), *arguments],
            cwd=self.folder,
            env=environ,
            capture_output=True,
            text=True,
            timeout=170,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def deploy(self, **parameters: str) -> dict[str, str]:
        """Build and deploy; returns the stack's outputs."""
        self.sam("build")
        overrides = [f"{name}={value}" for name, value in parameters.items()]
        self.sam(
            "deploy",
            "--stack-name",
            NAME,
            "--resolve-s3",
            "--capabilities",
            "CAPABILITY_IAM",
            "--no-fail-on-empty-changeset",
            "--parameter-overrides",
            *overrides,
        )
        stack = self.cloud.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


@pytest.fixture(scope="module")
def application(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Application:
    folder = tmp_path_factory.mktemp("application") / "app"
    shutil.copytree(Path(__file__).parent / "app", folder)
    return Application(cloud, folder)


@pytest.fixture(scope="module")
def outputs(application: Application) -> Iterator[dict[str, str]]:
    yield application.deploy(
        NotificationEmail=EMAIL, Threshold="0.93", MayRead="s3:GetObject", WebOrigin=PAGE
    )
    application.sam("delete", "--stack-name", NAME, "--no-prompts")
    _, _, message = failure(
        lambda: application.cloud.client("cloudformation").describe_stacks(StackName=NAME)
    )
    assert "does not exist" in message


def test_the_function_runs_with_its_layer_and_settings(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    answer, kind = cloud.invoke(outputs["FunctionName"], {})

    assert kind is None
    assert answer == {"version": "first", "threshold": "0.93", "layer": "the layer"}
    events = cloud.client("logs").filter_log_events(logGroupName=outputs["LogGroup"])["events"]
    kinds = [json.loads(event["message"])["type"] for event in events]
    assert (kinds[0], kinds[-1]) == ("platform.start", "platform.report")


def test_the_function_has_its_reserved_concurrency(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    answer = cloud.client("lambda").get_function_concurrency(FunctionName=outputs["FunctionName"])

    assert answer["ReservedConcurrentExecutions"] == 5


def test_remote_invoke_works(application: Application, outputs: dict[str, str]) -> None:
    answer = application.sam("remote", "invoke", "Function", "--stack-name", NAME, "--event", "{}")

    assert '"version": "first"' in answer


def test_the_table_has_its_index_expiry_and_recovery(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    dynamodb, table = cloud.client("dynamodb"), outputs["TableName"]

    indexes = dynamodb.describe_table(TableName=table)["Table"]["GlobalSecondaryIndexes"]
    expiry = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]

    assert [index["IndexName"] for index in indexes] == ["byGroup"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiresAt"}
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_an_upload_runs_the_machine_which_catches_by_name_and_tells(
    cloud: LocalCloud, outputs: dict[str, str], wait_for: WaitFor
) -> None:
    states, machine = cloud.client("stepfunctions"), outputs["MachineArn"]

    cloud.client("s3").put_object(Bucket=outputs["UploadsBucketName"], Key="uploads/a b.jpg", Body=b"{}")
    wait_for(
        lambda: states.list_executions(stateMachineArn=machine, statusFilter="SUCCEEDED")["executions"],
        "the execution of the upload",
    )
    started = states.start_execution(stateMachineArn=machine, input='{"do": "fail"}')["executionArn"]
    wait_for(lambda: states.describe_execution(executionArn=started)["status"] != "RUNNING", "the failure")

    ended = states.describe_execution(executionArn=started)
    assert (ended["status"], ended["error"], ended["cause"]) == ("FAILED", "BlurryImageError", "told")
    told = wait_for(lambda: messages(cloud, EMAIL), "the e-mail")
    assert [message["subject"] for message in told] == ["Image failed"]


def test_the_api_has_its_routes_and_cors(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    url = f"{cloud.url}/_aws/execute-api/{outputs['ApiId']}"

    status, headers, body = fetch("GET", f"{url}/hello/a%20b", {"Origin": PAGE})

    assert (status, json.loads(body)["path"]) == (200, {"name": "a b"})
    assert headers["Access-Control-Allow-Origin"] == PAGE
    assert (
        "Access-Control-Allow-Origin"
        not in fetch("GET", f"{url}/hello/x", {"Origin": "http://evil.example"})[1]
    )
    assert fetch("GET", f"{url}/nowhere")[0] == 404
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
    status, headers, _ = fetch("OPTIONS", f"{url}/secret", asked)
    assert (status, headers["Access-Control-Allow-Methods"]) == (204, "GET,POST")


def test_the_api_verifies_tokens_of_the_user_pool(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    url = f"{cloud.url}/_aws/execute-api/{outputs['ApiId']}/secret"
    cognito, password = cloud.client("cognito-idp"), f"P-{uuid.uuid4()}"
    user = {"UserPoolId": outputs["UserPoolId"], "Username": "me@example.com"}
    attributes = [{"Name": "email", "Value": "me@example.com"}]
    cognito.admin_create_user(**user, UserAttributes=attributes, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(**user, Password=password, Permanent=True)
    login = {"USERNAME": "me@example.com", "PASSWORD": password}
    token = cognito.initiate_auth(
        ClientId=outputs["ClientId"], AuthFlow="USER_PASSWORD_AUTH", AuthParameters=login
    )["AuthenticationResult"]["IdToken"]

    status, _, body = fetch("POST", url, {"Authorization": f"Bearer {token}"})

    assert (status, json.loads(body)["email"]) == (200, "me@example.com")
    assert fetch("POST", url)[0] == 401
    head, claims, signature = token.split(".")
    assert fetch("POST", url, {"Authorization": f"Bearer {head}.{claims}.{signature[::-1]}"})[0] == 401


def test_a_route_refuses_more_requests_at_once_than_its_limits_allow(
    cloud: LocalCloud, outputs: dict[str, str], wait_for: WaitFor
) -> None:
    url = f"{cloud.url}/_aws/execute-api/{outputs['ApiId']}/secret"

    def many_at_once() -> list[tuple[int, bytes]]:
        with ThreadPoolExecutor(20) as threads:
            answers = [
                (status, body) for status, _, body in threads.map(lambda _: fetch("POST", url), range(100))
            ]
        return answers if any(status == 429 for status, _ in answers) else []

    answers = wait_for(many_at_once, "more requests in a second than the stage allows", seconds=60)

    assert {status for status, _ in answers} == {401, 429}
    assert {json.loads(body)["message"] for status, body in answers if status == 429} == {"Too Many Requests"}


def test_an_update_changes_code_settings_machine_and_permissions(
    cloud: LocalCloud, application: Application, outputs: dict[str, str]
) -> None:
    read = {"do": "read", "bucket": outputs["UploadsBucketName"], "key": "settings.json"}
    cloud.client("s3").put_object(Bucket=read["bucket"], Key=read["key"], Body=b'{"a": 1}')
    assert cloud.invoke(outputs["FunctionName"], read) == ({"a": 1}, None)
    source = application.folder / "function" / "app.py"
    source.write_text(source.read_text().replace('VERSION = "first"', 'VERSION = "second"'))
    machine = application.folder / "machine.asl.json"
    machine.write_text(machine.read_text().replace('"Cause": "told"', '"Cause": "told again"'))

    updated = application.deploy(NotificationEmail=EMAIL, Threshold="0.5", MayRead="s3:GetBucketLocation")

    assert updated == outputs
    answer: Any = cloud.invoke(outputs["FunctionName"], {})[0]
    assert (answer["version"], answer["threshold"]) == ("second", "0.5")
    assert cloud.invoke(outputs["FunctionName"], read)[0]["errorType"] == "AccessDenied"
    described = cloud.client("stepfunctions").describe_state_machine(stateMachineArn=outputs["MachineArn"])
    assert "told again" in described["definition"]


def fetch(method: str, url: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a request."""
    request = urllib.request.Request(url, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, dict(refused.headers), refused.read()
