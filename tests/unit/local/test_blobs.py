"""Large contents of a state are written once, beside it."""

import json
from pathlib import Path
from typing import Any

import pytest
from ministack.core import persistence

from local.cloud.durability.blobs import Blobs


@pytest.fixture
def blobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Blobs:
    for name in ("_json_default", "_json_object_hook"):
        monkeypatch.setattr(persistence, name, getattr(persistence, name))
    found = Blobs(tmp_path)
    found.install()
    return found


def written(state: Any) -> str:
    return json.dumps(state, default=persistence._json_default)


def read(text: str) -> Any:
    return json.loads(text, object_hook=persistence._json_object_hook)


def test_a_state_reads_back_and_is_small(blobs: Blobs, tmp_path: Path) -> None:
    state = {"layer": {"zip": b"x" * 1_000_000, "again": b"x" * 1_000_000}, "small": b"\x00\xff"}

    text = written(state)

    assert len(text) < 1_000
    assert read(text) == state
    assert written(state) == text
    assert len(list(tmp_path.iterdir())) == 1


def test_what_no_state_refers_to_is_deleted(blobs: Blobs, tmp_path: Path) -> None:
    kept = written({"zip": b"kept" * 100_000})
    written({"zip": b"gone" * 100_000})

    read(kept)
    blobs.forget_unread()

    assert len(list(tmp_path.iterdir())) == 1
    assert read(kept) == {"zip": b"kept" * 100_000}
