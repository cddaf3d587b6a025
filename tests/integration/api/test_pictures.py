"""A picture's way through the deployed API and workflow, and out again."""

import json
import uuid
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.integration.api.conftest import LiveApi, Person
from tests.integration.api.web import post_form, request
from tests.polling import wait_for

MB = 1024 * 1024


def test_an_uploaded_picture_is_classified_shown_and_deleted_with_all_that_was_made_of_it(
    api: LiveApi, ann: Person, group: str, digit: bytes
) -> None:
    created = api.announced(group, ann, title="Three <b>3</b> 🐕", fileName="my digit.png")
    assert created["newItem"]["status"] == "RECEIVED"
    assert post_form(created["upload"], digit).status == 204

    image = created["newItem"]["imageId"]
    result = api.final(image)

    assert (result["status"], result["label"], result["title"]) == ("CLASSIFIED", "3", "Three <b>3</b> 🐕")
    assert len(result["predictions"]) == 5
    assert (result["groupId"], result["ownerId"], result["classifying"]) == (group, ann.subject, False)
    # Its owner sees what was sent, everybody else what was made of it.
    own = api.ask("GET", f"/signed-in/images/{image}", token=ann.token).body["result"]
    assert request("GET", own["imageUrl"]).content == digit
    assert request("GET", result["imageUrl"]).content.startswith(b"\xff\xd8\xff")
    assert request("GET", result["thumbnailUrl"]).content.startswith(b"RIFF")
    assert request("GET", result["annotatedUrl"]).content.startswith(b"\xff\xd8\xff")
    history = api.ask("GET", f"/images/{image}/history").body["items"]
    states = [item["state"] for item in history]
    assert states.index("Claim Image") < states.index("Classify Image Data") < states.index("Record Result")
    assert all(item["enteredAt"] <= item["exitedAt"] for item in history if item["exitedAt"])
    listed = api.ask("GET", f"/groups/{group}/images").body["items"]
    assert [item["imageId"] for item in listed] == [image]

    assert api.ask("DELETE", f"/images/{image}", token=ann.token).status == 204

    assert api.ask("GET", f"/images/{image}").status == 404
    assert api.ask("GET", f"/groups/{group}/images").body["items"] == []
    assert _objects(api, f"uploads/{group}/") == []
    made = urlsplit(result["thumbnailUrl"]).path
    assert _objects(api, made[made.index("copies/") : made.rindex("/") + 1]) == []
    # Who may not list the bucket is not told whether an object is missing or forbidden.
    assert request("GET", result["imageUrl"]).status in (403, 404)


def test_a_refused_picture_says_why(api: LiveApi, ann: Person, group: str) -> None:
    created = api.announced(group, ann)
    assert post_form(created["upload"], b"this is a text").status == 204
    result = api.final(created["newItem"]["imageId"])
    assert result["status"] == "FAILED"
    assert result["error"]["name"] == "UnsupportedImageError"
    history = api.ask("GET", f"/images/{result['imageId']}/history").body["items"]
    serialize = next(item for item in history if item["state"] == "Serialize Image Data")
    assert (serialize["status"], serialize["error"]["name"]) == ("FAILED", "UnsupportedImageError")
    assert "Traceback" not in json.dumps(history)


def test_a_deletion_during_classification_leaves_nothing_behind(
    api: LiveApi, ann: Person, group: str, digit: bytes
) -> None:
    # Given several pictures, deleted at moments that differ
    images = []
    for delay in range(4):
        created = api.announced(group, ann)
        assert post_form(created["upload"], digit).status == 204
        image = created["newItem"]["imageId"]
        images.append(image)
        if delay:
            wait_for(partial(_claimed, api, image), "its claim", 60, 0.05)
        if delay > 1:
            wait_for(partial(_has_come, api, image, delay * 2), "a later state", 60, 0.02)
        assert api.ask("DELETE", f"/images/{image}", token=ann.token).status == 204

    wait_for(lambda: not _running(api), "the executions' end", 120, 0.5)
    for image in images:
        assert api.ask("GET", f"/images/{image}").status == 404
    assert api.ask("GET", f"/groups/{group}/images").body["items"] == []
    assert _objects(api, f"uploads/{group}/") == []
    assert [_objects(api, f"faces/{image}/") for image in images] == [[]] * len(images)


def test_an_upload_that_arrives_after_its_deletion_leaves_nothing_behind(
    api: LiveApi, ann: Person, group: str, digit: bytes
) -> None:
    created = api.announced(group, ann)
    image = created["newItem"]["imageId"]
    assert api.ask("DELETE", f"/images/{image}", token=ann.token).status == 204
    assert post_form(created["upload"], digit).status == 204
    wait_for(lambda: _objects(api, f"uploads/{group}/") == [], "the removal of every version", 60, 0.5)
    assert api.ask("GET", f"/images/{image}").status == 404


def test_deleting_a_group_deletes_its_pictures(api: LiveApi, ann: Person, bob: Person, digit: bytes) -> None:
    group = api.new_group(ann)
    images = []
    for person in (ann, bob):
        created = api.announced(group, person)
        assert post_form(created["upload"], digit).status == 204
        images.append(created["newItem"]["imageId"])
    for image in images:
        api.final(image)
    assert api.ask("DELETE", f"/groups/{group}", token=ann.token).status == 204
    assert api.ask("GET", f"/groups/{group}").status == 404
    assert [api.ask("GET", f"/images/{image}").status for image in images] == [404, 404]
    assert _objects(api, f"uploads/{group}/") == []


def test_a_moved_picture_goes_with_the_group_where_it_stands(api: LiveApi, ann: Person, digit: bytes) -> None:
    former, group = api.new_group(ann), api.new_group(ann)
    announced = [api.announced(former, ann) for _ in range(3)]
    moved, classified, stays = (each["newItem"]["imageId"] for each in announced)

    def move(image: str) -> int:
        return api.ask("PATCH", f"/images/{image}", {"groupId": group}, ann.token).status

    # One before its upload, while it is classified, and one after.
    assert move(moved) == 200
    for each in announced:
        assert post_form(each["upload"], digit).status == 204
    wait_for(partial(_claimed, api, classified), "its claim", 60, 0.05)
    assert move(classified) == 200
    results = [api.final(image) for image in (moved, classified, stays)]
    assert [(each["status"], each["groupId"]) for each in results] == [
        ("CLASSIFIED", group),
        ("CLASSIFIED", group),
        ("CLASSIFIED", former),
    ]

    assert api.ask("DELETE", f"/groups/{former}", token=ann.token).status == 204

    assert [api.ask("GET", f"/images/{image}").status for image in (moved, classified, stays)] == [
        200,
        200,
        404,
    ]
    for image in (moved, classified):
        own = api.ask("GET", f"/signed-in/images/{image}", token=ann.token).body["result"]
        assert request("GET", own["imageUrl"]).content == digit
        assert request("GET", own["annotatedUrl"]).status == 200
    assert len(_objects(api, f"uploads/{former}/")) == 4
    assert api.ask("DELETE", f"/groups/{group}", token=ann.token).status == 204
    assert _objects(api, f"uploads/{former}/") == []


@pytest.mark.parametrize(
    ("picture", "changed"),
    [
        (b"x" * (25 * MB + MB), {}),
        (b"", {}),
        (b"x", {"Content_Type": "text/html"}),
        (b"x", {"key": "uploads/elsewhere.png"}),
        (b"x", {"policy": "e30="}),
        (b"x", {"x_amz_signature": "0" * 64}),
    ],
    ids=["over 25 MB", "empty", "another type", "another key", "another policy", "another signature"],
)
def test_a_presigned_post_takes_only_what_it_was_made_for(
    api: LiveApi, ann: Person, group: str, picture: bytes, changed: dict[str, str]
) -> None:
    created = api.announced(group, ann)
    answer = post_form(created["upload"], picture, **changed)
    assert answer.status in (400, 403)
    assert _objects(api, f"uploads/{group}/") == []
    shown = api.ask("GET", f"/images/{created['newItem']['imageId']}").body["result"]
    assert (shown["status"], shown["classifying"], shown["imageUrl"]) == ("RECEIVED", False, None)


def test_a_placeholder_carries_its_end(api: LiveApi, ann: Person, group: str) -> None:
    image = api.announced(group, ann)["newItem"]["imageId"]
    table = api.stack.outputs["ImagesTableName"]
    dynamodb = api.stack.client("dynamodb")
    record = dynamodb.get_item(TableName=table, Key={"imageId": {"S": image}})["Item"]
    assert "expiresAt" in record
    ttl = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert ttl["AttributeName"] == "expiresAt"


def test_a_gallery_of_many_pictures_pages_in_order(api: LiveApi, ann: Person, group: str) -> None:
    # Given 300 records, as the workflow would have left them
    dynamodb, table = api.stack.client("dynamodb"), api.stack.outputs["ImagesTableName"]
    made = [_record(group, ann, number) for number in range(300)]
    for start in range(0, len(made), 25):
        puts = [{"PutRequest": {"Item": item}} for item in made[start : start + 25]]
        assert not dynamodb.batch_write_item(RequestItems={table: puts})["UnprocessedItems"]

    seen: list[str] = []
    query = {"limit": "100"}
    while True:
        page = api.ask("GET", f"/groups/{group}/images", query=query).body
        seen += [item["imageId"] for item in page["items"]]
        if not page["nextToken"]:
            break
        query["nextToken"] = page["nextToken"]

    assert seen == [item["imageId"]["S"] for item in made[::-1]]


def _record(group: str, owner: Person, number: int) -> dict[str, Any]:
    identity = uuid.uuid4().hex
    return {
        "imageId": {"S": identity},
        "bucket": {"S": "elsewhere"},
        "key": {"S": f"uploads/{group}/{uuid.uuid4()}/x.png"},
        "status": {"S": "CLASSIFIED"},
        "groupId": {"S": group},
        "ownerId": {"S": owner.subject},
        "createdAt": {"S": f"2026-11-21T{number // 60:02}:{number % 60:02}:00.000Z"},
        "label": {"S": "dog"},
        "confidence": {"N": "0.97"},
    }


def _claimed(api: LiveApi, image: str) -> bool:
    result = api.ask("GET", f"/images/{image}").body["result"]
    return bool(result["classifying"]) or result["status"] != "RECEIVED"


def _has_come(api: LiveApi, image: str, states: int) -> bool:
    """Whether the workflow has entered more states than this, or ended."""
    history = api.ask("GET", f"/images/{image}/history").body["items"]
    ended = api.ask("GET", f"/images/{image}").body["result"]["status"] != "RECEIVED"
    return ended or len(history) > states


def _running(api: LiveApi) -> list[Any]:
    listing: list[Any] = api.stack.client("stepfunctions").list_executions(
        stateMachineArn=api.stack.outputs["ClassifyStateMachineArn"], statusFilter="RUNNING"
    )["executions"]
    return listing


def _objects(api: LiveApi, prefix: str) -> list[str]:
    """Keys under the prefix in either bucket: every version, and every delete marker."""
    listed = api.stack.client("s3").list_object_versions
    buckets = (api.stack.outputs["UploadsBucketName"], api.stack.outputs["ProcessedBucketName"])
    pages = [listed(Bucket=bucket, Prefix=prefix) for bucket in buckets]
    found = [[*page.get("Versions", []), *page.get("DeleteMarkers", [])] for page in pages]
    return [entry["Key"] for entries in found for entry in entries]
