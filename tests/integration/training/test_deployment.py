"""A model goes live without a lost answer, or not at all."""

from __future__ import annotations

import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.cloud import DeployedStack
from tests.integration.training.conftest import Training
from tests.polling import wait_for

ROOT = Path(__file__).parents[3]
TORCH = ROOT / ".venv-train" / ".stamp"
CLASSIFICATIONS = 1000


@pytest.mark.skipif(not TORCH.exists(), reason="training needs .venv-train (make setup-train)")
@pytest.mark.timeout(900)
def test_pictures_in_somebody_elses_bucket_become_the_model_that_classifies(
    training: Training, stack: DeployedStack
) -> None:
    training.put("stripes-of-others", stripes())

    arn = training.start(
        "s3://stripes-of-others/some data/",
        "stripes",
        hyperparameters={"epochs": "2", "width": "8", "batch_size": "16"},
        minimumAccuracy=0.9,
    )
    ended = training.ended(arn, 600)

    assert ended["status"] == "SUCCEEDED", ended
    output, run = ended["output"], arn.rpartition(":")[2]
    assert (output["status"], output["endpoint"]) == ("DEPLOYED", training.endpoint)
    assert set(output["perClass"]) == {"across", "down & up"}
    assert training.live() == ("InService", f"{run}-model")
    assert training.left_behind(arn) == [f"{run}-model", f"{run}-model"], "no trial endpoint"
    prefix = output["report"].removeprefix(f"s3://{training.bucket}/")
    listed = training.s3.list_objects_v2(Bucket=training.bucket, Prefix=prefix)["Contents"]
    assert {"evaluation.json", "summary.json", "confusion_matrix.png", "calibration.svg"} <= {
        each["Key"].removeprefix(prefix) for each in listed
    }
    message = training.message(arn)
    assert message.subject.startswith(f"Loupe: the model {output['name']} is live")
    assert output["report"] in message.body
    assert classified(stack, stripe(across=True)) == "across"
    assert classified(stack, stripe(across=False)) == "down & up"


def test_a_thousand_classifications_during_an_update_see_no_error(training: Training, digits: str) -> None:
    runtime, picture = (
        training.stack.client("sagemaker-runtime"),
        (ROOT / "events/images/digit-3.png").read_bytes(),
    )
    done = threading.Event()

    def ask(_: int) -> int:
        """Until the new model is live, and then until the share is done."""
        count = 0
        while count < CLASSIFICATIONS // 4 or not done.is_set():
            answer = runtime.invoke_endpoint(
                EndpointName=training.endpoint, ContentType="image/png", Body=picture
            )
            assert json.loads(answer["Body"].read())["labels"][0] == "3"
            count += 1
        return count

    arn = training.start(digits)
    wait_for(lambda: "Test Trial" in training.entered(arn), "the trial", 240)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, number) for number in range(4)]
        try:
            ended = training.ended(arn)
        finally:
            done.set()
        answered = sum(each.result() for each in asked)

    assert ended["status"] == "SUCCEEDED", ended
    assert training.live() == ("InService", ended["output"]["endpointConfig"])
    assert answered >= CLASSIFICATIONS


def test_two_executions_deploy_one_after_the_other(training: Training, digits: str) -> None:
    arns = [training.start(digits), training.start(digits)]

    outcomes = [training.ended(arn) for arn in arns]

    # The first one may not see itself live before the second one takes over.
    assert {ended.get("error", "SupersededError") for ended in outcomes} == {"SupersededError"}, outcomes
    assert "SUCCEEDED" in [ended["status"] for ended in outcomes]
    configs = {f"{arn.rpartition(':')[2]}-model" for arn in arns}
    _, live = training.live()
    assert live in configs
    assert {training.previous(live)} == configs - {live}, "the way back leads to the other one"


@pytest.mark.parametrize("kind", ["moody", "wrong"])
def test_a_model_that_fails_its_smoke_test_is_never_live(training: Training, digits: str, kind: str) -> None:
    before = training.live()

    arn = training.start(digits, kind)
    ended = training.ended(arn)

    assert (ended["status"], ended["error"]) == ("FAILED", "SmokeTestFailedError"), ended
    assert "Deploy Model" not in training.entered(arn)
    assert training.live() == before
    wait_for(lambda: training.left_behind(arn) == [], "nothing to be left", 30)
    assert "The live endpoint was not touched." in training.message(arn).body


def test_a_model_below_the_minimum_is_refused_and_its_report_kept(
    training: Training, digit_files: dict[str, bytes]
) -> None:
    before, swapped = training.live(), {"3": "5", "5": "3"}
    mixed = {f"mixed/{swapped.get(name[0], name[0])}{name[1:]}": body for name, body in digit_files.items()}
    training.put(training.bucket, mixed)

    arn = training.start(f"s3://{training.bucket}/mixed/", minimumAccuracy=0.9)
    ended = training.ended(arn)

    assert ended["error"] == "AccuracyTooLowError", ended
    assert training.live() == before
    assert training.left_behind(arn) == []
    message = training.message(arn)
    assert message.subject.endswith("was refused, accuracy too low")
    report = next(line for line in message.body.splitlines() if line.startswith("Report:"))
    prefix = report.split(f"s3://{training.bucket}/")[1]
    assert training.s3.list_objects_v2(Bucket=training.bucket, Prefix=prefix)["KeyCount"] > 3


def stripe(across: bool, seed: int = 0) -> bytes:
    """A small colour picture with transparency, striped across or down."""
    random = np.random.default_rng(seed)
    pixels = np.full((32, 32, 4), 255, np.uint8)
    pixels[..., :3] = random.integers(0, 60, (32, 32, 3))
    pixels[seed % 4 :: 4, :, :3] += 150
    image = Image.fromarray(pixels if across else np.ascontiguousarray(pixels.swapaxes(0, 1)))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def stripes() -> dict[str, bytes]:
    """Forty pictures of two classes with a manifest, as SageMaker's own algorithms take it."""
    lines, found = [], {}
    for number in range(80):
        across = number % 2 == 0
        name = f"{number} é.png"
        found[f"some data/train/{name}"] = stripe(across, number)
        lines.append(f"{number}\t{0 if across else 1}\t{name}")
    named = {"some data/train.lst": "\n".join(lines).encode(), "some data/labels.txt": b"across\ndown & up\n"}
    return found | named


def classified(stack: DeployedStack, picture: bytes) -> Any:
    """What the classify workflow says of a picture."""
    s3, states = stack.client("s3"), stack.client("stepfunctions")
    bucket, key = stack.outputs["UploadsBucketName"], f"tests/{hash(picture)}.png"
    s3.put_object(Bucket=bucket, Key=key, Body=picture)
    given = {"image_data": "", "s3_bucket": bucket, "s3_key": key, "threshold": 0}
    arn = states.start_execution(
        stateMachineArn=stack.outputs["ClassifyStateMachineArn"], input=json.dumps(given)
    )["executionArn"]

    def ended() -> Any:
        described = states.describe_execution(executionArn=arn)
        return described if described["status"] != "RUNNING" else None

    return json.loads(wait_for(ended, "the classification", 90)["output"])["label"]
