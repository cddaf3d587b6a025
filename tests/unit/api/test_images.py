"""Images over HTTP: announced, shown, listed."""

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from loupe_core.contract import ImageReference, image_id, place_digest
from tests.unit.api.images import claim, classified, copies
from tests.unit.api.world import IMAGES, PROCESSED, UPLOADS, World


def test_a_new_image_is_a_placeholder_that_the_workflow_canclaim(world: World) -> None:
    group = world.new_group()
    created = world.ask("POST", f"/groups/{group}/images", {"title": "Rex"}, "bob")
    assert created.status == 201
    item = created.body["newItem"]
    assert (item["status"], item["classifying"], item["title"]) == ("RECEIVED", False, "Rex")
    assert (item["groupId"], item["ownerId"], item["imageUrl"]) == (group, "bob", None)

    record = world.record(item["imageId"])
    assert record is not None
    key = record["key"]["S"]
    assert key.startswith(f"uploads/{group}/")
    # The workflow finds it by the same id, which who knows bucket and key cannot compute.
    assert item["imageId"] == image_id(ImageReference(UPLOADS, key), IMAGES)
    assert item["imageId"] != place_digest(ImageReference(UPLOADS, key))
    assert "sequencer" not in record
    assert "executionArn" not in record
    # The core links to it in the picture's e-mail.
    assert record["pageUrl"]["S"] == f"https://page.example/images/{item['imageId']}"


def test_the_upload_is_a_post_with_conditions_that_ends_in_five_minutes(world: World) -> None:
    group = world.new_group()
    fields = {"title": "Rex", "fileName": "C:\\dogs\\rex the dog.png", "contentType": "image/png"}
    upload = world.new_image(group, **fields)["upload"]
    assert upload["maxBytes"] == 25_500_000
    assert upload["url"] == f"https://{UPLOADS}.s3.eu-west-1.amazonaws.com/"
    assert upload["fields"]["Content-Type"] == "image/png"
    assert upload["fields"]["key"].endswith("/rex_the_dog.png")
    assert upload["fields"]["x-amz-algorithm"] == "AWS4-HMAC-SHA256"

    policy = json.loads(base64.b64decode(upload["fields"]["policy"]))
    assert ["content-length-range", 1, 25_500_000] in policy["conditions"]
    assert {"Content-Type": "image/png"} in policy["conditions"]
    assert {"key": upload["fields"]["key"]} in policy["conditions"]
    assert upload["expiresAt"].startswith("2026-11-21T12:05:00")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"title": "x" * 201}, "title"),
        ({"title": "a\u0007"}, "title"),
        ({"title": ["a"]}, "title"),
        ({"title": "ok", "contentType": "image/svg+xml"}, "contentType"),
        ({"title": "ok", "fileName": "x" * 201}, "fileName"),
        ({"title": "ok", "status": "CLASSIFIED"}, "status"),
        ({"title": "ok", "content_type": "image/png", "extra": 1}, "extra"),
    ],
)
def test_an_image_that_does_not_fit_is_refused(world: World, body: dict[str, object], named: str) -> None:
    refused = world.ask("POST", f"/groups/{world.new_group()}/images", body, "ann")
    assert refused.status == 400
    assert refused.body["error"].startswith(f"{named}: ")


def test_a_classified_image_tells_all_and_links_to_its_pictures(world: World) -> None:
    image, key = classified(world)
    result = world.ask("GET", f"/images/{image}").body["result"]
    assert (result["status"], result["label"], result["confidence"]) == ("CLASSIFIED", "dog", 0.97)
    assert result["predictions"] == [{"label": "dog", "score": 0.97}]
    assert result["faceDetected"] is True
    box = {"left": 0.25, "top": 0.25, "width": 0.25, "height": 0.25}
    assert result["faces"] == [{"boundingBox": box, "confidence": 99.5}]
    links = {"annotatedUrl": (key, "image/jpeg")} | {
        f"{name.removesuffix('Key')}Url": (copied, "image/webp" if copied.endswith("webp") else "image/jpeg")
        for name, copied in copies(key).items()
    }
    for link, (linked, content_type) in links.items():
        parts = urlsplit(result[link])
        assert parts.hostname == f"{PROCESSED}.s3.eu-west-1.amazonaws.com"
        assert parts.path == f"/{linked}"
        assert parse_qs(parts.query)["X-Amz-Expires"] == ["900"]
        # What a function that was taken over may have written there is no page of anybody's.
        assert parse_qs(parts.query)["response-content-type"] == [content_type]


def test_a_failed_image_shows_its_preview_and_one_without_copies_nothing(world: World) -> None:
    image, key = classified(world)
    world.update(image, "REMOVE displayKey, processedKey SET label = :no", {":no": {"NULL": True}})
    shown = world.ask("GET", f"/images/{image}").body["result"]
    assert urlsplit(shown["imageUrl"]).path == f"/{copies(key)['previewKey']}"
    # As of a former release.
    world.update(image, "REMOVE previewKey SET label = :no", {":no": {"NULL": True}})
    assert world.ask("GET", f"/images/{image}").body["result"]["imageUrl"] is None


def test_an_odd_record_is_shown_as_far_as_it_goes(world: World) -> None:
    world.dynamodb.put_item(
        TableName="images",
        Item={
            "imageId": {"S": "0" * 32},
            "groupId": {"S": world.new_group()},
            "status": {"S": "SOMETHING_NEW"},
            "predictions": {"S": "none"},
            "faces": {"L": [{"S": "x"}, {"M": {"boundingBox": {"NULL": True}}}]},
            "confidence": {"BOOL": True},
            "error": {
                "M": {"name": {"S": "States.Runtime"}, "cause": {"S": "arn:aws:iam::123456789012:role/x"}}
            },
            "expiresAt": {"S": "never"},
        },
    )
    answer = world.ask("GET", f"/images/{'0' * 32}")
    assert answer.status == 200
    result = answer.body["result"]
    assert (result["predictions"], result["faces"], result["confidence"]) == ([], [], None)
    assert result["error"] == {"name": "States.Runtime", "cause": ""}


def test_a_group_shows_its_images_newest_first_page_by_page(world: World) -> None:
    group = world.new_group()
    made = [world.new_image(group)["newItem"]["imageId"] for _ in range(7)]
    world.new_image(world.new_group(name="another"))

    first = world.ask("GET", f"/groups/{group}/images", query={"limit": "4"}).body
    second = world.ask(
        "GET", f"/groups/{group}/images", query={"limit": "4", "nextToken": first["nextToken"]}
    ).body
    seen = [item["imageId"] for item in first["items"] + second["items"]]
    assert seen == made[::-1]
    assert second["nextToken"] is None


def test_a_token_of_another_group_or_none_of_ours_is_refused(world: World) -> None:
    group, other = world.new_group(), world.new_group(name="another")
    for _ in range(3):
        world.new_image(group)
    token = world.ask("GET", f"/groups/{group}/images", query={"limit": "1"}).body["nextToken"]
    forged = base64.urlsafe_b64encode(json.dumps({"groupId": group, "imageId": "x"}).encode()).decode()
    for path, wrong in (
        (f"/groups/{other}/images", token),
        (f"/groups/{group}/images", token[:-2]),
        (f"/groups/{group}/images", token + "A"),
        (f"/groups/{group}/images", forged),
        (f"/groups/{group}/images", "%%%"),
        ("/groups", token),
    ):
        assert world.ask("GET", path, query={"nextToken": wrong}).status == 400, wrong


def test_an_upload_that_never_came_disappears_and_is_removed_by_the_table(world: World) -> None:
    group = world.new_group()
    image = world.new_image(group)["newItem"]["imageId"]
    taken_up = world.new_image(group)["newItem"]["imageId"]
    claim(world, taken_up)

    world.clock.forward(hours=1, seconds=1)

    assert world.ask("GET", f"/images/{image}").status == 404
    listed = world.ask("GET", f"/groups/{group}/images").body["items"]
    assert [item["imageId"] for item in listed] == [taken_up]
    assert listed[0]["classifying"] is True
    record = world.record(image)
    assert record is not None
    assert int(record["expiresAt"]["N"]) <= world.clock.now.timestamp()


def test_a_picture_that_had_a_threshold_of_its_own_says_so_everywhere(world: World) -> None:
    image, key = classified(world)
    world.update(image, "SET threshold = :own", {":own": {"N": "0.1"}})
    group = key.split("/")[1]
    for path in (f"/images/{image}", f"/groups/{group}/images"):
        for prefix, user in (("", None), ("/signed-in", "ann")):
            body = world.ask("GET", f"{prefix}{path}", user=user).body
            assert (body.get("result") or body["items"][0])["threshold"] == 0.1


@pytest.mark.parametrize(
    ("kept", "shown"), [("model", "model"), ("person", "person"), ("somebody", None), (None, None)]
)
def test_who_gave_the_label_is_said(world: World, kept: str | None, shown: str | None) -> None:
    image, _ = classified(world)
    if kept:
        world.update(image, "SET labelledBy = :by", {":by": {"S": kept}})

    assert world.ask("GET", f"/images/{image}").body["result"]["labelledBy"] == shown
