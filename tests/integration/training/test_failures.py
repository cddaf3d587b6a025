"""Bad data, killed and stopped jobs, stopped executions: each ends cleanly, and somebody is notified."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable

import pytest

from tests.integration.training.conftest import Training
from tests.polling import wait_for

Files = dict[str, bytes]


def only(files: Files, *labels: str) -> Files:
    return {name: body for name, body in files.items() if name.split("/")[0] in labels}


def broken(files: Files) -> Files:
    return {name: body[:20] if name.startswith("3/") else body for name, body in files.items()}


def listed(files: Files, missing: str = "", unlisted: str = "") -> Files:
    """A manifest and its files, one of them missing in the folder or in the list."""
    chosen = only(files, "3", "5")
    lines = [
        f"{index}\t{name[0]}\t{name}"
        for index, name in enumerate(chosen)
        if not name.startswith(unlisted or "-")
    ]
    held = {name: body for name, body in chosen.items() if not name.startswith(missing or "-")}
    return {**held, "all.lst": "\n".join(lines).encode()}


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda files: only(files, "3"), "SingleClassError", "3"),
        (lambda files: only(files, "3", "5") | {"7/readme.txt": b"to come"}, "EmptyClassError", "7"),
        (broken, "UnreadableFilesError", "20 of 200"),
        (lambda files: listed(files, missing="3/"), "LabelsWithoutFilesError", "3/"),
        (lambda files: listed(files, unlisted="5/"), "FilesWithoutLabelsError", "5/"),
        (lambda files: {"notes.txt": b"no pictures here"}, "EmptyDatasetError", ""),
    ],
    ids=[
        "one class",
        "empty class",
        "unreadable",
        "labels without files",
        "files without labels",
        "no pictures",
    ],
)
def test_a_bad_dataset_fails_before_training_and_says_what_to_fix(
    training: Training, digit_files: Files, make: Callable[[Files], Files], error: str, said: str
) -> None:
    prefix = f"bad/{error}/"
    training.put(training.bucket, {prefix + name: body for name, body in make(digit_files).items()})
    before = training.live()

    arn = training.start(f"s3://{training.bucket}/{prefix}")
    ended = training.ended(arn)

    assert (ended["status"], ended["error"]) == ("FAILED", error), ended
    assert said in ended["cause"]
    assert "Train Model" not in training.entered(arn)
    message = training.message(arn)
    assert ended["cause"] in message.body
    assert "What to do:" in message.body
    assert training.live() == before
    assert training.left_behind(arn) == []


@pytest.mark.parametrize(
    ("bucket", "denied", "error"),
    [
        ("closed-bucket", ["s3:ListBucket", "s3:GetObject"], "AccessDeniedError"),
        ("unread-bucket", ["s3:GetObject"], "AccessDeniedError"),
        ("missing-bucket", None, "DatasetNotFoundError"),
    ],
)
def test_a_bucket_that_may_not_be_read_is_named_before_any_job(
    training: Training, bucket: str, denied: list[str] | None, error: str
) -> None:
    if denied:
        training.put(bucket, {"data/cat/1.png": b"x"})
        statement = {
            "Effect": "Deny",
            "Principal": {"AWS": training.role()},
            "Action": denied,
            "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        training.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))

    arn = training.start(f"s3://{bucket}/data/")
    ended = training.ended(arn)

    assert (ended["status"], ended["error"]) == ("FAILED", error), ended
    assert bucket in ended["cause"]
    assert not {"Copy Dataset", "Prepare Dataset"} & set(training.entered(arn))
    assert bucket in training.message(arn).body


@pytest.fixture
def asleep(training: Training, digits: str) -> tuple[str, str]:
    """An execution whose training job has begun and will not end by itself, and the job's name."""
    arn = training.start(digits, "asleep")
    job = f"{arn.rpartition(':')[2]}-train"

    def trains() -> bool:
        described = training.job(job)
        return described.get("SecondaryStatus") == "Training" and bool(training.processes(job))

    wait_for(trains, "the job to train", 240)
    return arn, job


def test_a_killed_training_process_is_named(training: Training, asleep: tuple[str, str]) -> None:
    arn, job = asleep
    before = training.live()

    for process in training.processes(job):
        os.kill(process, signal.SIGKILL)
    ended = training.ended(arn)

    assert (ended["status"], ended["error"]) == ("FAILED", "TrainingFailedError"), ended
    assert "killed" in ended["cause"]
    assert "too little memory" in training.message(arn).body
    assert training.live() == before
    assert training.left_behind(arn) == []


def test_a_stopped_job_is_named(training: Training, asleep: tuple[str, str]) -> None:
    arn, job = asleep

    training.sagemaker.stop_training_job(TrainingJobName=job)
    ended = training.ended(arn)

    assert (ended["status"], ended["error"]) == ("FAILED", "JobStoppedError"), ended
    assert job in training.message(arn).body
    assert training.left_behind(arn) == []


def test_a_stopped_execution_stops_its_job_and_is_notified(
    training: Training, asleep: tuple[str, str]
) -> None:
    arn, job = asleep
    before = training.live()

    training.states.stop_execution(executionArn=arn)

    assert training.ended(arn)["status"] == "ABORTED"
    message = training.message(arn)
    assert "ExecutionAborted" in message.body
    assert "Left over" not in message.body
    wait_for(lambda: training.job(job)["TrainingJobStatus"] == "Stopped", "the job to stop", 60)
    assert training.processes(job) == []
    assert training.live() == before


@pytest.mark.timeout(600)
def test_an_execution_that_is_stopped_during_its_trial_leaves_nothing(
    training: Training, digits: str
) -> None:
    before = training.live()
    arn = training.start(digits)
    wait_for(lambda: "Describe Trial" in training.entered(arn), "the trial", 240)

    training.states.stop_execution(executionArn=arn)

    # What is being created cannot be deleted: the event's function is called again after a minute.
    training.message(arn, 240)
    wait_for(lambda: training.left_behind(arn) == [], "nothing to be left", 60)
    assert training.live() == before


def test_many_objects_are_copied_once(training: Training) -> None:
    # Not pictures: what is tested ends where preparing begins.
    objects = {f"folder {number % 7}/note é+{number:05}.txt": str(number).encode() for number in range(250)}
    training.put("notes-of-others", objects)

    first, second = (training.start("s3://notes-of-others") for _ in range(2))
    ended = [training.ended(arn)["error"] for arn in (first, second)]
    third = training.start("s3://notes-of-others/")
    training.ended(third)

    assert ended == ["EmptyClassError", "EmptyClassError"]
    assert training.copied(third) == 3, "the first of each hundred is copied again, nothing else"
    held = training.s3.get_paginator("list_objects_v2").paginate(Bucket=training.bucket, Prefix="datasets/")
    names = {each["Key"].split("/", 2)[2] for page in held for each in page["Contents"]}
    assert set(objects) <= names
