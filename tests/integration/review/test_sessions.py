"""A reviewer at the deployed API whose session ends, or who loads the page anew: the picture stays theirs."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.cloud import DeployedStack
from tests.integration.api.conftest import LiveApi, People
from tests.integration.review.conftest import Reviewing


@pytest.fixture
def people(stack: DeployedStack) -> Iterator[People]:
    made = People(stack)
    yield made
    made.remove()


def test_whose_session_ends_signs_in_again_and_has_the_picture_still(
    reviewing: Reviewing, people: People
) -> None:
    key, review = reviewing.waiting()
    api, ann, bob = LiveApi(reviewing.stack), people.new(), people.new()

    def token(person: object, lasts: int) -> str:
        given = {"cognito:groups": ["reviewers"], "exp": int(time.time()) + lasts}
        return people.forger(person.token).signed(**given)  # type: ignore[attr-defined]

    others = [each.review_id for each in reviewing.desk.waiting(20) if each.review_id != review.review_id]
    wanted = {"without": others}
    assert api.ask("POST", "/reviews/next", wanted, ann.token).status == 403, "she is no reviewer yet"
    taken = api.ask("POST", "/reviews/next", wanted, token(ann, 600)).body["result"]
    assert taken["reviewId"] == review.review_id

    answer = {"choice": "LABEL", "label": "9", "seconds": 2}
    path = f"/reviews/{review.review_id}"
    ended = api.ask("POST", f"{path}/answer", answer, token(ann, -60))
    assert ended.status == 401
    assert api.ask("POST", "/reviews/next", wanted, token(bob, 600)).body["result"] is None
    assert api.ask("POST", f"{path}/answer", answer, token(bob, 600)).status == 409

    again = api.ask("POST", "/reviews/next", wanted, token(ann, 600)).body["result"]
    assert again["reviewId"] == review.review_id
    reloaded = api.ask("POST", "/reviews/next", wanted, token(ann, 600)).body["result"]
    assert reloaded["reviewId"] == review.review_id
    said = api.ask("POST", f"{path}/answer", answer, token(ann, 600))
    assert said.status == 200, said.content
    record = reviewing.finished(key)
    assert (record["label"], record["labelledBy"]) == ("9", "person")
    assert [each.reviewer for each in reviewing.concluded(review).answers] == [ann.subject]
