"""Which cloud a command talks to."""

import os
from pathlib import Path

import boto3
import pytest

from local.cloud import CloudInfo
from loupe.errors import CredentialsError, InputError, TargetError
from loupe.settings import Settings
from loupe.stack import reachable_here
from loupe.target import Target, exports, local_environ, make_session, resolve_target

GATEWAY = "http://127.0.0.1:4566"


def running(state: Path) -> CloudInfo:
    return CloudInfo(1, GATEWAY, "us-east-1", "http://127.0.0.1:4999", {})


def not_running(state: Path) -> None:
    return None


def settings(**environ: str) -> Settings:
    return Settings.from_environ(environ, root=Path("/project"))


def test_a_running_local_cloud_is_the_default() -> None:
    target = resolve_target(settings(), environ={}, find_cloud=running)

    assert target == Target(GATEWAY, local=True, region="us-east-1")


def test_a_running_local_cloud_wins_over_a_profile_of_the_environment() -> None:
    target = resolve_target(settings(), environ={"AWS_PROFILE": "production"}, find_cloud=running)

    assert target.local


@pytest.mark.parametrize("options", [{"choice": "aws"}, {"profile": "production"}])
def test_aws_is_talked_to_when_asked_for_while_a_local_cloud_runs(options: dict[str, str]) -> None:
    target = resolve_target(settings(), **options, environ={}, find_cloud=running)

    assert (target.local, target.endpoint_url) == (False, None)


def test_without_a_local_cloud_it_is_aws() -> None:
    target = resolve_target(settings(), region="eu-west-1", environ={}, find_cloud=not_running)

    assert target == Target(None, local=False, region="eu-west-1")


def test_local_without_a_local_cloud_says_how_to_start_one() -> None:
    with pytest.raises(TargetError, match="loupe up"):
        resolve_target(settings(), choice="local", environ={}, find_cloud=not_running)


def test_an_endpoint_of_the_environment_wins_over_the_local_cloud() -> None:
    found = settings(AWS_ENDPOINT_URL="https://aws.example.com")

    target = resolve_target(found, environ={}, find_cloud=running)

    assert target == Target("https://aws.example.com", local=False)


def test_an_endpoint_on_loopback_gets_test_credentials_where_there_are_none() -> None:
    found = settings(AWS_ENDPOINT_URL="http://localhost:4999")

    assert resolve_target(found, environ={}, find_cloud=not_running).local
    assert not resolve_target(found, environ={"AWS_ACCESS_KEY_ID": "AKIA"}, find_cloud=not_running).local


def test_no_credentials_is_one_sentence_that_says_what_to_do() -> None:
    with pytest.raises(CredentialsError, match="loupe up --detach") as caught:
        make_session(Target(None, local=False, region="us-east-1"))

    assert "\n" not in str(caught.value)


def test_no_region_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    with pytest.raises(TargetError, match="AWS_REGION"):
        make_session(Target(None, local=False))


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_region_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv(name, "eu-west-1")

    assert make_session(Target(None, local=False)).region_name == "eu-west-1"


def test_an_unknown_profile_is_said() -> None:
    with pytest.raises(CredentialsError, match="nobody"):
        make_session(Target(None, local=False, region="us-east-1", profile="nobody"))


def test_a_local_session_reads_nothing_of_the_persons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "credentials"
    credentials.write_text("[default]\naws_access_key_id = MINE\naws_secret_access_key = MINE\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))

    found = make_session(Target(GATEWAY, local=True, region="us-east-1")).get_credentials()

    assert found is not None
    assert found.access_key == "test"


def test_tools_for_the_local_cloud_see_none_of_the_persons_configuration(tmp_path: Path) -> None:
    environ = {
        "PATH": "/bin",
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "secret",
        "AWS_ENDPOINT_URL_S3": "https://elsewhere",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }

    found = local_environ(GATEWAY, environ, tmp_path)

    assert "secret" not in found.values()
    assert not {"AWS_PROFILE", "AWS_ENDPOINT_URL_S3", "AWS_WEB_IDENTITY_TOKEN_FILE"} & set(found)
    assert found["AWS_CONFIG_FILE"] == found["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert (found["PATH"], found["AWS_ENDPOINT_URL"]) == ("/bin", GATEWAY)


def test_the_apis_address_at_a_local_cloud_is_one_that_answers_here() -> None:
    outputs = {
        "ApiUrl": "https://10fc43b4.execute-api.us-east-1.amazonaws.com",
        "StageUrl": "https://10fc43b4.execute-api.us-east-1.amazonaws.com/v1/",
        "UploadsBucketName": "uploads",
    }

    assert reachable_here(outputs, GATEWAY) == {
        "ApiUrl": f"{GATEWAY}/_aws/execute-api/10fc43b4",
        "StageUrl": f"{GATEWAY}/_aws/execute-api/10fc43b4/v1/",
        "UploadsBucketName": "uploads",
    }


def test_the_state_folder_is_in_the_project_unless_told_otherwise(tmp_path: Path) -> None:
    assert settings().state == Path("/project/.loupe")
    assert settings(LOUPE_STATE=str(tmp_path)).state == tmp_path


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "4566.0"])
def test_a_port_that_is_none_is_named_with_where_it_came_from(port: str) -> None:
    with pytest.raises(InputError, match="LOUPE_PORT"):
        settings(LOUPE_PORT=port)


def test_after_what_loupe_env_prints_boto3_and_the_cli_know_key_address_and_region(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = exports(Target("http://127.0.0.1:4566", local=True, region="us-east-1"))

    for line in lines:
        for assignment in line.removeprefix("export ").split():
            monkeypatch.setenv(*assignment.split("=", 1))

    client = boto3.session.Session().client("sts")
    assert (client.meta.region_name, client.meta.endpoint_url) == ("us-east-1", "http://127.0.0.1:4566")
    assert boto3.session.Session().get_credentials() is not None
    # The AWS CLI's.
    assert os.environ["AWS_REGION"] == "us-east-1"
