"""Rows of pictures that cannot be read, with advice; figures, costs and the page made of them."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from loupe.cost.batch import BatchUsage
from loupe.cost.estimate import estimate
from loupe.cost.prices import load_prices
from loupe_batch import cost
from loupe_batch.classify import Batch, BatchClassifier
from loupe_batch.figures import UNSURE, Figures
from loupe_batch.html import page
from loupe_batch.items import Item
from loupe_batch.rows import Row, answered, failed
from loupe_batch.storage import Storage
from loupe_core.errors import EndpointNotFoundError, EndpointThrottledError
from loupe_core.inference import Prediction
from loupe_core.s3_images import S3Images
from tests.unit.functions.handlers import client_error
from tests.workflow.batch_world import FakeEndpoint, decoded

ROOT = Path(__file__).parents[3]


class RefusingS3:
    """GetObject of a bucket that is somebody else's."""

    def __init__(self, code: str, message: str) -> None:
        self._error = client_error(code, 403, "GetObject", message=message)

    def get_object(self, **request: Any) -> Any:
        raise self._error


def classified(storage: Storage, client: Any, item: Item, endpoint: Any = None) -> list[Row]:
    event = {
        "BatchInput": {"run": "zoo-1", "endpoint": "e", "model": "m", "threshold": 0.5},
        "Items": [item.as_json()],
    }
    batch = Batch.parse(event)
    BatchClassifier(
        batch,
        storage,
        S3Images(client),
        endpoint or FakeEndpoint(),
        decoded,
        "the-role",
        (),
        1,
        lambda: 90_000,
    ).run()
    return [Row.parse(each) for each in storage.read(batch.part_key)["rows"]]


@pytest.mark.parametrize(
    ("code", "message", "error", "advice"),
    [
        (
            "AccessDenied",
            "not authorized to perform: s3:GetObject",
            "AccessDeniedError",
            "Allow the-role s3:GetObject",
        ),
        (
            "AccessDenied",
            "not authorized to perform: kms:Decrypt",
            "AccessDeniedError",
            "kms:Decrypt in the key",
        ),
        ("KMS.DisabledException", "key is disabled", "AccessDeniedError", "kms:Decrypt in the key"),
        ("InvalidObjectState", "not valid for the storage class", "ImageArchivedError", "Restore it"),
    ],
)
def test_a_picture_that_may_not_be_read_is_a_row_with_advice(
    storage: Storage, code: str, message: str, error: str, advice: str
) -> None:
    [row] = classified(storage, RefusingS3(code, message), Item("others", "a.jpg"))

    assert (row.status, row.error) == ("FAILED", error)
    assert advice in row.cause
    assert not row.is_done


def test_what_the_listing_says_is_archived_is_not_even_asked_for(storage: Storage) -> None:
    [row] = classified(storage, None, Item("others", "a.jpg", storage_class="DEEP_ARCHIVE"))

    assert row.error == "ImageArchivedError"


def test_an_endpoint_that_is_not_there_is_raised_and_leaves_no_row(s3: Any, storage: Storage) -> None:
    s3.put_object(Bucket="my-uploads", Key="a.jpg", Body=b"cat 0.9")
    endpoint = FakeEndpoint()
    endpoint.fault = lambda content: EndpointNotFoundError("There is no endpoint e.")

    with pytest.raises(EndpointNotFoundError):
        classified(storage, s3, Item("my-uploads", "a.jpg"), endpoint)
    assert list(storage.keys("runs/")) == []


def test_throttled_past_all_patience_is_raised(s3: Any, storage: Storage) -> None:
    s3.put_object(Bucket="my-uploads", Key="a.jpg", Body=b"cat 0.9")
    endpoint, clock = FakeEndpoint(), iter([90_000, 90_000, 1_000, 1_000])
    endpoint.fault = lambda content: EndpointThrottledError("slow down")
    event = {
        "BatchInput": {"run": "zoo-1", "endpoint": "e", "model": "m", "threshold": 0.5},
        "Items": [Item("my-uploads", "a.jpg").as_json()],
    }
    classifier = BatchClassifier(
        Batch.parse(event),
        storage,
        S3Images(s3),
        endpoint,
        decoded,
        "r",
        (),
        1,
        lambda: next(clock),
        sleep=lambda seconds: None,
    )

    with pytest.raises(EndpointThrottledError):
        classifier.run()


def test_a_row_goes_through_json_unchanged() -> None:
    item = Item("b", "\u00e9 \U0001f408.jpg", "v", "e", 3, "STANDARD", {"label": "dog"})
    predictions = [Prediction("cat", 0.9), Prediction("dog", 0.1)]

    for row in (
        answered(item, predictions, 0.5, "m", 9),
        failed(item, "CorruptImageError", "broken" * 200, "m"),
    ):
        assert Row.parse(json.loads(json.dumps(row.as_json()))) == row
        assert len(row.cause) <= 500


def test_figures_keep_the_least_sure_and_few_examples() -> None:
    figures = Figures(0.5)
    for number in range(200):
        item = Item("b", f"{number}.jpg")
        figures.add(answered(item, [Prediction("cat", 1 - number / 1000)], 0.5, "m", 1))
        figures.add(failed(item, "CorruptImageError", "broken", "m"))

    assert [row.item.key for row in figures.unsure] == [f"{n}.jpg" for n in range(199, 199 - UNSURE, -1)]
    found = figures.as_json()
    assert (found["pictures"], found["classified"], found["failed"]) == (400, 200, 200)
    assert len(found["examples"]["CorruptImageError"]) == 5
    assert sum(found["histogram"]) == 200


def test_figures_compare_with_what_was_recorded() -> None:
    figures = Figures(0.5)
    for before, after in (("cat", "cat"), ("dog", "cat"), ("dog", "cat")):
        former = {"label": before}
        figures.add(answered(Item("b", "k", former=former), [Prediction(after, 0.9)], 0.5, "m", 1))

    found = figures.as_json()
    assert (found["compared"], found["changed"]) == (3, 2)
    assert found["changes"] == [{"before": "dog", "after": "cat", "pictures": 2}]


class Tags(HTMLParser):
    """What a page has in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def summary_of(figures: Figures, key: str) -> dict[str, Any]:
    """A run's summary, as far as the page shows it."""
    return {
        **figures.as_json(),
        "run": "r",
        "source": {"bucket": "b", "key": key},
        "model": "m",
        "endpoint": "e",
        "instances": [],
        "startedAt": "2026-11-28T10:00:00Z",
        "durationMs": 1000,
        "cost": 0.1,
        "costs": {"S3": 0.1},
        "costsOfAMillion": {"S3": 1.0},
        "failure": None,
    }


@pytest.mark.parametrize(("asked", "shown"), [({}, False), ({"inReview": 0}, False), ({"inReview": 3}, True)])
def test_the_page_says_how_many_wait_for_a_person(asked: dict[str, int], shown: bool) -> None:
    texts = Tags(page({**summary_of(Figures(0.5), "zoo/"), **asked}, [])).texts
    assert ("Wait for a person" in texts) == shown


@pytest.mark.parametrize(
    ("threshold", "said"), [(0.93, "Below 93%"), (0.995, "Below 99.5%"), (1.0, "Below 100%")]
)
def test_the_page_names_the_threshold_that_was_taken(threshold: float, said: str) -> None:
    texts = Tags(page(summary_of(Figures(threshold), "zoo/"), [])).texts
    assert said in texts


def test_the_page_shows_strangers_names_as_text_and_asks_nobody_for_anything() -> None:
    evil = "<script>alert(1)</script>.jpg"
    figures = Figures(0.5)
    row = answered(Item("b", evil, former={"label": "<b>"}), [Prediction("<i>", 0.6)], 0.5, "m", 1)
    figures.add(row)
    figures.add(failed(Item("b", evil), "CorruptImageError", "<u>", "m"))
    summary = {**summary_of(figures, evil), "failure": {"error": "E", "cause": "<s>"}}

    found = Tags(page(summary, [(row, b"jpeg"), (row, None)]))

    assert not {"script", "i", "b", "u", "s", "link", "iframe"} & set(found.tags)
    assert evil in " ".join(found.texts)
    assert "svg" in found.tags


def test_the_prices_are_the_commands_own() -> None:
    listed = json.loads((ROOT / "loupe" / "cost" / "prices.json").read_text())["prices"]
    for name, price in {
        "states.transition": cost.TRANSITION,
        "states.express.request": cost.EXPRESS_REQUEST,
        "states.express.gbSecond": cost.EXPRESS_GB_SECOND,
        "lambda.request": cost.LAMBDA_REQUEST,
        "lambda.gbSecond": cost.LAMBDA_GB_SECOND,
        "s3.put": cost.S3_PUT,
        "s3.get": cost.S3_GET,
        "dynamodb.write": cost.DYNAMODB_WRITE,
        "dynamodb.read": cost.DYNAMODB_READ,
        "logs.gb": cost.LOG_GB,
    }.items():
        assert price == pytest.approx(listed[name]["usd"] / listed[name]["per"]), name


def test_the_commands_estimate_counts_as_a_runs_report_does() -> None:
    for milliseconds in (25.0, 100.0):
        bill = estimate(BatchUsage(milliseconds), load_prices(), 1_000_000)
        parts = cost.orchestration(1_000_000, 25_000, 25_000, milliseconds * 1_000_000)

        assert bill.dollars == pytest.approx(sum(parts.values()))


def test_a_million_pictures_of_a_tenth_of_a_second_cost_less_than_ten_dollars() -> None:
    parts = cost.orchestration(1_000_000, 25_000, 25_000, 100.0 * 1_000_000)

    assert sum(parts.values()) < 10
    # A million records, which the online path writes one by one, too.
    assert sum(cost.orchestration(1_000_000, 25_000, 25_000, 1e8, recorded=1_000_000).values()) < 12
