"""query_predictions: by class in pages, one by its id, deleting."""

import json
from typing import Any

import pytest

from loupe_container.predictions import PredictionsTable
from tests.unit.container.world import World
from tests.unit.functions.handlers import golden_event

SUCCEEDING = {
    "by_class": 200,
    "failed": 200,
    "limit_is_a_word": 400,
    "tampered_token": 400,
    "get_missing": 404,
    "delete_missing": 404,
}
FAILING: dict[str, type[Exception]] = {}


def ask(world: World, method: str, path: str, **query: str) -> tuple[int, Any]:
    event = golden_event("query_predictions", "by_class")
    event["requestContext"]["http"] |= {"method": method, "path": path}
    event |= {"rawPath": path, "queryStringParameters": query}
    answer = world.call("query_predictions", event)
    return answer["statusCode"], json.loads(answer["body"]) if answer.get("body") else None


def add(world: World, count: int, name: str = "3", first: int = 0) -> list[str]:
    """Predictions of one class, a second apart; their ids, the newest first."""
    table = PredictionsTable("predictions", world.dynamodb)
    ids = []
    for number in range(first, first + count):
        ids.append(f"{number:032x}")
        item = {"predictionId": ids[-1], "status": "CLASSIFIED", "className": name, "confidence": 0.1 + 0.2}
        item |= {"classifiedAt": f"2026-11-26T00:00:{number:02d}.000Z", "sequencer": "0A", "key": "k"}
        assert table.put(item)
    return ids[::-1]


@pytest.mark.parametrize("case", SUCCEEDING)
def test_every_golden_request_has_its_answer(world: World, case: str) -> None:
    answer = world.call("query_predictions", golden_event("query_predictions", case))

    assert answer["statusCode"] == SUCCEEDING[case]
    assert set(json.loads(answer["body"])) == (
        {"items", "nextToken"} if answer["statusCode"] == 200 else {"error"}
    )


def test_a_class_comes_in_pages_the_newest_first_and_each_item_once(world: World) -> None:
    ids = add(world, 5)
    add(world, 3, "4", first=10)
    seen: list[str] = []
    query = {"class": "3", "limit": "2"}

    for _ in range(4):
        _, page = ask(world, "GET", "/predictions", **query)
        seen += [item["predictionId"] for item in page["items"]]
        if page["nextToken"] is None:
            break
        query["nextToken"] = page["nextToken"]

    assert seen == ids


def test_a_confidence_is_a_number_and_nothing_internal_is_told(world: World) -> None:
    [one] = add(world, 1)

    status, item = ask(world, "GET", f"/predictions/{one}")

    assert status == 200
    assert item["confidence"] == 0.1 + 0.2
    assert not {"sequencer", "expiresAt"} & set(item)


def test_a_deleted_prediction_is_in_no_answer_any_more(world: World) -> None:
    kept, gone = add(world, 2)

    assert ask(world, "DELETE", f"/predictions/{gone}") == (204, None)

    assert ask(world, "DELETE", f"/predictions/{gone}")[0] == 404
    assert ask(world, "GET", f"/predictions/{gone}")[0] == 404
    for query in ({"class": "3"}, {"status": "CLASSIFIED"}):
        _, page = ask(world, "GET", "/predictions", **query)
        assert [item["predictionId"] for item in page["items"]] == [kept]


def test_without_a_class_all_that_is_classified_is_listed(world: World) -> None:
    newest = add(world, 2, "4", first=5)
    oldest = add(world, 2, "3")

    _, page = ask(world, "GET", "/predictions")

    assert [item["predictionId"] for item in page["items"]] == newest + oldest


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "1e1"},
        {"limit": "²"},
        {"limit": "9" * 5000},
        {"class": ""},
        {"class": "x" * 257},
        {"class": "3", "status": "FAILED"},
        {"status": "DELETED"},
        {"status": "failed"},
        {"nextToken": ""},
        {"nextToken": "2026-11-26T00:00:00.000Z_" + "z" * 32},
        {"sort": "asc"},
    ],
)
def test_a_question_that_makes_no_sense_is_refused_by_name(world: World, query: dict[str, str]) -> None:
    status, answer = ask(world, "GET", "/predictions", **query)

    assert status == 400
    assert answer["error"]


@pytest.mark.parametrize("path", ["/", "/predictions/", "/predictions/%2e%2e", "/predictions/a/b", "/other"])
def test_a_path_that_is_not_there_is_not_found(world: World, path: str) -> None:
    assert ask(world, "GET", path)[0] == 404
    assert ask(world, "DELETE", path)[0] == 404


def test_storage_that_fails_is_told_without_its_words(world: World) -> None:
    world.dynamodb.delete_table(TableName="predictions")

    status, answer = ask(world, "GET", "/predictions", **{"class": "3"})

    assert (status, answer) == (503, {"error": "Try again in a moment."})
