"""`loupe review` and `loupe label` on moto's tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from loupe.aws import Cloud
from loupe.errors import InputError, RecordNotFoundError, StackNotFoundError
from loupe.reviews import Reviews, listed
from loupe.stack import Stack
from loupe.target import Target
from loupe_core.items import from_item, to_item
from loupe_review.dataset import label_ids, reviewed_pictures, write_manifest
from loupe_review.review import AUDIT, CORRECTION, DECIDED
from model.dataset.records import is_records, record_rows
from tests.unit.review.test_rules import review

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
INDEXES = (("queue", "order"), ("imageId", "createdAt"), ("decidedOn", "decidedAt"))
OUTPUTS = {"ReviewsTableName": "Reviews", "ImagesTableName": "Images"}


class Desk:
    """A deployed stack's tables, and the command's way to them. `image_indexes` are of the Images table."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, image_indexes: tuple[tuple[str, str], ...] = ()
    ) -> None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "test")
        self.cloud = Cloud(Target(None, local=False, region="eu-west-1"))
        self.client = self.cloud.client("dynamodb")
        self.now = NOW
        for table, key, indexes in (
            ("Reviews", "reviewId", INDEXES),
            ("Images", "imageId", image_indexes),
        ):
            names = {key, *(name for pair in indexes for name in pair)}
            self.client.create_table(
                TableName=table,
                KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
                **({"GlobalSecondaryIndexes": [_index(*pair) for pair in indexes]} if indexes else {}),
                BillingMode="PAY_PER_REQUEST",
            )
        self.reviews = Reviews(self.cloud, Stack("loupe", "CREATE_COMPLETE", OUTPUTS), self.clock)

    def clock(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def put(self, number: int, status: str = "IN_REVIEW", **more: Any) -> None:
        waiting = review(number)
        if status == "IN_REVIEW":
            self.client.put_item(TableName="Reviews", Item=to_item(waiting.to_attributes()))
        record = {
            "imageId": waiting.image_id,
            "claimId": "claim",
            "status": status,
            "bucket": "uploads",
            "key": waiting.key,
            "versionId": "v1",
            "predictions": [dict(each) for each in waiting.predictions],
            **more,
        }
        self.client.put_item(TableName="Images", Item=to_item(record))

    def record(self, number: int) -> dict[str, Any]:
        item = self.client.get_item(TableName="Images", Key={"imageId": {"S": f"{number:032x}"}})["Item"]
        return from_item(item)


def _index(partition: str, order: str) -> Any:
    keys = [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": order, "KeyType": "RANGE"},
    ]
    return {
        "IndexName": f"{partition}-{order}-index",
        "KeySchema": keys,
        "Projection": {"ProjectionType": "ALL"},
    }


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with mock_aws():
        yield Desk(monkeypatch)


def test_what_waits_is_listed_with_the_keys_of_the_contract(desk: Desk) -> None:
    desk.put(1)
    (waiting,) = desk.reviews.waiting()
    said = listed(waiting)
    assert list(said) == ["reviewId", "imageId", "image", "predictions", "createdAt", "expiresAt"]
    assert said["image"] == "s3://uploads/uploads/1.png"


def test_a_review_may_be_named_by_its_beginning(desk: Desk) -> None:
    desk.put(1)
    done = desk.reviews.answer(f"{1:032x}", "LABEL", "dog")
    assert (done.status, done.answers[0].label, done.answers[0].guess_shown) == (DECIDED, "dog", True)
    assert done.answers[0].reviewer.startswith("arn:aws:")


@pytest.mark.parametrize("given", ["000", "0000000", "nothing"])
def test_a_beginning_that_names_none_or_many_is_refused(desk: Desk, given: str) -> None:
    desk.put(1)
    desk.put(2)
    with pytest.raises(RecordNotFoundError):
        desk.reviews.skip(given)


def test_an_answer_to_what_is_over_is_refused_in_plain_words(desk: Desk) -> None:
    desk.put(1)
    name = desk.reviews.answer(f"{1:032x}", "NONE").review_id
    with pytest.raises(InputError, match="waits for nobody"):
        desk.reviews.answer(name, "LABEL", "dog")


def test_without_the_review_stack_the_command_says_so(desk: Desk) -> None:
    with pytest.raises(StackNotFoundError, match="has no output ReviewsTableName"):
        Reviews(desk.cloud, Stack("loupe", "CREATE_COMPLETE", {}))


def test_a_correction_changes_the_record_and_keeps_what_was_there(desk: Desk) -> None:
    desk.put(1, "CLASSIFIED", label="cat", labelledBy="model", title="cat - 60.0%", autoTitle=True)
    done = desk.reviews.correct(f"{1:032x}", "dog")
    record = desk.record(1)
    assert (record["label"], record["labelledBy"], record["modelLabel"]) == ("dog", "person", "cat")
    assert (record["title"], "pending" in record) == ("dog", False)
    assert done.kind == CORRECTION
    assert done.former == {
        "status": "CLASSIFIED",
        "label": "cat",
        "labelledBy": "model",
        "title": "cat - 60.0%",
    }


def test_a_title_that_somebody_gave_stays(desk: Desk) -> None:
    desk.put(1, "CLASSIFIED", label="cat", title="Rex", autoTitle=False)
    desk.reviews.correct(f"{1:032x}", "dog")
    assert desk.record(1)["title"] == "Rex"


def test_a_correction_of_what_waits_answers_it(desk: Desk) -> None:
    desk.put(1)
    assert desk.reviews.correct(f"{1:032x}", "dog").status == DECIDED
    assert desk.record(1)["status"] == "IN_REVIEW", "the workflow records it"


def test_what_is_refused_can_be_labelled(desk: Desk) -> None:
    desk.put(1, "REJECTED", error={"name": "ThresholdConfidenceNotMetError", "cause": "…"})
    desk.reviews.correct(f"{1:032x}", "dog")
    assert desk.record(1)["status"] == "CLASSIFIED"
    assert "error" not in desk.record(1)


def test_the_export_is_a_manifest_that_preparing_reads(desk: Desk, tmp_path: Path) -> None:
    for number, label in enumerate(["dog", "cat", "dog"]):
        desk.put(number)
        desk.reviews.answer(f"{number:032x}", "LABEL", label)
    desk.put(7)
    desk.reviews.answer(f"{7:032x}", "NONE")
    path = tmp_path / "answers.manifest"
    assert write_manifest(path, desk.reviews.all()) == 3
    assert is_records(path)
    assert [row.label for row in record_rows(path, None)] == ["dog", "cat", "dog"]
    first = json.loads(path.read_text().splitlines()[0])
    assert first["loupe"]["history"][0]["answers"][0]["label"] == "dog"
    assert first["loupe"]["mayValidate"] is False


def test_one_entry_a_picture_its_last_label_and_only_audits_may_validate(desk: Desk) -> None:
    desk.put(1)
    desk.reviews.answer(f"{1:032x}", "LABEL", "dog")
    (first,) = desk.reviews.all()
    audit = first.changed(review_id="audit", image_id="2" * 32, kind=AUDIT)
    later = first.changed(review_id="later", created_at="2026-11-29", kind=CORRECTION)
    found = reviewed_pictures([later, first, audit])
    assert [(each.image_id[-1], each.may_validate) for each in found] == [("1", False), ("2", True)]
    assert len(found[0].history) == 2


def test_a_labels_number_never_changes() -> None:
    known = label_ids(["dog", "cat"], {})
    assert label_ids(["ape", "dog"], known) == {"cat": 0, "dog": 1, "ape": 2}
