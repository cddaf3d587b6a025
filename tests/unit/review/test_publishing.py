"""What people answered becomes a versioned dataset of the training bucket, on moto's S3."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from loupe_core.errors import AccessDeniedError, RecordsUnavailableError
from loupe_review.publishing import LABELS_KEY, ReviewedDataset
from loupe_review.review import AUDIT, CONCLUDED, LABEL, NONE, Decision, Review
from tests.unit.review.test_rules import answer, review
from tests.workflow.training_aws import client_error


class Bucket:
    """The uploads and the training bucket."""

    def __init__(self) -> None:
        self.s3 = boto3.client("s3", region_name="us-east-1")
        for name in ("uploads", "training"):
            self.s3.create_bucket(Bucket=name)
        self.s3.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
        self.dataset = ReviewedDataset("training", "uploads", self.s3)

    def reviewed(self, number: int, label: str = "cat", choice: str = LABEL, **changes: Any) -> Review:
        """A concluded review, of a picture that is there."""
        made = review(number)
        version = self.s3.put_object(Bucket="uploads", Key=made.key, Body=b"picture")["VersionId"]
        said = answer("ann", label, choice)
        decision = Decision(choice, said.at, said.label)
        given = {"status": CONCLUDED, "answers": (said,), "decision": decision, "version_id": version}
        return dataclasses.replace(made, **{**given, **changes})

    def read(self, uri: str, name: str) -> list[Any]:
        key = uri.removeprefix("s3://training/") + name
        text = self.s3.get_object(Bucket="training", Key=key)["Body"].read().decode()
        return [json.loads(line) for line in text.splitlines()]

    def numbers(self) -> dict[str, int]:
        found: dict[str, int] = json.loads(
            self.s3.get_object(Bucket="training", Key=LABELS_KEY)["Body"].read()
        )
        return found


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield Bucket()


def test_the_list_says_who_said_what_and_the_pictures_stay_where_they_are(bucket: Bucket) -> None:
    made = bucket.dataset.publish([bucket.reviewed(1), bucket.reviewed(2, "dog", kind=AUDIT)])

    assert (made.pictures, made.left_out) == (2, 0)
    assert bucket.read(made.uri, "pictures.json") == [
        [{"prefix": "s3://uploads/"}, "uploads/1.png", "uploads/2.png"]
    ]
    first, second = bucket.read(made.uri, "answers/answers.manifest")
    assert first["label-metadata"]["class-name"] == "cat"
    assert [each["loupe"]["mayValidate"] for each in (first, second)] == [False, True]
    assert first["loupe"]["history"][0]["answers"][0]["reviewer"] == "ann"


def test_the_same_answers_are_the_same_version_and_another_answer_is_another(bucket: Bucket) -> None:
    answers = [bucket.reviewed(1), bucket.reviewed(2, "dog")]
    first = bucket.dataset.publish(answers)
    assert bucket.dataset.publish(reversed(answers)) == first
    assert bucket.dataset.publish([*answers, bucket.reviewed(3)]).uri != first.uri


def test_a_labels_number_never_changes(bucket: Bucket) -> None:
    bucket.dataset.publish([bucket.reviewed(1, "cat"), bucket.reviewed(2, "dog")])
    assert bucket.numbers() == {"cat": 0, "dog": 1}
    made = bucket.dataset.publish([bucket.reviewed(3, "bird"), bucket.reviewed(4, "dog")])
    assert bucket.numbers() == {"cat": 0, "dog": 1, "bird": 2}
    assert [each["label"] for each in bucket.read(made.uri, "answers/answers.manifest")] == [2, 1]


def test_whoever_numbers_labels_at_the_same_time_loses_none(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = bucket.dataset._known
    others = iter([{"ant": 0}])

    def read_and_be_overtaken() -> Any:
        found = known()
        for numbers in others:
            bucket.s3.put_object(Bucket="training", Key=LABELS_KEY, Body=json.dumps(numbers).encode())
        return found

    monkeypatch.setattr(bucket.dataset, "_known", read_and_be_overtaken)
    bucket.dataset.publish([bucket.reviewed(1, "bee")])
    assert bucket.numbers() == {"ant": 0, "bee": 1}


def test_pictures_that_were_deleted_replaced_or_are_elsewhere_stay_out(bucket: Bucket) -> None:
    deleted, replaced = bucket.reviewed(1), bucket.reviewed(2)
    bucket.s3.delete_object(Bucket="uploads", Key=deleted.key)
    bucket.s3.put_object(Bucket="uploads", Key=replaced.key, Body=b"another picture")
    elsewhere, outside = bucket.reviewed(3, bucket="theirs"), bucket.reviewed(4, key="uploads/../4.png")

    made = bucket.dataset.publish([deleted, replaced, elsewhere, outside, bucket.reviewed(5)])

    assert (made.pictures, made.left_out) == (1, 4)
    assert bucket.read(made.uri, "pictures.json")[0][1:] == ["uploads/5.png"]


def test_pictures_that_nobody_could_name_are_no_data(bucket: Bucket) -> None:
    made = bucket.dataset.publish([bucket.reviewed(1, choice=NONE), bucket.reviewed(2, choice="UNUSABLE")])
    assert (made.uri, made.pictures) == ("", 0)


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [("403", 403, AccessDeniedError), ("SlowDown", 503, RecordsUnavailableError)],
)
def test_what_s3_refuses_is_named(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, code: str, status: int, error: type[Exception]
) -> None:
    waiting = bucket.reviewed(1)

    def refuse(**asked: Any) -> Any:
        raise client_error(code, "refused", "HeadObject", status)

    monkeypatch.setattr(bucket.s3, "head_object", refuse)
    with pytest.raises(error, match="s3:GetObject"):
        bucket.dataset.publish([waiting])
