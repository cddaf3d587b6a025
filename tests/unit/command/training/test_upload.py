"""Uploading a dataset, on moto."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from loupe.aws import Cloud
from loupe.errors import InputError, ServiceError
from loupe.target import Target, local_session
from loupe.training import shards
from loupe.training.datasets import LocalDataset, LocalFile, scan
from loupe.training.upload import upload_dataset
from model.dataset.archives import unpacked


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with mock_aws():
        cloud = Cloud(Target(None, local=False, region="us-east-1"), local_session())
        cloud.client("s3").create_bucket(Bucket="training")
        yield cloud


@pytest.fixture
def dataset(tmp_path: Path) -> LocalDataset:
    for number in range(40):
        path = tmp_path / str(number % 2) / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_text("x" * (number + 1))
    return scan(tmp_path)


def test_every_file_is_uploaded_under_its_name(cloud: Cloud, dataset: LocalDataset) -> None:
    told: list[str] = []

    sent = upload_dataset(cloud, dataset, "training", "uploads/pets/", lambda file: told.append(file.name))

    listed = cloud.client("s3").list_objects_v2(Bucket="training")["Contents"]
    assert {each["Key"]: each["Size"] for each in listed} == {
        f"uploads/pets/{file.name}": file.size for file in dataset.files
    }
    assert sent == 40
    assert sorted(told) == sorted(file.name for file in dataset.files)


def test_an_upload_that_broke_off_goes_on(cloud: Cloud, dataset: LocalDataset) -> None:
    some = LocalDataset(dataset.root, dataset.files[:25])
    upload_dataset(cloud, some, "training", "uploads/pets/")
    told: list[str] = []

    sent = upload_dataset(cloud, dataset, "training", "uploads/pets/", lambda file: told.append(file.name))

    assert sent == 15
    assert len(told) == 40


def test_s3s_refusal_is_told_in_its_own_words(cloud: Cloud, dataset: LocalDataset) -> None:
    with pytest.raises(ServiceError, match="NoSuchBucket"):
        upload_dataset(cloud, dataset, "nowhere", "uploads/pets/")


def test_a_file_that_vanishes_is_named(cloud: Cloud, tmp_path: Path) -> None:
    gone = LocalDataset(tmp_path, (LocalFile("a.png", tmp_path / "a.png", 5),))

    with pytest.raises(InputError, match=r"a\.png"):
        upload_dataset(cloud, gone, "training", "uploads/pets/")


def test_many_small_files_go_together_and_come_back_as_they_were(
    cloud: Cloud, dataset: LocalDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "FEW", 10)
    monkeypatch.setattr(shards, "SMALL", 30)
    monkeypatch.setattr(shards, "SHARD_BYTES", 8_000)
    told: list[str] = []

    sent = upload_dataset(cloud, dataset, "training", "uploads/pets/", lambda file: told.append(file.name))

    s3 = cloud.client("s3")
    listed = {each["Key"] for each in s3.list_objects_v2(Bucket="training")["Contents"]}
    assert (sent, len(told), len(listed)) == (40, 40, 10 + 2), "ten are larger than a shard takes"
    received = tmp_path / "received"
    received.mkdir()
    for key in listed:
        path = received / key.removeprefix("uploads/pets/")
        path.parent.mkdir(exist_ok=True)
        s3.download_file("training", key, str(path))
    with unpacked(received) as folder:
        found = {file.name: file.path.read_text() for file in scan(folder).files}
    assert found == {file.name: file.path.read_text() for file in dataset.files}
    assert upload_dataset(cloud, dataset, "training", "uploads/pets/") == 0


def test_the_same_files_make_the_same_archives(dataset: LocalDataset) -> None:
    shard = shards.Shard("0", dataset.files)

    assert shard.pack() == shard.pack()
