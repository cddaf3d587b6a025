"""Images as the tests of the API have them: classified, claimed, put into the bucket by hand."""

from typing import Any

from loupe_core.contract import COPIES, ImageReference, copy_key
from tests.unit.api.world import PROCESSED, UPLOADS, World

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


def by_the_bucket(world: World) -> str:
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


def claim(world: World, image_id: str) -> None:
    """What Claim Image does to a placeholder."""
    world.update(
        image_id,
        "SET executionArn = :claim, sequencer = :sequencer REMOVE expiresAt",
        {":claim": {"S": CLAIM}, ":sequencer": {"S": "0066"}},
    )


def copies(key: str) -> dict[str, str]:
    return {name: copy_key(ImageReference(UPLOADS, key), name) for name in COPIES}


def classified(world: World, group: str | None = None) -> tuple[str, str]:
    """An image of ann's that went through, in a group of its own unless one is named: its id and key."""
    image = world.new_image(group or world.new_group())["newItem"]["imageId"]
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
