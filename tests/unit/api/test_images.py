"""Images over HTTP."""

import base64
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import botocore.exceptions
import pytest

from loupe_core.contract import COPIES, ImageReference, copy_key, image_id, place_digest
from tests.unit.api.world import IMAGES, PROCESSED, UPLOADS, World

CLAIM = "arn:aws:states:eu-west-1:123456789012:execution:loupe-classify-image:one"
CLASSIFIED: dict[str, Any] = {
    ":status": {"S": "CLASSIFIED"},
    ":label": {"S": "dog"},
    ":confidence": {"N": "0.97"},
    ":predictions": {"L": [{"M": {"label": {"S": "dog"}, "score": {"N": "0.97"}}}]},
    ":yes": {"BOOL": True},
    ":faces": {
        "L": [
            {
                "M": {
                    "confidence": {"N": "99.5"},
                    "boundingBox": {
                        "M": {side: {"N": "0.25"} for side in ("left", "top", "width", "height")}
                    },
                }
            }
        ]
    },
}
RECORD_RESULT = (
    "SET #s = :status, label = :label, confidence = :confidence, predictions = :predictions, "
    "faceDetected = :yes, faces = :faces, processedKey = #k, "
    "displayKey = :displayKey, previewKey = :previewKey, thumbnailKey = :thumbnailKey REMOVE expiresAt"
)


def test_a_new_image_is_a_placeholder_that_the_workflow_can_claim(world: World) -> None:
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
    image, key = _classified(world)
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


OPERATORS = {"cognito:groups": "[operators]"}


@pytest.mark.parametrize(
    ("user", "claims", "original"),
    [
        ("ann", {}, True),
        ("bob", OPERATORS, True),
        ("bob", {"cognito:groups": "[reviewers]"}, False),
        ("bob", {}, False),
        (None, {}, False),
    ],
)
def test_the_original_is_its_owners_and_the_operators_alone(
    world: World, user: str | None, claims: dict[str, str], original: bool
) -> None:
    # An original says where it was taken. Every route that shows pictures, open or not, is asked.
    image, key = _classified(world)
    group = key.split("/")[1]
    paths = [f"/images/{image}", f"/groups/{group}/images"]
    if user:
        paths += [f"/signed-in{path}" for path in paths] + [f"/operator/images/{image}"]
    for path in paths:
        body = world.ask("GET", path, user=user, claims=claims).body
        shown = body.get("result") or body["items"][0]
        # Where API Gateway verifies no token, nobody is known to ask.
        known = original and path.startswith(("/signed-in", "/operator"))
        assert (UPLOADS in json.dumps(body)) == known, path
        assert urlsplit(shown["imageUrl"]).path == f"/{key if known else copies(key)['displayKey']}"


def test_every_route_that_shows_pictures_is_asked_for_originals(world: World) -> None:
    schemas = world.api.document()["components"]["schemas"].items()
    # Reviews are asked in test_reviews; a Classification repeats the caller's own address.
    assert {name for name, schema in schemas if "imageUrl" in schema.get("properties", {})} == {
        "Image",
        "Review",
        "Classification",
    }
    showing = {
        path
        for path, operations in world.api.document()["paths"].items()
        if "get" in operations and re.search("Image(Page|Result)", json.dumps(operations["get"]))
    }
    open_routes = {"/images/{imageId}", "/groups/{groupId}/images"}
    known = {f"/signed-in{path}" for path in open_routes} | {"/operator/images/{imageId}"}
    assert showing == open_routes | known


def test_a_failed_image_shows_its_preview_and_one_without_copies_nothing(world: World) -> None:
    image, key = _classified(world)
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
            "groupId": {"S": "a-group"},
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
    _claim(world, taken_up)

    world.clock.forward(hours=1, seconds=1)

    assert world.ask("GET", f"/images/{image}").status == 404
    listed = world.ask("GET", f"/groups/{group}/images").body["items"]
    assert [item["imageId"] for item in listed] == [taken_up]
    assert listed[0]["classifying"] is True
    record = world.record(image)
    assert record is not None
    assert int(record["expiresAt"]["N"]) <= world.clock.now.timestamp()


def test_an_upload_that_never_came_is_seen_by_its_owner_alone_and_named_so(world: World) -> None:
    group = world.new_group()
    awaited = world.new_image(group)["newItem"]
    assert awaited["uploadStatus"] == "AWAITED"
    world.clock.forward(minutes=5, seconds=1)
    came = world.new_image(group)["newItem"]["imageId"]
    _claim(world, came)
    path, listing = f"/images/{awaited['imageId']}", f"/groups/{group}/images"

    def listed(user: str | None, claims: dict[str, str] | None = None) -> dict[str, str]:
        prefix = "/signed-in" if user else ""
        answer = world.ask("GET", f"{prefix}{listing}", user=user, claims=claims).body["items"]
        count = world.ask("GET", f"{prefix}/groups/{group}", user=user, claims=claims).body["images"]["count"]
        assert count == len(answer)
        return {item["imageId"]: item["uploadStatus"] for item in answer}

    for user, claims in (("bob", None), (None, None), ("eve", {"groups": "reviewers"})):
        prefix = "/signed-in" if user else ""
        assert world.ask("GET", f"{prefix}{path}", user=user, claims=claims).status == 404
        assert listed(user, claims) == {came: "UPLOADED"}
    for user, claims in (("ann", None), ("bob", OPERATORS)):
        shown = world.ask("GET", f"/signed-in{path}", user=user, claims=claims).body["result"]
        assert (shown["uploadStatus"], shown["status"], shown["imageUrl"]) == (
            "NOT_UPLOADED",
            "RECEIVED",
            None,
        )
        assert listed(user, claims) == {came: "UPLOADED", awaited["imageId"]: "NOT_UPLOADED"}
    # Its owner removes it and announces another.
    assert world.ask("DELETE", path, user="bob").status == 404
    assert world.ask("DELETE", path, user="ann").status == 204
    assert listed("ann") == {came: "UPLOADED"}


def test_a_picture_that_had_a_threshold_of_its_own_says_so_everywhere(world: World) -> None:
    image, key = _classified(world)
    world.update(image, "SET threshold = :own", {":own": {"N": "0.1"}})
    group = key.split("/")[1]
    for path in (f"/images/{image}", f"/groups/{group}/images"):
        for prefix, user in (("", None), ("/signed-in", "ann")):
            body = world.ask("GET", f"{prefix}{path}", user=user).body
            assert (body.get("result") or body["items"][0])["threshold"] == 0.1


def test_only_its_owner_deletes_an_image(world: World) -> None:
    image, _ = _classified(world)
    assert world.ask("DELETE", f"/images/{image}", user="bob").status == 403
    assert world.ask("GET", f"/images/{image}").status == 200


def _by_the_bucket(world: World) -> str:
    """The id of a picture that somebody put into the bucket: it stands in no group."""
    world.dynamodb.put_item(
        TableName="images",
        Item={
            "imageId": {"S": "1" * 32},
            "status": {"S": "CLASSIFIED"},
            "bucket": {"S": UPLOADS},
            "key": {"S": "uploads/dog.jpg"},
            "createdAt": {"S": "2026-11-21T12:00:00.000Z"},
        },
    )
    return "1" * 32


def test_an_image_that_came_by_the_bucket_is_nobodys_to_see(world: World) -> None:
    path = f"/images/{_by_the_bucket(world)}"
    for method, asked in (
        ("GET", path),
        ("GET", f"{path}/history"),
        ("POST", f"{path}/retry"),
        ("DELETE", path),
    ):
        for user in (None, "ann") if method == "GET" else ("ann",):
            assert world.ask(method, asked, user=user).status == 404


@pytest.mark.parametrize(
    ("claims", "seen"),
    [
        ({"cognito:groups": "[operators]"}, True),
        ({"cognito:groups": "[reviewers operators]"}, True),
        ({"groups": "operators"}, True),
        ({"groups": "[reviewers,operators]"}, True),
        ({"cognito:groups": "[reviewers]"}, False),
        ({"cognito:groups": "[no-operators operators-of-others]"}, False),
        ({"scope": "operators", "username": "operators", "sub": "operators"}, False),
        ({}, False),
    ],
)
def test_an_operator_alone_sees_an_image_that_stands_in_no_group(
    world: World, claims: dict[str, str], seen: bool
) -> None:
    image = _by_the_bucket(world)
    for path in (f"/operator/images/{image}", f"/operator/images/{image}/history"):
        assert world.ask("GET", path, user="ann", claims=claims).status == (200 if seen else 404)
        assert world.ask("GET", path).status == 401
    # What stands in a group is for everybody, by this route too.
    shown, _ = _classified(world)
    assert world.ask("GET", f"/operator/images/{shown}", user="ann", claims=claims).status == 200


def test_nobody_keeps_an_answer_or_guesses_its_type(world: World) -> None:
    image = _classified(world)[0]
    for path, kept in (
        (f"/images/{image}", True),
        ("/groups", True),
        ("/images/none", False),
        ("/no", False),
    ):
        headers = world.ask("GET", path).headers
        assert headers["cache-control"] == ("private, no-cache" if kept else "no-store")
        assert headers["x-content-type-options"] == "nosniff"


def test_a_deleted_image_leaves_no_object_and_no_way_back(world: World) -> None:
    image, key = _classified(world)
    group = key.split("/")[1]
    neighbour = world.new_image(group)["newItem"]["imageId"]
    for made in (f"faces/{place_digest(ImageReference(UPLOADS, key))}/v1.jpg", *copies(key).values()):
        world.s3.put_object(Bucket=PROCESSED, Key=made, Body=b"made of it")
    world.s3.put_object(Bucket=UPLOADS, Key=key, Body=b"a second version")

    assert world.ask("DELETE", f"/images/{image}", user="ann").status == 204

    assert world.ask("GET", f"/images/{image}").status == 404
    assert world.ask("GET", f"/images/{image}/history").status == 404
    assert world.ask("DELETE", f"/images/{image}", user="ann").status == 404
    listed = world.ask("GET", f"/groups/{group}/images").body["items"]
    assert [item["imageId"] for item in listed] == [neighbour]
    for bucket in (UPLOADS, PROCESSED):
        listing = world.s3.list_object_versions(Bucket=bucket)
        assert "Versions" not in listing
        assert "DeleteMarkers" not in listing


def test_an_execution_under_way_cannot_bring_a_deleted_image_back(world: World) -> None:
    image = world.new_image(world.new_group())["newItem"]["imageId"]
    _claim(world, image)
    assert world.ask("DELETE", f"/images/{image}", user="ann").status == 204

    for condition in (
        "executionArn = :claim",  # Record Result
        # Claim Image
        "attribute_not_exists(imageId) OR attribute_not_exists(executionArn) OR sequencer < :later",
    ):
        values = {":claim": {"S": CLAIM}, ":later": {"S": "f" * 64}}
        used = {name: value for name, value in values.items() if name in condition}
        with pytest.raises(botocore.exceptions.ClientError, match="ConditionalCheckFailed"):
            world.update(image, "SET label = :label", {**used, ":label": {"S": "dog"}}, condition)
    record = world.record(image)
    assert record is not None
    assert "groupId" not in record
    assert "expiresAt" in record


def _claim(world: World, image_id: str) -> None:
    """What Claim Image does to a placeholder."""
    world.update(
        image_id,
        "SET executionArn = :claim, sequencer = :sequencer REMOVE expiresAt",
        {":claim": {"S": CLAIM}, ":sequencer": {"S": "0066"}},
    )


def copies(key: str) -> dict[str, str]:
    return {name: copy_key(ImageReference(UPLOADS, key), name) for name in COPIES}


def _classified(world: World) -> tuple[str, str]:
    """An image of ann's that went through: its id and key."""
    image = world.new_image(world.new_group())["newItem"]["imageId"]
    record = world.record(image)
    assert record is not None
    key = str(record["key"]["S"])
    world.s3.put_object(Bucket=UPLOADS, Key=key, Body=b"original")
    world.s3.put_object(Bucket=PROCESSED, Key=key, Body=b"annotated")
    world.dynamodb.update_item(
        TableName="images",
        Key={"imageId": {"S": image}},
        UpdateExpression=RECORD_RESULT,
        ExpressionAttributeNames={"#s": "status", "#k": "key"},
        ExpressionAttributeValues=CLASSIFIED
        | {f":{name}": {"S": made} for name, made in copies(key).items()},
    )
    return image, key
