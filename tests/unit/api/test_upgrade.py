"""The API reads the former release's images and shows them as it shows its own."""

from __future__ import annotations

from typing import Any

import pytest

from loupe_core.items import to_item
from tests.unit.api.world import IMAGES, World

FORMER: dict[str, dict[str, Any]] = {
    "CLASSIFIED": {
        "label": "7",
        "confidence": 0.97,
        "predictions": [{"label": "7", "score": 0.97}],
        "processedKey": "uploads/seven.png",
        "title": "7 - 97.0%",
        "autoTitle": True,
    },
    "REJECTED": {
        "label": "7",
        "confidence": 0.5,
        "predictions": [{"label": "7", "score": 0.5}],
        "error": {"name": "ThresholdConfidenceNotMetError", "cause": "THRESHOLD_CONFIDENCE_NOT_MET: 50%"},
        "retakeable": False,
    },
    "FAILED": {
        "label": None,
        "confidence": None,
        "predictions": [],
        "error": {"name": "ExecutionAborted", "cause": "stopped"},
        "retakeable": True,
    },
    "RECEIVED": {"owing": "YES", "owingSince": "2026-11-21T11:00:00.000Z", "run": "then"},
}


@pytest.mark.parametrize("status", FORMER)
def test_an_image_of_the_former_release_is_shown(world: World, status: str) -> None:
    group = world.new_group()
    image = world.new_image(group)["newItem"]["imageId"]
    placeholder = world.record(image) or {}
    former = {
        "status": status,
        "executionArn": "arn:aws:states:eu-west-1:123456789012:execution:loupe-classify-image:one",
        "byHand": False,
        "versionId": "v1",
        "sequencer": "0A".ljust(64, "0"),
        "updatedAt": "2026-11-21T11:00:00.000Z",
        "faceDetected": None,
        "faces": [],
        "facesError": None,
        **FORMER[status],
    }
    kept = {name: value for name, value in placeholder.items() if name != "expiresAt"}
    world.dynamodb.put_item(TableName=IMAGES, Item={**kept, **to_item(former)})

    shown = world.ask("GET", f"/images/{image}").body["result"]
    listed = world.ask("GET", f"/groups/{group}/images").body["items"]

    assert (shown["status"], shown["label"]) == (status, former.get("label"))
    assert [each["imageId"] for each in listed] == [image]
    assert (shown["error"] is None) == ("error" not in former)
    assert (shown["annotatedUrl"] is not None) == ("processedKey" in former)
    assert world.ask("GET", f"/images/{image}/history").status == 200
