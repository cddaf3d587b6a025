"""record_prediction: an item a picture, whatever S3 repeats or reorders, and nothing that vanishes."""

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from PIL import Image

from loupe_container.predictions import PredictionsTable
from loupe_core import errors
from loupe_core.contract import ImageReference, place_digest
from tests.unit.container.world import BUCKET, World, load
from tests.unit.functions.handlers import LambdaContext, golden_event

SUCCEEDING = {
    "object_created": ["CLASSIFIED"],
    "s3_notification": ["CLASSIFIED", "CLASSIFIED"],
    "text_called_png": ["FAILED"],
    "truncated_jpeg": ["FAILED"],
    "gone_since": ["FAILED"],
    "folder": [],
    "s3_test_event": [],
}
FAILING = {"lacks_bucket": errors.InvalidInputError, "not_an_upload": errors.InvalidInputError}
FAULTS = {
    "text_called_png": "UnsupportedImageError",
    "truncated_jpeg": "CorruptImageError",
    "gone_since": "ImageNotFoundError",
}


def truncated_jpeg() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((64, 64), 90).convert("RGB").save(file, "JPEG")
    return file.getvalue()[:-400]


def event_of(world: World, case: str) -> dict[str, Any]:
    """A golden event, its pictures uploaded and their versions put in."""
    contents: dict[str, bytes | str] = {
        "digit 3 (copy)+.png": "digit-3.png",
        "größe/digit-5.png": "digit-5.png",
        "text.png": b"no picture",
        "truncated.jpg": truncated_jpeg(),
    }
    for key, content in contents.items():
        version = world.put(key, content)
        text = json.dumps(golden_event("record_prediction", case))
        if case == "s3_notification":
            break
        if json.dumps(key)[1:-1] in text:
            return dict(json.loads(text.replace('"v1"', json.dumps(version))))
    world.put("größe/digit-5.png", "digit-5.png")
    event = golden_event("record_prediction", case)
    for record in event.get("Records", []):
        del record["s3"]["object"]["versionId"]
    return event


def created(key: str, sequencer: str, version: str = "") -> dict[str, Any]:
    stored = {"key": key, "size": 100, "sequencer": sequencer} | ({"version-id": version} if version else {})
    detail = {"bucket": {"name": BUCKET}, "object": stored}
    return {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}


@pytest.mark.parametrize("case", SUCCEEDING)
def test_each_picture_in_an_event_has_an_item(world: World, case: str) -> None:
    answer = world.call("record_prediction", event_of(world, case))

    assert [each["status"] for each in answer["results"]] == SUCCEEDING[case]
    assert sorted(item["status"]["S"] for item in world.items()) == sorted(SUCCEEDING[case])


@pytest.mark.parametrize("case", FAILING)
def test_what_is_no_upload_is_refused(world: World, case: str) -> None:
    with pytest.raises(errors.LoupeError) as failure:
        world.call("record_prediction", golden_event("record_prediction", case))

    assert type(failure.value) is FAILING[case]


def test_the_item_has_class_confidence_image_and_time(world: World) -> None:
    version = world.put("new/digit-3.png", "digit-3.png")

    world.call("record_prediction", created("new/digit-3.png", "0A", version))

    [item] = world.items()
    assert item["predictionId"]["S"] == place_digest(ImageReference(BUCKET, "new/digit-3.png"))
    assert (item["bucket"]["S"], item["key"]["S"], item["versionId"]["S"]) == (
        BUCKET,
        "new/digit-3.png",
        version,
    )
    assert item["className"]["S"] == "3"
    assert 0.99 < float(item["confidence"]["N"]) <= 1
    assert len(item["predictions"]["L"]) == 5
    assert item["model"]["S"] == "digits"
    assert item["classifiedAt"]["S"].endswith("Z")


@pytest.mark.parametrize("case", FAULTS)
def test_a_picture_that_cannot_be_classified_keeps_an_item_that_says_why(world: World, case: str) -> None:
    world.call("record_prediction", event_of(world, case))

    [item] = world.items()
    assert item["error"]["M"]["name"]["S"] == FAULTS[case]
    assert item["error"]["M"]["cause"]["S"]
    assert "className" not in item


def test_a_repeated_event_changes_nothing(world: World) -> None:
    version = world.put("a.png", "digit-3.png")
    world.call("record_prediction", created("a.png", "0A", version))
    before = world.items()

    answer = world.call("record_prediction", created("a.png", "0A", version))

    assert answer["results"][0]["status"] == "DUPLICATE"
    assert world.items() == before


@pytest.mark.parametrize(("older", "newer"), [("0A", "0B"), ("0A", "0A1"), ("00B9", "00BA")])
def test_a_late_event_of_an_older_upload_does_not_win(world: World, older: str, newer: str) -> None:
    first, second = world.put("a.png", "digit-3.png"), world.put("a.png", "digit-5.png")

    world.call("record_prediction", created("a.png", newer, second))
    world.call("record_prediction", created("a.png", older, first))

    [item] = world.items()
    assert (item["className"]["S"], item["versionId"]["S"]) == ("5", second)


def test_a_newer_upload_takes_the_place_of_an_older_one_and_of_its_failure(world: World) -> None:
    broken, good = world.put("a.png", b"broken"), world.put("a.png", "digit-5.png")
    world.call("record_prediction", created("a.png", "0A", broken))

    world.call("record_prediction", created("a.png", "0B", good))

    [item] = world.items()
    assert item["className"]["S"] == "5"
    assert "error" not in item


def test_a_deleted_prediction_stays_deleted_when_its_event_is_repeated_but_not_for_a_new_upload(
    world: World,
) -> None:
    version = world.put("a.png", "digit-3.png")
    world.call("record_prediction", created("a.png", "0A", version))
    prediction = place_digest(ImageReference(BUCKET, "a.png"))
    assert PredictionsTable("predictions", world.dynamodb).delete(prediction)

    world.call("record_prediction", created("a.png", "0A", version))

    [left] = world.items()
    assert left["status"]["S"] == "DELETED"
    assert not {"className", "confidence", "bucket", "key"} & set(left)
    assert int(left["expiresAt"]["N"]) > 0
    world.call("record_prediction", created("a.png", "0B", version))
    [again] = world.items()
    assert again["status"]["S"] == "CLASSIFIED"
    assert "expiresAt" not in again


@pytest.mark.parametrize(
    ("code", "raised"),
    [
        ("ProvisionedThroughputExceededException", errors.StorageUnavailableError),
        ("AccessDeniedException", errors.AccessDeniedError),
    ],
)
def test_what_is_not_the_pictures_fault_is_raised_for_lambda_to_try_again(
    world: World, monkeypatch: pytest.MonkeyPatch, code: str, raised: type[errors.LoupeError]
) -> None:
    app = load("record_prediction")
    for key in ("a.png", "b.png"):
        world.put(key, "digit-3.png")
    client, put_item, refused = app.recorder.table._client, app.recorder.table._client.put_item, []

    def refusing(**request: Any) -> Any:
        if request["Item"]["key"]["S"] == "a.png":
            refused.append(request)
            raise ClientError({"Error": {"Code": code, "Message": ""}}, "PutItem")
        return put_item(**request)

    monkeypatch.setattr(client, "put_item", refusing)
    records = [
        {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": BUCKET}, "object": {"key": key}}}
        for key in ("a.png", "b.png")
    ]
    with pytest.raises(raised):
        app.handler({"Records": records}, LambdaContext())

    # The other picture of the same event does not suffer.
    assert [item["key"]["S"] for item in world.items()] == ["b.png"]
    assert len(refused) == 1


def test_failed_pictures_are_counted_for_the_alarm(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.call("record_prediction", event_of(world, "text_called_png"))

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "PicturesFailed" in line]
    assert lines[0]["PicturesFailed"] == [1.0]
