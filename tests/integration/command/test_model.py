"""`loupe model deploy` against the local cloud's SageMaker, on an endpoint of its own."""

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from model.photos import built
from tests.cloud import DeployedStack
from tests.integration.command.test_command import lines, loupe
from tests.unit.model.models import spec_document, write_model

ENDPOINT = "of-test-model"
PHOTO = Path(__file__).parents[3] / "events" / "images" / "coffee.jpg"


@pytest.fixture
def endpoint(stack: DeployedStack) -> Iterator[str]:
    """An endpoint's name; whatever was made of that name goes again."""
    yield ENDPOINT
    with contextlib.suppress(ClientError):
        stack.client("sagemaker").delete_endpoint(EndpointName=ENDPOINT)


@pytest.mark.timeout(900)
def test_a_model_is_made_exchanged_listed_exported_and_deleted(
    stack: DeployedStack, endpoint: str, tmp_path: Path
) -> None:
    # Under a name of its own: what another endpoint serves cannot be deleted.
    folder = tmp_path / "model"
    shutil.copytree(built(stack.root), folder)
    spec = folder / "model.json"
    spec.write_text(json.dumps(json.loads(spec.read_text("utf-8")) | {"name": "of-test"}), "utf-8")

    first = loupe(stack, "model", "deploy", "digits", "--endpoint", endpoint, "--json", seconds=300)
    second = loupe(stack, "model", "deploy", str(folder), "--endpoint", endpoint, "--json", seconds=300)

    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    [digits], [photos] = lines(first), lines(second)
    assert photos["previousEndpointConfig"] == digits["endpointConfig"]
    answer = stack.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=endpoint, ContentType="image/jpeg", Body=PHOTO.read_bytes()
    )
    assert b"cup of espresso" in answer["Body"].read()
    there = [each["EndpointName"] for each in stack.client("sagemaker").list_endpoints()["Endpoints"]]
    assert photos["triedOn"] not in there

    listed = {each["model"]: each for each in lines(loupe(stack, "models", "--endpoint", endpoint, "--json"))}
    assert listed[str(photos["model"])]["live"]
    refused = loupe(stack, "models", "--delete", str(photos["model"]), "--endpoint", endpoint)
    assert refused.returncode == 1
    assert "is live" in refused.stderr

    saved = loupe(stack, "models", "--export", str(photos["model"]), str(tmp_path / "saved"))
    assert saved.returncode == 0, saved.stderr
    assert loupe(stack, "model", "check", str(tmp_path / "saved")).returncode == 0

    back = loupe(stack, "rollback", "--endpoint", endpoint, "--json")
    assert back.returncode == 0, back.stderr
    gone = loupe(stack, "models", "--delete", str(photos["model"]), "--endpoint", endpoint, "--json")
    assert gone.returncode == 0, gone.stderr
    assert str(photos["model"]) not in {
        each["model"] for each in lines(loupe(stack, "models", "--endpoint", endpoint, "--json"))
    }


def test_a_model_that_fails_its_check_changes_nothing(
    stack: DeployedStack, endpoint: str, tmp_path: Path
) -> None:
    folder = write_model(tmp_path / "model", spec_document(output={"kind": "probabilities"}))

    done = loupe(stack, "model", "deploy", str(folder), "--endpoint", endpoint)

    assert done.returncode == 3
    assert "they are logits" in done.stderr
    assert ENDPOINT not in str(stack.client("sagemaker").list_endpoints()["Endpoints"])


def test_a_server_that_answers_otherwise_than_the_model_is_refused_and_leaves_nothing(
    stack: DeployedStack, endpoint: str, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(stack.root / "model" / "artifacts" / "digits", folder)
    answer = json.dumps({"labels": ["nothing"], "scores": [1.0]})
    (folder / "behaviour.json").write_text(json.dumps({"answer": answer}))

    done = loupe(stack, "model", "deploy", str(folder), "--endpoint", endpoint, seconds=300)

    assert done.returncode == 3, done.stderr
    assert "says nothing (100.0%)" in done.stderr
    assert ENDPOINT not in str(stack.client("sagemaker").list_endpoints()["Endpoints"])
