"""Pictures of the whole stack: what is found, by whom, in which order, and by how many reads."""

import bisect
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from loupe_api import searching
from loupe_api.image_table import STATUS_INDEX, ImageTable
from loupe_api.records import Reader, timestamp
from loupe_api.searching import MAX_EXAMINED, STATUSES, Search, Wanted
from tests.unit.api.images import claim
from tests.unit.api.world import IMAGES, PROCESSED, UPLOADS, World

OPERATORS = {"cognito:groups": "[operators]"}
DAY = datetime(2026, 11, 20, tzinfo=UTC)


def put(world: World, number: int, status: str = "CLASSIFIED", **attributes: Any) -> str:
    """A record made by the workflow, `number` minutes after DAY: its id."""
    identity = f"{number:032x}"
    item = {
        "imageId": {"S": identity},
        "status": {"S": status},
        "bucket": {"S": UPLOADS},
        "key": {"S": f"uploads/{number}.jpg"},
        "createdAt": {"S": timestamp(DAY + timedelta(minutes=number))},
    }
    world.dynamodb.put_item(TableName=IMAGES, Item=item | attributes)
    return identity


def found(
    world: World,
    query: Mapping[str, str] | None = None,
    user: str = "oper",
    claims: Mapping[str, str] = OPERATORS,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """All that somebody finds, page by page."""
    asked, items = {"limit": str(limit), **(query or {})}, []
    for _ in range(50):
        answer = world.ask("GET", "/signed-in/images", user=user, claims=claims, query=asked)
        assert answer.status == 200, answer.body
        assert len(answer.body["items"]) <= limit
        items += answer.body["items"]
        assert (answer.body["nextToken"] is None) == (answer.body["searchedTo"] is None)
        if answer.body["nextToken"] is None:
            return items
        asked["nextToken"] = answer.body["nextToken"]
    raise AssertionError("there is no end to it")


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [item["imageId"] for item in items]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
@pytest.mark.parametrize("sort", ["newest", "oldest"])
def test_pictures_of_every_status_are_one_list_in_the_order_of_time(
    world: World, limit: int, sort: str
) -> None:
    # Two of them of the same moment.
    made = [put(world, number, STATUSES[number % 5]) for number in range(12)]
    put(world, 99, "DELETED")
    same = f"{500:032x}"
    put(world, 3, "REJECTED", imageId={"S": same})
    expected = set(made) | {same}
    items = found(world, {"sort": sort}, limit=limit)
    assert sorted(ids(items)) == sorted(expected)
    times = [item["createdAt"] for item in items]
    assert times == sorted(times, reverse=sort == "newest")


def test_each_filter_keeps_what_fits(world: World) -> None:
    dog = put(
        world,
        1,
        label={"S": "Dog"},
        confidence={"N": "0.97"},
        title={"S": "Rex"},
        faceDetected={"BOOL": False},
    )
    cat = put(
        world,
        2,
        "REJECTED",
        label={"S": "cat"},
        confidence={"N": "0.4"},
        manual={"BOOL": True},
        key={"S": "console/Whiskers.jpg"},
        error={"M": {"name": {"S": "ThresholdConfidenceNotMetError"}, "cause": {"S": "unsure"}}},
        faceDetected={"BOOL": True},
    )
    broken = put(world, 3, "FAILED", error={"M": {"name": {"S": "CorruptImageError"}, "cause": {"S": ""}}})
    for query, expected in (
        ({"status": "REJECTED"}, [cat]),
        ({"label": "dog"}, [dog]),
        ({"label": "do"}, []),
        ({"search": "REX"}, [dog]),
        ({"search": "whisk"}, [cat]),
        ({"search": "do"}, [dog]),
        ({"search": dog[-6:]}, [dog]),
        ({"error": "CorruptImageError"}, [broken]),
        ({"source": "manual"}, [cat]),
        ({"source": "bucket"}, [broken, dog]),
        ({"source": "page"}, []),
        ({"minConfidence": "0.4"}, [cat, dog]),
        ({"minConfidence": "0.41"}, [dog]),
        ({"maxConfidence": "0.4"}, [cat]),
        ({"minConfidence": "0.3", "maxConfidence": "0.5", "label": "CAT"}, [cat]),
        ({"faceDetected": "true"}, [cat]),
        ({"faceDetected": "false"}, [dog]),
        ({"from": "2026-11-20T00:02:00Z"}, [broken, cat]),
        ({"from": "2026-11-20T01:02:00+01:00", "before": "2026-11-20T00:03:00Z"}, [cat]),
        ({"before": "2026-11-20T00:02:00.000Z"}, [dog]),
        ({"from": "2026-11-21T00:00:00Z"}, []),
        ({}, [broken, cat, dog]),
    ):
        assert ids(found(world, query)) == expected, query


@pytest.mark.parametrize(
    "query",
    [
        {"status": "DONE"},
        {"minConfidence": "2"},
        {"from": "yesterday"},
        {"from": "2026-11-21"},
        {"before": "2026-11-31T00:00:00Z"},
        {"before": "0.5"},
        {"sort": "best"},
        {"label": ""},
        {"nextToken": "bm8"},
        {"lable": "dog"},
    ],
)
def test_a_filter_that_there_is_not_is_refused_naming_it(world: World, query: dict[str, str]) -> None:
    answer = world.ask("GET", "/signed-in/images", user="ann", query=query)
    assert (answer.status, answer.body["error"].split(":")[0]) == (400, next(iter(query)))


def test_a_token_is_of_its_list_alone(world: World) -> None:
    for number in range(3):
        put(world, number)
    token = world.ask(
        "GET", "/signed-in/images", user="a", claims=OPERATORS, query={"limit": "1", "status": "CLASSIFIED"}
    ).body["nextToken"]
    for path in ("/signed-in/images", "/signed-in/groups", "/groups"):
        asked = {"nextToken": token}
        assert world.ask("GET", path, user="a", claims=OPERATORS, query=asked).status == 400


def test_others_find_what_is_public_and_their_own(world: World) -> None:
    put(world, 1)
    pictures = {}
    for visibility in ("public", "link", "private"):
        body = {"name": visibility, "visibility": visibility}
        group = world.ask("POST", "/groups", body, "ann").body["newItem"]["id"]
        pictures[visibility] = world.new_image(group, "ann")["newItem"]["imageId"]
        claim(world, pictures[visibility])
    never = world.new_image(world.new_group("ann"))["newItem"]["imageId"]
    world.clock.forward(minutes=6)
    assert ids(found(world, user="eve", claims={})) == [pictures["public"]]
    assert ids(found(world, user="ann", claims={})) == [
        never,
        *(pictures[name] for name in ("private", "link", "public")),
    ]
    assert len(found(world)) == 5
    # What was put into another's public group is found by all, after it became private by its owner.
    group = world.new_group("ann")
    bobs = world.new_image(group, "bob")["newItem"]["imageId"]
    claim(world, bobs)
    assert bobs in ids(found(world, user="eve", claims={}))
    world.ask("PATCH", f"/groups/{group}", {"visibility": "private"}, "ann")
    assert bobs not in ids(found(world, user="eve", claims={}))
    assert bobs in ids(found(world, user="bob", claims={}))
    assert bobs in ids(found(world, user="ann", claims={}))


def test_an_operator_has_the_addresses_of_what_the_command_put_in_and_others_have_no_originals(
    world: World,
) -> None:
    key = {"S": "console/1/seven.png"}
    put(world, 1, key=key, processedKey=key, manual={"BOOL": True})
    (shown,) = found(world)
    assert f"{UPLOADS}.s3" in shown["imageUrl"]
    assert "/console/1/seven.png?" in shown["imageUrl"]
    assert f"{PROCESSED}.s3" in shown["annotatedUrl"]
    image = world.new_image(world.new_group("ann"))["newItem"]["imageId"]
    claim(world, image)
    (other,) = found(world, user="eve", claims={})
    assert other["imageUrl"] is None


class Counting:
    """DynamoDB's index by status and time, in memory, with the records that it reads counted."""

    def __init__(self, records: list[dict[str, Any]]) -> None:
        self.read = 0
        self._lists = {
            status: sorted(
                (each for each in records if each["status"]["S"] == status),
                key=lambda each: each["createdAt"]["S"],
            )
            for status in STATUSES
        }

    def query(self, **request: Any) -> dict[str, Any]:
        assert request["IndexName"] == STATUS_INDEX
        values = {name: value["S"] for name, value in request["ExpressionAttributeValues"].items()}
        listed = self._lists[values[":status"]]
        low = bisect.bisect_left(listed, values[":since"], key=_created)
        high = bisect.bisect_right(listed, values[":before"], key=_created)
        start = request.get("ExclusiveStartKey")
        if start:
            place = next(
                index
                for index in range(
                    bisect.bisect_left(listed, start["createdAt"]["S"], key=_created), len(listed)
                )
                if listed[index]["imageId"] == start["imageId"]
            )
            low, high = (place + 1, high) if request["ScanIndexForward"] else (low, place)
        chosen = listed[low:high] if request["ScanIndexForward"] else listed[low:high][::-1]
        items = chosen[: request["Limit"]]
        self.read += len(items)
        more = {"LastEvaluatedKey": _key(items[-1])} if len(chosen) > len(items) else {}
        return {"Items": items, **more}


def _created(item: Mapping[str, Any]) -> str:
    return str(item["createdAt"]["S"])


def _key(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in ("status", "createdAt", "imageId")}


def _many(count: int) -> Iterator[dict[str, Any]]:
    """Nine in ten classified; one in a thousand is a heron."""
    for number in range(count):
        yield {
            "imageId": {"S": f"{number:032x}"},
            "status": {"S": "CLASSIFIED" if number % 10 else STATUSES[number // 10 % 5]},
            "createdAt": {"S": timestamp(DAY + timedelta(seconds=number // 3))},
            "label": {"S": "heron" if number % 1000 == 7 else "duck"},
            "key": {"S": f"uploads/{number}.jpg"},
        }


def test_a_hundred_thousand_records_are_looked_through_with_bounded_reads() -> None:
    dynamodb = Counting(list(_many(100_000)))
    images = ImageTable(cast(Any, dynamodb), "images", "groups")
    search = Search(cast(Any, None), images, lambda: DAY)
    operator = Reader("oper", operator=True)

    # The first page of everything reads a piece of each list.
    records, token, _ = search.find(Wanted(), 50, None, operator)
    assert (len(records), dynamodb.read) == (50, 50 * len(STATUSES))
    # Nor does a page far on read more.
    _, token, _ = search.find(Wanted(before=timestamp(DAY + timedelta(seconds=200))), 50, None, operator)
    dynamodb.read = 0
    search.find(Wanted(before=timestamp(DAY + timedelta(seconds=200))), 50, token, operator)
    assert dynamodb.read <= 2 * 50 * len(STATUSES)

    # What is rare is looked for a thousand records an answer, and each record is looked at about once.
    herons, answers, token, dynamodb.read = [], 0, None, 0
    while True:
        before = dynamodb.read
        records, token, _ = search.find(Wanted(label="Heron"), 50, token, operator)
        herons += records
        answers += 1
        assert dynamodb.read - before <= MAX_EXAMINED + 2 * 50 * len(STATUSES)
        if token is None:
            break
    assert [int(each.image_id, 16) for each in herons] == list(range(99_007, 0, -1000))
    assert answers <= 110
    assert dynamodb.read <= 1.4 * 100_000


def test_records_of_one_moment_are_each_found_once() -> None:
    # A batch records thousands at once.
    moment = timestamp(DAY)
    batch = [{**each, "createdAt": {"S": moment}} for each in _many(2_500)]
    search = Search(cast(Any, None), ImageTable(cast(Any, Counting(batch)), "i", "g"), lambda: DAY)
    found_ids: list[str] = []
    token: str | None = None
    while True:
        records, token, _ = search.find(Wanted(), 100, token, Reader("oper", operator=True))
        found_ids += [each.image_id for each in records]
        if token is None:
            break
    assert sorted(found_ids) == sorted(each["imageId"]["S"] for each in batch)


def test_what_comes_or_moves_meanwhile_is_neither_missed_nor_shown_twice(world: World) -> None:
    made = [put(world, number, "RECEIVED") for number in range(6)]
    query = {"limit": "3"}
    first = world.ask("GET", "/signed-in/images", user="o", claims=OPERATORS, query=query).body
    # All are classified meanwhile, and another comes.
    for number in range(6):
        put(world, number, "CLASSIFIED")
    put(world, 50)
    items = first["items"]
    query["nextToken"] = first["nextToken"]
    second = world.ask("GET", "/signed-in/images", user="o", claims=OPERATORS, query=query).body
    assert ids(items + second["items"]) == list(reversed(made))


def test_groups_that_must_be_looked_up_end_an_answer_early() -> None:
    class Groups:
        asked = 0

        def get(self, group_id: str) -> None:
            self.asked += 1

    records = [{**each, "groupId": {"S": f"group-{index}"}} for index, each in enumerate(_many(2_000))]
    groups = Groups()
    search = Search(groups, ImageTable(cast(Any, Counting(records)), "i", "g"), lambda: DAY)
    found_records, token, _ = search.find(Wanted(), 50, None, Reader("eve"))
    assert (found_records, token is None) == ([], False)
    assert groups.asked <= MAX_EXAMINED // 10


def test_by_confidence_the_surest_or_least_sure_come_first(world: World) -> None:
    for number, confidence in enumerate(("0.5", "0.9", "0.7")):
        put(world, number, confidence={"N": confidence})
    put(world, 9, "FAILED")
    surest = world.ask(
        "GET", "/signed-in/images", user="oper", claims=OPERATORS, query={"sort": "surest", "limit": "2"}
    ).body
    assert [each["confidence"] for each in surest["items"]] == [0.9, 0.7]
    # What has no confidence is not compared.
    assert (surest["compared"], surest["nextToken"], surest["searchedTo"]) == (3, None, None)
    least = found(world, {"sort": "leastSure"}, limit=1)
    assert [each["confidence"] for each in least] == [0.5]


def test_by_confidence_no_more_is_compared_than_is_looked_at_and_it_is_said(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MAX_EXAMINED", 3)
    for number in range(5):
        put(world, number, confidence={"N": f"0.{9 - number}"})
    answer = world.ask(
        "GET", "/signed-in/images", user="oper", claims=OPERATORS, query={"sort": "surest"}
    ).body
    # The newest three: the surest of all are older.
    assert [each["confidence"] for each in answer["items"]] == [0.7, 0.6, 0.5]
    assert (answer["compared"], answer["searchedTo"]) == (3, timestamp(DAY + timedelta(minutes=2)))


def test_a_sort_by_confidence_has_no_further_pages(world: World) -> None:
    query = {"sort": "surest", "nextToken": "x"}
    answer = world.ask("GET", "/signed-in/images", user="oper", claims=OPERATORS, query=query)
    assert (answer.status, answer.body["error"]) == (
        400,
        "nextToken: a sort by confidence has no further pages.",
    )


def test_others_find_no_more_by_confidence(world: World) -> None:
    put(world, 1, confidence={"N": "0.9"})
    assert found(world, {"sort": "surest"}, user="ann", claims={}) == []


def test_pictures_are_found_by_the_model_that_their_records_name(world: World) -> None:
    named = put(world, 1, model={"S": "photos-1"})
    put(world, 2, model={"S": "photos-2"})
    put(world, 3)
    items = found(world, {"model": "photos-1"})
    assert (ids(items), items[0]["model"]) == ([named], "photos-1")
