"""What the arguments of `loupe classify` mean: files, folders, S3 objects and S3 prefixes."""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from loupe.errors import InputError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif")
CONSOLE_PREFIX = "console/"
"""Where the command puts local pictures.

Objects under `uploads/` would start the workflow a second time by themselves.
"""


@dataclass(frozen=True)
class S3Location:
    """An object, or with a key that is empty or ends in `/` a prefix."""

    bucket: str
    key: str

    @property
    def is_prefix(self) -> bool:
        return not self.key or self.key.endswith("/")

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class Picture:
    """One picture to classify: what the person called it, and where it is."""

    name: str
    source: Path | S3Location


ListPrefix = Callable[[S3Location], Iterable[S3Location]]


def find_pictures(arguments: Sequence[str], list_prefix: ListPrefix) -> list[Picture]:
    """Pictures in the order given; a folder or an S3 prefix stands for the pictures in it, sorted.

    A file that is named is taken whatever its suffix: the workflow looks at its bytes. InputError names
    whatever is
    missing, unreadable or empty, before anything has been uploaded.
    """
    pictures: list[Picture] = []
    for argument in arguments:
        if argument.startswith("s3://"):
            pictures += _from_s3(parse_s3_uri(argument), list_prefix)
        else:
            pictures += _from_disk(argument)
    return pictures


def parse_s3_uri(uri: str) -> S3Location:
    """`s3://bucket/key`; the key is taken as it stands, with nothing decoded."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not bucket:
        raise InputError(f"{uri} names no bucket. Write s3://BUCKET/KEY.")
    return S3Location(bucket, key)


def upload_key(path: Path) -> str:
    """Where a local file goes: under the hash of its bytes, so that the same picture is one record however
    often it is run.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    name = os.fsencode(path.name).decode("utf-8", "replace")
    return f"{CONSOLE_PREFIX}{digest.hexdigest()[:16]}/{name}"


def is_picture_name(name: str) -> bool:
    """By its suffix alone; what the bytes are is for the workflow to say."""
    base = name.rpartition("/")[2]
    return base.lower().endswith(SUFFIXES) and not base.startswith(".")


def _from_s3(location: S3Location, list_prefix: ListPrefix) -> list[Picture]:
    if not location.is_prefix:
        return [Picture(str(location), location)]
    found = [Picture(str(each), each) for each in list_prefix(location) if is_picture_name(each.key)]
    if not found:
        raise InputError(f"No pictures under {location} (looked for {', '.join(SUFFIXES)}).")
    return found


def _from_disk(argument: str) -> list[Picture]:
    path = Path(argument).expanduser()
    if path.is_dir():
        found = sorted(_walk(path))
        if not found:
            raise InputError(f"No pictures in {argument} (looked for {', '.join(SUFFIXES)}).")
        return [Picture(str(each), each) for each in found]
    try:
        with path.open("rb"):
            return [Picture(argument, path)]
    except FileNotFoundError:
        raise InputError(f"{argument}: no such file or folder.") from None
    except OSError as error:
        raise InputError(f"{argument}: cannot be read ({error.strerror}).") from error


def _walk(folder: Path) -> Iterable[Path]:
    def refuse(error: OSError) -> None:
        raise InputError(f"{error.filename}: cannot be read ({error.strerror}).")

    for parent, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(parent, name) for name in files if is_picture_name(name))
