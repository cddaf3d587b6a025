"""The messages about a training are as SNS takes them, whatever is in them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from loupe_training import messages
from loupe_training.outcome import Failure

EXECUTION = "arn:aws-cn:states:cn-north-1:123456789012:execution:loupe-training-train-model:one"
ABOUT = messages.About("pets", "s3://theirs/pets/", "live", EXECUTION)
OUTPUT = {
    "status": "DEPLOYED",
    "name": "pets",
    "model": "one-model",
    "endpoint": "live",
    "accuracy": 0.9,
    "perClass": {"cat": 0.95, "dog": 0.5},
    "report": "s3://training/runs/one/evaluation/",
}


def test_a_webhook_gets_what_a_program_needs() -> None:
    sent = messages.success(ABOUT, OUTPUT, 40).to_sns("topic")
    assert json.loads(json.loads(sent["Message"])["https"]) == {
        "status": "DEPLOYED",
        "name": "pets",
        "model": "one-model",
        "endpoint": "live",
        "accuracy": 0.9,
        "report": "s3://training/runs/one/evaluation/",
        "executionArn": EXECUTION,
    }
    assert sent["MessageAttributes"]["status"]["StringValue"] == "DEPLOYED"


@pytest.mark.parametrize("name", ["x" * 500, "zwei Wörter\nund mehr", "😀"])
def test_a_subject_is_short_and_plain(name: str) -> None:
    about = messages.About(name, "", "live", "arn")
    subject = messages.failure(about, Failure("E", "c"), "a", None, [], False).to_sns("topic")["Subject"]
    assert len(subject) < 100
    assert subject.isascii()
    assert subject.isprintable()


def test_long_labels_and_many_classes_make_no_long_message() -> None:
    many = OUTPUT | {"perClass": {f"{number} " + "long " * 500: 0.1 for number in range(1000)}}
    text = messages.success(ABOUT, many, 40).text
    assert len(text) < 2000
    assert text.count(" - 10.0%") == messages.SHOWN_CLASSES


def test_what_is_left_over_is_named() -> None:
    message = messages.failure(ABOUT, Failure("E", "c"), "a", None, ["the model one-model"], True)
    assert "Left over:     the model one-model: remove or stop manually" in message.text
    assert message.subject == "Loupe: the model pets is live, but: E"


def test_the_link_leads_to_the_console_of_the_partition() -> None:
    link = f"https://console.amazonaws.cn/states/home?region=cn-north-1#/v2/executions/details/{EXECUTION}"

    assert f"Open it:     {link}" in messages.success(ABOUT, OUTPUT, 40).text
    assert link in messages.failure(ABOUT, Failure("E", "c"), "a", None, [], False).text


def test_a_local_cloud_has_no_console() -> None:
    about = replace(ABOUT, execution_arn=EXECUTION.replace(EXECUTION.split(":")[4], "000000000000"))

    assert "Open it" not in messages.success(about, OUTPUT, 40).text
    assert "Open it" not in messages.failure(about, Failure("E", "c"), "a", None, [], False).text
