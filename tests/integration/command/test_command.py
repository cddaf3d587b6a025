"""The installed command against the deployed stack."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local.ports import free_port
from tests.cloud import DeployedStack
from tests.polling import WaitFor

PICTURES = Path(__file__).parents[3] / "events" / "images"
SURE, UNSURE = PICTURES / "digit-5.png", PICTURES / "digit-3-unsure.png"
SECONDS = 120


def loupe(
    stack: DeployedStack, *arguments: str, seconds: float = SECONDS, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run the command as a program, with the tests' local cloud as this folder's."""
    return subprocess.run(
        [sys.executable, "-m", "loupe", *arguments],
        env=os.environ | {"LOUPE_STATE": str(stack.state)} | environ,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_digit_is_classified_recorded_told_and_downloaded(
    stack: DeployedStack, wait_for: WaitFor, tmp_path: Path
) -> None:
    stack.inbox.clear()

    done = loupe(stack, "classify", "--json", str(SURE))

    [result] = lines(done)
    assert (done.returncode, result["status"], result["label"]) == (0, "SUCCEEDED", "5"), (
        done.stderr + done.stdout
    )
    [message] = wait_for(stack.inbox.messages, "the e-mail")
    assert "digit-5.png" in message.subject
    [found] = [
        each
        for each in lines(loupe(stack, "images", "--json"))
        if each["executionArn"] == result["executionArn"]
    ]
    assert (found["status"], found["label"]) == ("CLASSIFIED", "5")
    downloaded = loupe(stack, "download", str(found["imageId"])[:8], "-o", str(tmp_path / "five.jpg"))
    assert downloaded.returncode == 0, downloaded.stderr
    assert (tmp_path / "five.jpg").read_bytes()[:3] == b"\xff\xd8\xff"


def test_an_unsure_digit_is_refused_with_3_and_passes_with_a_lower_threshold(stack: DeployedStack) -> None:
    refused = loupe(stack, "classify", "--json", str(UNSURE))
    passed = loupe(stack, "classify", "--json", "--threshold", "0.5", str(UNSURE))

    [result] = lines(refused)
    assert (refused.returncode, result["error"]) == (3, "ThresholdConfidenceNotMetError"), refused.stderr
    assert str(result["cause"]).startswith("THRESHOLD_CONFIDENCE_NOT_MET")
    assert (passed.returncode, lines(passed)[0]["status"]) == (0, "SUCCEEDED"), passed.stderr + passed.stdout


def test_several_pictures_print_a_table_and_the_worst_ones_code(stack: DeployedStack, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(SURE.read_bytes()[:60])

    done = loupe(stack, "classify", str(SURE), str(UNSURE), str(broken))

    assert done.returncode == 1
    rows = done.stdout.splitlines()
    for name, status in (
        ("digit-5.png", "classified"),
        ("digit-3-unsure.png", "refused"),
        ("broken.png", "failed"),
    ):
        assert any(name in row and status in row for row in rows), done.stdout
    assert "\x1b[" not in done.stdout


def test_an_object_in_s3_is_classified_where_it_is(stack: DeployedStack) -> None:
    bucket, key = stack.outputs["UploadsBucketName"], "elsewhere/a digit+ünï.png"
    stack.client("s3").put_object(Bucket=bucket, Key=key, Body=SURE.read_bytes())

    [result] = lines(loupe(stack, "classify", "--json", f"s3://{bucket}/{key}"))
    [listed] = lines(loupe(stack, "classify", "--json", f"s3://{bucket}/elsewhere/"))

    assert result["label"] == listed["label"] == "5"


def test_a_missing_object_fails_with_the_typed_error(stack: DeployedStack) -> None:
    done = loupe(stack, "classify", "--json", f"s3://{stack.outputs['UploadsBucketName']}/nowhere.png")

    assert (done.returncode, lines(done)[0]["error"]) == (1, "ImageNotFoundError")


def test_an_endpoint_of_the_environment_is_enough_for_any_folder(
    stack: DeployedStack, tmp_path: Path
) -> None:
    done = loupe(
        stack, "classify", "--json", str(SURE), LOUPE_STATE=str(tmp_path), AWS_ENDPOINT_URL=stack.gateway_url
    )

    assert (done.returncode, lines(done)[0]["label"]) == (0, "5"), done.stderr


def test_no_such_stack_is_one_line(stack: DeployedStack) -> None:
    done = loupe(stack, "images", "--stack", "nothing")

    assert done.returncode == 1
    assert done.stderr.startswith("Error: There is no stack nothing at the local cloud")
    assert done.stderr.count("\n") == 1


def test_status_tells_where_things_are(stack: DeployedStack) -> None:
    [document] = lines(loupe(stack, "status", "--json"))

    assert (document["running"], document["gatewayUrl"], document["stack"]) == (
        True,
        stack.gateway_url,
        "loupe",
    )
    assert document["outputs"] == stack.outputs
    services = document["services"]
    assert isinstance(services, dict)
    assert services
    assert all(service["healthy"] for service in services.values())


def test_logs_tell_of_functions_and_the_workflow(stack: DeployedStack, wait_for: WaitFor) -> None:
    [result] = lines(loupe(stack, "classify", "--json", str(SURE)))
    execution = str(result["executionArn"])

    workflow = wait_for(
        lambda: [
            each
            for each in lines(loupe(stack, "logs", "workflow", "--json"))
            if execution in str(each["message"])
        ],
        "the execution's events in the log",
    )

    assert {each["source"] for each in workflow} == {"classify_image"}
    assert lines(loupe(stack, "logs", "serialize_image_data", "--json"))


def test_a_second_up_says_that_one_is_running(stack: DeployedStack) -> None:
    done = loupe(stack, "up", "--port", str(free_port()))

    assert done.returncode == 1
    assert f"already running at {stack.gateway_url}" in done.stderr


def test_a_second_detached_up_deploys_nothing_anew(stack: DeployedStack) -> None:
    before = stack.client("cloudformation").describe_stacks(StackName="loupe")["Stacks"][0]

    done = loupe(stack, "up", "--detach", "--json")

    after = stack.client("cloudformation").describe_stacks(StackName="loupe")["Stacks"][0]
    assert done.returncode == 0, done.stderr
    assert lines(done)[0]["gatewayUrl"] == stack.gateway_url
    assert after.get("LastUpdatedTime") == before.get("LastUpdatedTime")


def test_ctrl_c_ends_a_watch_that_has_classified_what_came(
    stack: DeployedStack, tmp_path: Path, wait_for: WaitFor
) -> None:
    output = tmp_path / "output"
    folder = tmp_path / "folder"
    folder.mkdir()
    with output.open("w") as written:
        watching = subprocess.Popen(
            [sys.executable, "-m", "loupe", "classify", "--watch", "--json", str(folder)],
            env=os.environ | {"LOUPE_STATE": str(stack.state)},
            stdout=written,
            stderr=written,
        )
        try:
            (folder / "five.png").write_bytes(SURE.read_bytes())
            wait_for(lambda: "five.png" in output.read_text(), "the first picture", seconds=60)
            (folder / "again.png").write_bytes(SURE.read_bytes())
            wait_for(lambda: "again.png" in output.read_text(), "the second picture", seconds=60)
        finally:
            watching.send_signal(signal.SIGINT)
            code = watching.wait(30)

    results = [json.loads(line) for line in output.read_text().splitlines() if line.startswith("{")]
    assert code == 130
    assert [Path(each["image"]).name for each in results] == ["five.png", "again.png"]


@pytest.mark.timeout(300)
def test_a_person_without_the_right_to_start_executions_is_told_so(stack: DeployedStack) -> None:
    iam = stack.client("iam")
    iam.create_user(UserName="onlooker")
    key = iam.create_access_key(UserName="onlooker")["AccessKey"]
    environ = {
        "AWS_ENDPOINT_URL": stack.gateway_url,
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        "AWS_REGION": "us-east-1",
    }

    done = loupe(stack, "classify", str(SURE), **environ)

    assert done.returncode == 1
    assert done.stderr.startswith("Error: You may not call DescribeStacks")
    assert done.stderr.count("\n") == 1
