"""Model artefacts and other files, from S3 and to S3."""

import json
import shutil
import tarfile
import tempfile
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import BotoCoreError, ClientError

from local.sagemaker.errors import ArtifactError
from model.tar_files import BoundedTarInfo

_UNREADABLE = (ClientError, BotoCoreError, OSError)
_DOWNLOADS_AT_ONCE = 8
# A serverless endpoint has 5 GB of disk for its model.
# https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
MAX_UNPACKED_BYTES = 5_000_000_000
MAX_FILES = 100_000


def split_s3_uri(uri: str) -> tuple[str, str]:
    """`s3://bucket/key` as (bucket, key); ArtifactError for anything else."""
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise ArtifactError(f"Not an S3 URI: {uri}")
    return bucket, key


def download(s3: Any, uri: str, target: Path) -> None:
    """One object into one file."""
    bucket, key = split_s3_uri(uri)
    try:
        _get(s3, bucket, key, target)
    except _UNREADABLE as error:
        raise ArtifactError(f"{uri}: {error}") from error


def download_prefix(s3: Any, uri: str, folder: Path) -> int:
    """Every object whose key begins with the URI's, into `folder` by the rest of its key.

    How many there were.
    """
    bucket, prefix = split_s3_uri(uri)
    targets: dict[Path, str] = {}
    try:
        for listing in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            keys = [item["Key"] for item in listing.get("Contents", ())]
            targets |= {inside(folder, _relative(key, prefix)): key for key in keys if not key.endswith("/")}
    except _UNREADABLE as error:
        raise ArtifactError(f"{uri}: {error}") from error
    return _get_all(s3, bucket, targets, uri)


def download_listed(s3: Any, uri: str, folder: Path) -> int:
    """What a ManifestFile lists: `[{"prefix": "s3://bucket/some/"}, "name", …]`, each name below the folder.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html
    """
    bucket, key = split_s3_uri(uri)
    try:
        listed = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        start, names = listed[0]["prefix"], [str(name) for name in listed[1:]]
    except _UNREADABLE as error:
        raise ArtifactError(f"{uri}: {error}") from error
    except (ValueError, LookupError, TypeError) as error:
        raise ArtifactError(f"{uri} is no manifest: {error}") from error
    source, prefix = split_s3_uri(start)
    return _get_all(s3, source, {inside(folder, name): prefix + name for name in names}, uri)


def _get_all(s3: Any, bucket: str, targets: dict[Path, str], uri: str) -> int:
    """Each key into its file; how many."""
    try:
        with ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as pool:
            deque(pool.map(lambda item: _get(s3, bucket, item[1], item[0]), targets.items()), maxlen=0)
    except _UNREADABLE as error:
        raise ArtifactError(f"{uri}: {error}") from error
    return len(targets)


def _get(s3: Any, bucket: str, key: str, target: Path) -> None:
    """One request; boto3's own download asks for the size first, which costs as much as a small picture."""
    target.parent.mkdir(parents=True, exist_ok=True)
    body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    with target.open("wb") as file:
        shutil.copyfileobj(body, file)


def _relative(key: str, prefix: str) -> str:
    """The part of a key that names its file below the folder that the prefix stands for."""
    if key == prefix:
        return key.rsplit("/", 1)[-1]
    if prefix.endswith("/") or not prefix or key[len(prefix)] == "/":
        return key[len(prefix) :].lstrip("/")
    return key[prefix.rfind("/") + 1 :]


def inside(folder: Path, relative: str) -> Path:
    """`relative` below `folder`; ArtifactError if it leads out of it."""
    target = (folder / relative).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise ArtifactError(f"{relative!r} leads out of its folder")
    return target


def extract(archive: Path, folder: Path) -> None:
    """Unpack a model.tar.gz.

    ArtifactError for members that lead out of `folder`, devices and the like, and what would fill the disk.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, "r:gz", tarinfo=BoundedTarInfo) as tar:
            tar.extractall(folder, members=_bounded(tar), filter="data")
    except (tarfile.TarError, zlib.error, OSError, EOFError) as error:
        raise ArtifactError(f"The model archive cannot be extracted: {error}") from error


def _bounded(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The members one by one. tarfile.ReadError where they are too many, or unpacked too large."""
    size = 0
    for count, member in enumerate(tar, start=1):
        size += member.size
        if count > MAX_FILES:
            raise tarfile.ReadError(f"it holds more than {MAX_FILES:,} files")
        if size > MAX_UNPACKED_BYTES:
            raise tarfile.ReadError(f"it is larger than {MAX_UNPACKED_BYTES / 1e9:g} GB unpacked")
        yield member


def upload(s3: Any, source: Path, uri: str) -> None:
    """One file to one object."""
    bucket, key = split_s3_uri(uri)
    try:
        s3.upload_file(str(source), bucket, key)
    except (*_UNREADABLE, S3UploadFailedError) as error:
        raise ArtifactError(f"{uri}: {error}") from error


def upload_folder(s3: Any, folder: Path, uri: str) -> int:
    """Every file below `folder`, to the URI and its path there; how many."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    for path in files:
        upload(s3, path, f"{uri.rstrip('/')}/{path.relative_to(folder).as_posix()}")
    return len(files)


def upload_archive(s3: Any, folder: Path, uri: str) -> None:
    """All that `folder` holds as one .tar.gz."""
    with tempfile.NamedTemporaryFile(suffix=".tar.gz") as file:
        with tarfile.open(fileobj=file, mode="w:gz") as tar:
            for path in sorted(folder.iterdir()):
                tar.add(path, path.name)
        file.flush()
        upload(s3, Path(file.name), uri)


def fresh_folder(path: Path) -> Path:
    """`path` as an empty folder."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path
