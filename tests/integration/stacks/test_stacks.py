"""The core by itself, deployed as a person does who answers every question by Enter; the others on it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from loupe.results import image_id
from loupe.stacks import NAMES, STACKS, StackSource
from tests.cloud import DeployedStack, OwnStack
from tests.polling import wait_for

ROOT = Path(__file__).resolve().parents[3]
SAM = ROOT / ".venv-sam" / "bin" / "sam"
BUILT = ROOT / ".aws-sam" / "local"
CORE = "enter"
OTHERS = [each for each in STACKS if not each.is_core]
MAX_PARAMETERS = 14

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    """All stacks, so that all are built."""
    with OwnStack(ROOT, tmp_path_factory.mktemp("all"), stacks=NAMES) as deployed:
        yield deployed


def sam_deploy(stack: DeployedStack, source: StackSource, *options: str, answers: str = "") -> str:
    """`sam deploy` of what `loupe up` built; gives what it said."""
    done = subprocess.run(
        [
            str(SAM),
            "deploy",
            "--template-file",
            str(BUILT / source.name / "build" / "template.yaml"),
            *options,
        ],
        cwd=ROOT,
        env=stack.environ,
        input=answers,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def configured(source: StackSource, name: str) -> tuple[str, ...]:
    """As samconfig.toml has it, under another name and without a question."""
    config = ("--config-file", str(ROOT / "samconfig.toml"), "--config-env", source.name)
    return (*config, "--stack-name", name, "--no-confirm-changeset")


def described(stack: DeployedStack, name: str) -> Any:
    return stack.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]


def outputs(stack: DeployedStack, name: str) -> dict[str, str]:
    return {each["OutputKey"]: each["OutputValue"] for each in described(stack, name).get("Outputs", [])}


def resources(stack: DeployedStack, name: str) -> list[tuple[str, str, str]]:
    """Each resource with its physical id and when it was last touched."""
    listed = stack.client("cloudformation").describe_stack_resources(StackName=name)["StackResources"]
    return sorted(
        (each["LogicalResourceId"], each["PhysicalResourceId"], str(each["Timestamp"])) for each in listed
    )


def delete(stack: DeployedStack, name: str) -> None:
    cloudformation = stack.client("cloudformation")
    cloudformation.delete_stack(StackName=name)

    def gone() -> bool:
        try:
            return bool(described(stack, name)["StackStatus"] == "DELETE_COMPLETE")
        except ClientError:
            return True

    wait_for(gone, f"{name} to be deleted", 120)


@pytest.fixture(scope="module")
def guided(stack: DeployedStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What `sam deploy --guided` said and asked while it deployed the core as the stack `enter`."""
    config = tmp_path_factory.mktemp("guided") / "samconfig.toml"
    text = (ROOT / "samconfig.toml").read_text(encoding="utf-8")
    config.write_text(text.replace('stack_name = "loupe"', f'stack_name = "{CORE}"', 1), encoding="utf-8")
    [core] = [each for each in STACKS if each.is_core]
    said = sam_deploy(stack, core, "--guided", "--config-file", str(config), answers="\n" * 60)
    yield said
    delete(stack, CORE)


def test_the_core_asks_few_questions_and_enter_answers_all(stack: DeployedStack, guided: str) -> None:
    assert 0 < len(re.findall(r"Parameter \w+ \[", guided)) <= MAX_PARAMETERS
    assert described(stack, CORE)["StackStatus"] == "CREATE_COMPLETE"


def test_a_picture_is_classified_with_only_the_core(stack: DeployedStack, guided: str) -> None:
    of_core = outputs(stack, CORE)
    bucket, key = of_core["UploadsBucketName"], "uploads/alone.png"
    picture = (ROOT / "events" / "images" / "digit-3.png").read_bytes()
    stack.client("s3").put_object(Bucket=bucket, Key=key, Body=picture)

    def record() -> Any:
        name = of_core["ImagesTableName"]
        item = stack.cloud.table(name).get_item(Key={"imageId": image_id(name, bucket, key)})
        found = item.get("Item", {})
        return found if found.get("status") in ("CLASSIFIED", "REJECTED", "FAILED") else None

    assert (wait_for(record, "the picture's record", 120) or {})["label"] == "3"


@pytest.mark.usefixtures("guided")
@pytest.mark.parametrize("source", OTHERS, ids=lambda source: source.name)
def test_a_stack_comes_and_goes_and_the_core_stays_as_it_is(
    stack: DeployedStack, source: StackSource, tmp_path: Path
) -> None:
    before, name = resources(stack, CORE), source.stack_name(CORE)

    sam_deploy(stack, source, *configured(source, name), "--parameter-overrides", f"CoreStackName={CORE}")

    assert described(stack, name)["StackStatus"] == "CREATE_COMPLETE"
    assert resources(stack, CORE) == before
    with pytest.raises(ClientError, match="is imported by"):
        stack.client("cloudformation").delete_stack(StackName=CORE)
    delete(stack, name)
    assert resources(stack, CORE) == before
    assert described(stack, CORE)["StackStatus"] == "CREATE_COMPLETE"


def test_without_a_core_a_stack_says_what_it_lacks(stack: DeployedStack) -> None:
    [site] = [each for each in OTHERS if each.name == "site"]

    with pytest.raises(AssertionError, match="nowhere-"):
        sam_deploy(
            stack, site, *configured(site, "homeless"), "--parameter-overrides", "CoreStackName=nowhere"
        )

    delete(stack, "homeless")
