"""The parts of the local SageMaker that need neither sockets nor processes."""

import io
import json
import re
import sys
import tarfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.aws_json import AwsServiceError
from local.sagemaker import artifacts
from local.sagemaker.artifacts import download_listed, download_prefix, extract, split_s3_uri
from local.sagemaker.capture import Exchange, capture_key, capture_line
from local.sagemaker.errors import ArtifactError, ImageNotFoundError
from local.sagemaker.fleet import Fleet, Variant
from local.sagemaker.images import ImageTable, own_image
from local.sagemaker.metrics import MetricReader
from local.sagemaker.roles import trusts
from local.sagemaker.settings import Settings
from local.sagemaker.store import Store, new_resource, page

NOW = datetime(2026, 11, 21, 4, 5, 6, 789_000, UTC)


def tar_of(path: Path, *members: tarfile.TarInfo) -> Path:
    """An archive of members without content."""
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO())
    return path


@pytest.mark.parametrize("name", ["../out.txt", "/etc/out.txt", "a/../../out.txt"])
def test_archive_member_outside_of_its_folder_is_refused_or_kept_inside(tmp_path: Path, name: str) -> None:
    archive = tar_of(tmp_path / "a.tar.gz", tarfile.TarInfo(name))
    folder = tmp_path / "deep" / "folder"

    with suppress(ArtifactError):
        extract(archive, folder)

    outside = [path for path in tmp_path.rglob("out.txt") if not path.is_relative_to(folder)]
    assert outside == []
    assert not Path("/etc/out.txt").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_archive_with_links_out_or_devices_is_refused(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("thing")
    member.type, member.linkname = kind, "/etc/passwd"

    with pytest.raises(ArtifactError):
        extract(tar_of(tmp_path / "a.tar.gz", member), tmp_path / "folder")


def test_truncated_archive_is_refused(tmp_path: Path) -> None:
    archive = tar_of(tmp_path / "a.tar.gz", *(tarfile.TarInfo(f"file-{i}") for i in range(200)))
    archive.write_bytes(archive.read_bytes()[:-40])

    with pytest.raises(ArtifactError, match="cannot be extracted"):
        extract(archive, tmp_path / "folder")


@pytest.mark.parametrize(
    ("limit", "most", "said"),
    [("MAX_UNPACKED_BYTES", 2_999, "larger than"), ("MAX_FILES", 2, "more than 2 files")],
)
def test_archive_that_would_fill_the_disk_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int, said: str
) -> None:
    archive = tmp_path / "a.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name in ("a", "b", "c"):
            member = tarfile.TarInfo(name)
            member.size = 1_000
            tar.addfile(member, io.BytesIO(bytes(1_000)))
    extract(archive, tmp_path / "within the limits")
    monkeypatch.setattr(artifacts, limit, most)

    with pytest.raises(ArtifactError, match=said):
        extract(archive, tmp_path / "folder")
    assert not (tmp_path / "folder" / "c").exists()


def test_archive_with_a_giant_header_is_refused(tmp_path: Path) -> None:
    header = tarfile.TarInfo("long")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 50_000_000
    archive = tmp_path / "a.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.addfile(header, io.BytesIO(bytes(50_000_000)))

    with pytest.raises(ArtifactError, match="header of"):
        extract(archive, tmp_path / "folder")


@pytest.mark.parametrize("uri", ["", "s3://", "s3:///key", "https://bucket/key", "bucket/key"])
def test_uri_that_is_not_s3s_is_refused(uri: str) -> None:
    with pytest.raises(ArtifactError, match="Not an S3 URI"):
        split_s3_uri(uri)


class FakeS3:
    """Objects by key, in one bucket."""

    def __init__(self, *keys: str, **bodies: str) -> None:
        self._keys, self._bodies = keys, bodies

    def get_paginator(self, _name: str) -> "FakeS3":
        return self

    def paginate(self, Bucket: str, Prefix: str) -> list[dict[str, Any]]:  # noqa: N803 - boto3's names
        return [{"Contents": [{"Key": key} for key in self._keys if key.startswith(Prefix)]}]

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        return {"Body": io.BytesIO(self._bodies.get(Key, f"{Bucket} {Key}").encode())}


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("s3://b/train", {"one.png", "cats/two.png"}),
        ("s3://b/train/", {"one.png", "cats/two.png"}),
        ("s3://b/train/one.png", {"one.png"}),
        ("s3://b/train/on", {"one.png"}),
        ("s3://b", {"train/one.png", "train/cats/two.png", "other.png"}),
    ],
)
def test_prefix_is_downloaded_by_the_rest_of_its_keys(tmp_path: Path, uri: str, expected: set[str]) -> None:
    s3 = FakeS3("train/", "train/one.png", "train/cats/two.png", "other.png")

    count = download_prefix(s3, uri, tmp_path)

    assert {
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()
    } == expected
    assert count == len(expected)


def test_key_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="leads out of its folder"):
        download_prefix(FakeS3("train/../../out.txt"), "s3://b/train/", tmp_path / "folder")


def test_manifest_names_what_is_downloaded_below_its_prefix(tmp_path: Path) -> None:
    listed = json.dumps([{"prefix": "s3://theirs/some/"}, "one.png", "cats/two.png"])

    assert download_listed(FakeS3(manifest=listed), "s3://b/manifest", tmp_path) == 2

    assert (tmp_path / "cats" / "two.png").read_text() == "theirs some/cats/two.png"


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        ("no json", "is no manifest"),
        ("[]", "is no manifest"),
        ('["one.png"]', "is no manifest"),
        ('[{"prefix": "s3://theirs/"}, "../out.png"]', "leads out of its folder"),
    ],
)
def test_manifest_that_is_none_is_refused(tmp_path: Path, manifest: str, why: str) -> None:
    with pytest.raises(ArtifactError, match=why):
        download_listed(FakeS3(manifest=manifest), "s3://b/manifest", tmp_path / "folder")


def test_image_table_maps_repositories_to_commands(tmp_path: Path) -> None:
    row = {
        "repository": "/mine:",
        "serve": ["{python}", "s.py"],
        "python": "/opt/py",
        "entrypoint": ["{python}", "e.py"],
    }
    (tmp_path / "images.json").write_text(json.dumps([row]))
    table = ImageTable.read(tmp_path / "images.json")

    image = table.find("0.dkr.ecr.us-east-1.amazonaws.com/mine:1")

    assert image.entry("serve") == ["/opt/py", "s.py"]
    assert image.resolve(["python3", "x.py"]) == ["/opt/py", "x.py"]
    assert image.resolve(["serve", "--fast"]) == ["/opt/py", "s.py", "--fast"]
    assert image.resolve([]) == ["/opt/py", "e.py"]
    assert image.resolve(["/bin/sh", "python3"]) == ["/bin/sh", "python3"]
    with pytest.raises(ImageNotFoundError):
        image.entry("train")
    with pytest.raises(ImageNotFoundError):
        table.find("0.dkr.ecr.us-east-1.amazonaws.com/another:1")


def test_own_image_is_known_without_a_table() -> None:
    image = ImageTable.read(None).find("0.dkr.ecr.us-east-1.amazonaws.com/loupe-model:1")

    assert image.entry("serve") == [sys.executable, "-m", "model.serve"]


def test_own_image_trains_only_where_pytorch_is_wholly_installed(tmp_path: Path) -> None:
    interpreter = tmp_path / ".venv-train" / "bin" / "python"
    interpreter.parent.mkdir(parents=True)
    interpreter.touch()

    with pytest.raises(ImageNotFoundError, match="make setup-train"):
        own_image(tmp_path).entry("train")
    assert own_image(tmp_path).resolve(["python3", "-m", "model.prepare"])[0] == sys.executable

    (tmp_path / ".venv-train" / ".stamp").touch()
    assert own_image(tmp_path).entry("train") == [str(interpreter), "-m", "model.train"]


@pytest.mark.parametrize("text", ["{", "{}", '[{"serve": []}]', '[{"repository": "("}]'])
def test_broken_image_table_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "images.json"
    file.write_text(text)

    with pytest.raises(ValueError, match=re.escape(str(file))):
        ImageTable.read(file)


def test_wrong_setting_names_itself(tmp_path: Path) -> None:
    for text in ("soon", "0", "-1"):
        with pytest.raises(ValueError, match="LOUPE_SAGEMAKER_STARTUP_SECONDS"):
            Settings.read("http://g", tmp_path, "", {"LOUPE_SAGEMAKER_STARTUP_SECONDS": text})


@pytest.mark.parametrize(
    ("statement", "trusted"),
    [
        (
            {
                "Effect": "Allow",
                "Principal": {"Service": "sagemaker.amazonaws.com"},
                "Action": "sts:AssumeRole",
            },
            True,
        ),
        (
            {
                "Effect": "Allow",
                "Principal": {"Service": ["a", "sagemaker.amazonaws.com"]},
                "Action": ["sts:*"],
            },
            True,
        ),
        (
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
            False,
        ),
        (
            {
                "Effect": "Deny",
                "Principal": {"Service": "sagemaker.amazonaws.com"},
                "Action": "sts:AssumeRole",
            },
            False,
        ),
        (
            {
                "Effect": "Allow",
                "Principal": {"Service": "sagemaker.amazonaws.com"},
                "Action": "sts:TagSession",
            },
            False,
        ),
        ({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}, False),
    ],
)
def test_trust_policy_decides_who_may_assume_a_role(statement: dict[str, Any], trusted: bool) -> None:
    assert trusts({"Statement": [statement]}, "sagemaker.amazonaws.com") is trusted


def test_metrics_keep_their_last_number() -> None:
    reader = MetricReader([{"Name": "loss", "Regex": "loss=(\\S+)"}, {"Name": "never", "Regex": "x=(.*)"}])

    for line in ("loss=2.5", "nothing", "loss=0.5 loss=9", "loss=soon"):
        reader.read(line)

    assert [(metric["MetricName"], metric["Value"]) for metric in reader.final()] == [("loss", 0.5)]


def test_capture_file_has_sagemakers_key() -> None:
    key = capture_key("some/prefix/", "my-endpoint", "v1", NOW)

    assert re.fullmatch(r"some/prefix/my-endpoint/v1/2026/11/21/04/05-06-789-[0-9a-f-]{36}\.jsonl", key)


def test_capture_line_keeps_text_that_is_named_and_encodes_the_rest() -> None:
    config = {
        "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
        "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
    }

    line = json.loads(
        capture_line(config, Exchange(b"1,2", "text/csv; charset=utf-8", b"{}", "application/json"), NOW)
    )

    assert line["captureData"]["endpointInput"]["encoding"] == "CSV"
    assert line["captureData"]["endpointInput"]["data"] == "1,2"
    assert line["captureData"]["endpointOutput"]["data"] == "e30="
    assert line["eventMetadata"]["inferenceTime"] == "2026-11-21T04:05:06Z"
    assert "inferenceId" not in line["eventMetadata"]


def test_weights_choose_the_variant() -> None:
    variants = [
        Variant({"VariantName": name, "InitialVariantWeight": weight}, "", "") for name, weight in weights()
    ]
    fleet = Fleet("endpoint", variants, None)

    assert {fleet.choose(None).name for _ in range(200)} == {"heavy", "light"}
    assert fleet.choose("idle").name == "idle"
    with pytest.raises(AwsServiceError, match="Variant nobody of endpoint endpoint not found"):
        fleet.choose("nobody")


def weights() -> list[tuple[str, float]]:
    """Two variants that take requests and one that takes none."""
    return [("heavy", 2.0), ("light", 1.0), ("idle", 0.0)]


def test_store_gives_back_what_it_was_given(tmp_path: Path) -> None:
    store = Store(tmp_path / "state" / "store.json")
    store.models["m"] = new_resource("model", "m", {"ModelName": "m"})
    store.tag("arn", [{"Key": "k", "Value": "v"}])
    store.save()

    again = Store(tmp_path / "state" / "store.json")

    assert again.models == store.models
    assert again.tags == {"arn": {"k": "v"}}


def test_page_that_was_not_given_out_is_refused() -> None:
    with pytest.raises(AwsServiceError, match="pagination token"):
        page([], {"NextToken": "elsewhere"}, "ModelName", "Models")
