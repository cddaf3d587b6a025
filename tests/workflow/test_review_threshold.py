"""With `ReviewThreshold` empty nothing has changed: transitions, messages, records, review stack or none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from loupe.templates import load_template
from loupe_core.settings import RecordSettings
from tests.unit.template.transformed import ROOT
from tests.workflow.review_world import ReviewWorld
from tests.workflow.world import MANUAL, World, raised

TO_FILTER = [
    "Claim Image",
    "Serialize Image Data",
    "Route By Faces",
    "Classify Image Data",
    "Annotate Image",
    "Filter Inference Data",
]
ACCEPTED = [*TO_FILTER, "Record Result", "Notify Success"]
REFUSED = [*TO_FILTER, "Record Failure", "Notify Failure", "Failed"]
# How sure the model is, the states that a picture enters, and what becomes of it; a failure last.
PICTURES: dict[str, tuple[float, list[str], str]] = {
    "sure": (0.97, ACCEPTED, "CLASSIFIED"),
    "between": (0.61, REFUSED, "REJECTED"),
    "unsure": (0.3, REFUSED, "REJECTED"),
    "failing": (0.97, [*TO_FILTER[:4], *REFUSED[-3:]], "FAILED"),
}
# A record of the customer's workflow has these; nothing of a review.
OF_REVIEWS = {"reviewId", "reviewedAt", "modelLabel"}


def classified(world: World, failing: bool) -> dict[str, Any]:
    """All that a picture leaves behind."""
    if failing:
        world.faults["Classify Image Data"] = raised("ModelError", "the model answered 500")
    ending = world.classify(MANUAL)
    made = {"ending": vars(ending), "messages": world.messages, "records": world.records()}
    copied: dict[str, Any] = json.loads(json.dumps(made, default=str))
    return copied


def remove_tables(world: World) -> None:
    for name in world._client.list_tables()["TableNames"]:
        world._client.delete_table(TableName=name)


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_leaves_the_same_behind_with_the_review_stack_as_without(name: str) -> None:
    score, entered, status = PICTURES[name]
    predictions = [{"label": "7", "score": score}, {"label": "1", "score": 0.02}]
    world = ReviewWorld(review_threshold=None, predictions=predictions)
    made = classified(world, name == "failing")
    world.drain_streams()
    for record in world.images.in_review():
        world.opener.consider(record)
    world.sweep_reviews()

    # The stack's streams and schedules ran, and did nothing.
    assert json.loads(json.dumps([world.messages, world.records()], default=str)) == [
        made["messages"],
        made["records"],
    ]
    assert (world.started, list(world.reviews.all())) == ({}, [])
    (record,) = made["records"]
    assert (made["ending"]["entered"], record["status"]) == (entered, status)
    assert len(made["messages"]) == 1
    assert not OF_REVIEWS & record.keys()

    remove_tables(world)
    alone = World(predictions=predictions)
    assert classified(alone, name == "failing") == made


def test_a_threshold_changes_nothing_for_what_is_not_between_the_two() -> None:
    for name in ("sure", "unsure"):
        predictions = [{"label": "7", "score": PICTURES[name][0]}, {"label": "1", "score": 0.02}]
        without = World(predictions=predictions)
        made = classified(without, False)
        remove_tables(without)
        given = World(predictions=predictions, review_threshold=0.5)
        assert classified(given, False) == made
        remove_tables(given)


def test_the_template_leaves_it_empty_and_empty_is_none() -> None:
    template = load_template(ROOT / "template.yaml")
    default = template["Parameters"]["ReviewThreshold"]["Default"]
    environ = {"IMAGES_TABLE": "images", "PROCESSED_BUCKET": "processed", "REVIEW_THRESHOLD": default}
    assert (default, RecordSettings.from_environ(environ).review_threshold) == ("", None)
