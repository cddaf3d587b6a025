"""Pictures go through a deployed stack and come out with one record and one notification.

`pipeline/smoke.sh --stack-name NAME` runs it; alone, AWS_SAM_STACK_NAME=NAME pytest tests/deployed.
"""

from __future__ import annotations

import json
import struct
import urllib.error
import urllib.request
import zlib

import pytest

from tests.deployed.conftest import Deployed


def drawn_picture(side: int = 64) -> bytes:
    """A grey PNG with a bright stroke on black, much as a handwritten one."""
    rows = b"".join(
        b"\0" + bytes(255 if side // 3 < x < side // 2 and 8 < y < side - 8 else 0 for x in range(side))
        for y in range(side)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def test_an_uploaded_picture_is_classified_recorded_and_told(deployed: Deployed) -> None:
    key = deployed.upload(drawn_picture(), "drawn.png")

    record = deployed.record(key)

    # A model may doubt what was drawn here; that it was asked is what counts.
    assert record["status"]["S"] in ("CLASSIFIED", "REJECTED"), record.get("error")
    assert record["predictions"]["L"]
    assert len(deployed.notifications(key)) == 1


def test_a_broken_picture_is_recorded_as_failed_and_told(deployed: Deployed) -> None:
    key = deployed.upload(drawn_picture()[:60], "broken.png")

    record = deployed.record(key)

    assert record["status"]["S"] == "FAILED"
    assert record["error"]["M"]["name"]["S"] == "CorruptImageError"
    assert len(deployed.notifications(key)) == 1


def test_the_api_answers_anybody_about_groups_and_only_the_signed_in_otherwise(deployed: Deployed) -> None:
    url = deployed.outputs["ApiUrl"]

    with urllib.request.urlopen(f"{url}/groups", timeout=60) as answer:
        assert isinstance(json.load(answer), dict)
    nobody = urllib.request.Request(f"{url}/groups", data=b"{}", method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(nobody, timeout=60)
    with refused.value as answer:
        assert answer.code == 401
