"""Bring your own model: from the image's folder or from S3, checked before it is used."""

import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import botocore.client
import pytest
from botocore.exceptions import ClientError

from loupe_container.own_model import OwnModel
from loupe_container.settings import ModelSettings
from loupe_core import errors
from loupe_core.settings import SettingsError
from model.photos import built
from tests.unit.container.world import BUCKET, DIGITS, MODEL, World

ROOT = Path(__file__).parents[3]

DIGIT = (DIGITS / "digit-3.png").read_bytes()


def packed(**more: bytes | tarfile.TarInfo) -> bytes:
    """A model.tar.gz with the digits model; `more` replaces or adds members."""
    files: dict[str, bytes | tarfile.TarInfo] = {
        name: (MODEL / name).read_bytes() for name in ("MODEL_CARD.md", "model.json", "model.onnx")
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in {**files, **more}.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def model(**environ: str) -> OwnModel:
    return OwnModel(
        ModelSettings.from_environ({"MODEL_S3_URI": f"s3://{BUCKET}/models/model.tar.gz", **environ})
    )


def test_the_photo_model_is_served_from_the_images_folder() -> None:
    own = OwnModel(ModelSettings.from_environ({"MODEL_FOLDER": str(built(ROOT))}))

    answer = own.infer((ROOT / "events" / "images" / "coffee.jpg").read_bytes())

    assert own.name == "photos"
    assert answer["labels"][0] == "cup of espresso"  # type: ignore[index]


def put(world: World, content: bytes, key: str = "models/model.tar.gz") -> None:
    world.s3.put_object(Bucket=BUCKET, Key=key, Body=content)


@pytest.fixture(autouse=True)
def _own_tmp(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_an_archive_in_s3_is_used(world: World) -> None:
    put(world, packed())

    assert model().infer(DIGIT)["labels"][0] == "3"  # type: ignore[index] # a list


@pytest.mark.parametrize("prefix", ["models/digits", "models/digits/"])
def test_files_under_a_prefix_are_used(world: World, prefix: str) -> None:
    for name in ("model.json", "model.onnx"):
        put(world, (MODEL / name).read_bytes(), f"models/digits/{name}")

    assert model(MODEL_S3_URI=f"s3://{BUCKET}/{prefix}").name == "digits"


def test_it_is_fetched_once(world: World, tmp_path: Path) -> None:
    put(world, packed())
    own = model().warm()
    world.s3.delete_object(Bucket=BUCKET, Key="models/model.tar.gz")

    own.infer(DIGIT)
    own.infer(DIGIT)

    assert [sorted(each.name for each in path.iterdir()) for path in tmp_path.glob("model-*")] == [
        ["model.json", "model.onnx"]
    ]


def test_the_digest_must_be_the_one_that_was_named(world: World) -> None:
    content = packed()
    put(world, content)

    assert model(MODEL_SHA256=hashlib.sha256(content).hexdigest()).name == "digits"
    with pytest.raises(errors.EndpointRejectedError, match="another"):
        model(MODEL_SHA256="0" * 64).classifier()


@pytest.mark.parametrize("limit", [1000, 400_000])
def test_what_is_over_the_limit_packed_or_unpacked_is_refused_and_leaves_nothing(
    world: World, tmp_path: Path, limit: int
) -> None:
    put(world, packed(**{"model.onnx.data": bytes(10_000_000)}))  # packs to next to nothing

    with pytest.raises(errors.EndpointRejectedError, match="is over"):
        model(MODEL_MAX_BYTES=str(limit)).classifier()

    assert list(tmp_path.glob("model-*")) == []


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


def test_nothing_in_an_archive_is_written_elsewhere(world: World, tmp_path: Path) -> None:
    put(world, packed(**{"../outside": b"x", "/etc/outside": b"x", "sub/model.json": b"x"}))
    model().classifier()
    assert [path.name for path in tmp_path.rglob("outside")] == []

    put(world, packed(**{"model.json": link("model.json", "/etc/passwd")}))
    with pytest.raises(errors.EndpointRejectedError, match=r"no model\.json"):
        model().classifier()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no archive",
        packed()[:5000],
        packed(**{"model.onnx": b"no model"}),
        packed(**{"model.json": b"{"}),
    ],
    ids=["empty", "text", "cut off", "not ONNX", "not JSON"],
)
def test_a_broken_model_is_refused_for_good(world: World, content: bytes) -> None:
    put(world, content)
    own = model().warm()
    put(world, packed())

    with pytest.raises(errors.EndpointRejectedError):
        own.infer(DIGIT)  # not fetched again by every picture


def test_a_model_that_does_not_fit_its_json_is_refused(world: World) -> None:
    spec: dict[str, Any] = json.loads((MODEL / "model.json").read_text())
    put(world, packed(**{"model.json": json.dumps({**spec, "labels": ["a", "b", "c"]}).encode()}))

    with pytest.raises(errors.EndpointRejectedError, match="labels"):
        model().classifier()


def test_a_missing_model_may_come_later(world: World) -> None:
    own = model().warm()
    with pytest.raises(errors.EndpointNotFoundError):
        own.infer(DIGIT)

    put(world, packed())

    assert own.name == "digits"


def test_a_key_that_the_role_may_not_use_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    said = f"User: one is not authorized to perform: kms:Decrypt on resource: {key} as no policy allows it"
    put(world, packed())

    def refuse(*_: object, **__: object) -> None:
        answer: Any = {"Error": {"Code": "AccessDenied", "Message": said}}
        raise ClientError(answer, "GetObject")

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", refuse)

    with pytest.raises(errors.AccessDeniedError, match=f"kms:Decrypt on the key {key}"):
        model().classifier()


def test_a_folder_is_used_as_it_is(tmp_path: Path) -> None:
    shutil.copytree(MODEL, tmp_path / "own")

    assert OwnModel(ModelSettings.from_environ({"MODEL_FOLDER": str(tmp_path / "own")})).name == "digits"


@pytest.mark.parametrize(
    "environ",
    [
        {"MODEL_S3_URI": "https://example.com/model.tar.gz"},
        {"MODEL_S3_URI": "s3://bucket"},
        {"MODEL_S3_URI": "s3:///key"},
        {"MODEL_SHA256": "abc"},
        {"MODEL_MAX_BYTES": "0"},
        {"MODEL_MAX_BYTES": "1 GB"},
    ],
)
def test_a_wrong_setting_fails_at_start_and_names_itself(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=next(iter(environ))):
        ModelSettings.from_environ(environ)
