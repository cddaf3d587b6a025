"""What `--data` means: scikit-learn's digits, a folder, a list in a folder, or a place in S3."""

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from loupe.errors import InputError
from loupe.pictures import S3Location, is_picture_name, parse_s3_uri
from model.dataset.archives import is_archive, stem

DIGITS = "digits"
LISTS = (".lst", ".csv", ".manifest", ".jsonl", ".parquet")
# What file managers leave behind; the preparation would pass over it anyway.
JUNK = ("thumbs.db", "desktop.ini", "__macosx")
PREFIX = "uploads/"
HASHING_THREADS = 4


@dataclass(frozen=True)
class LocalFile:
    """A file of a local dataset: its path from the dataset's top, with slashes."""

    name: str
    path: Path
    size: int


@dataclass(frozen=True)
class LocalDataset:
    """A folder's files, in order, none of them junk."""

    root: Path
    files: tuple[LocalFile, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def parse_source(text: str) -> S3Location | Path | None:
    """An S3 prefix, a folder, an archive, or None for scikit-learn's digits.

    A list (.lst, .csv) or an IDX file stands for the folder that it is in. InputError when it isn't there.
    """
    if text.startswith("s3://"):
        location = parse_s3_uri(text)
        return location if location.is_prefix else S3Location(location.bucket, location.key + "/")
    path = Path(text).expanduser()
    if path.is_dir():
        return path
    if text == DIGITS:
        return None
    if path.is_file():
        if is_archive(path):
            return path
        if _is_list(path):
            return path.parent
        raise InputError(
            f"{text} is one file. Name the folder of the data: a folder by class, a list (.lst, CSV, JSON) "
            "beside the pictures, IDX files, Parquet, or an archive (.zip, .tar) of these."
        )
    raise InputError(
        f"{text}: no such folder. Give a folder, an S3 URI such as s3://bucket/prefix/, or `digits`, "
        "scikit-learn's."
    )


def default_name(text: str) -> str:
    """A model's name from where its data is: the last part of the path."""
    tail = text.removeprefix("s3://").rstrip("/").rpartition("/")[2]
    if not text.startswith("s3://") and is_archive(Path(text).expanduser()):
        tail = stem(Path(tail))
    return model_name(tail or Path(text).expanduser().resolve().name) or "model"


def model_name(text: str) -> str:
    """Letters, digits and hyphens, as SageMaker names things, at most 24; empty if nothing is left."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:24].strip("-")


def scan(root: Path) -> LocalDataset:
    """The files of a folder. InputError names one that cannot be read or a class's folder without files, for
    S3 keeps no empty folders and the preparation would never hear of it.
    """
    empty: list[str] = []
    files = tuple(sorted(_walk(root, empty), key=lambda file: file.name))
    if not any(file.size for file in files):
        raise InputError(f"{root} holds no files to train on.")
    by_folder = not any(_is_list(file.path) for file in files)
    if empty and by_folder:
        raise InputError(
            f"{root}: the folder {sorted(empty)[0]} is empty. Put pictures into it, or remove it."
        )
    return LocalDataset(root, files)


def write_digits(folder: Path) -> None:
    """scikit-learn's handwritten digits, a folder by class. InputError where scikit-learn is missing."""
    try:
        from model.pictures import write_class_folders

        write_class_folders(folder)
    except ImportError as error:
        raise InputError(
            f"The digits come with scikit-learn, which is not installed here ({error.name} is missing). "
            "pip install scikit-learn pillow onnxruntime, or train on a folder."
        ) from error


def digests_of(dataset: LocalDataset, on_bytes: Callable[[int], None] = lambda n: None) -> list[bytes]:
    """A digest of each file's content, in order. `on_bytes` hears of each file that has been read."""

    def digest(file: LocalFile) -> bytes:
        inner = hashlib.sha256()
        try:
            with file.path.open("rb") as content:
                while chunk := content.read(1 << 20):
                    inner.update(chunk)
        except OSError as error:
            raise InputError(f"{file.path}: cannot be read ({error.strerror}).") from error
        on_bytes(file.size)
        return inner.digest()

    with ThreadPoolExecutor(HASHING_THREADS) as pool:
        return list(pool.map(digest, dataset.files))


def upload_prefix(dataset: LocalDataset, digests: Sequence[bytes]) -> str:
    """Where a dataset's files go: under a hash of all names and contents, so that the same data is uploaded
    once, under whatever name, and an upload that broke off goes on.
    """
    whole = hashlib.sha256()
    for file, found in zip(dataset.files, digests, strict=True):
        whole.update(file.name.encode("utf-8", "surrogateescape") + b"\0" + found)
    return f"{PREFIX}{whole.hexdigest()[:24]}/"


def _walk(root: Path, empty: list[str]) -> Iterator[LocalFile]:
    def refuse(error: OSError) -> None:
        raise InputError(f"{error.filename}: cannot be read ({error.strerror}).")

    seen: set[tuple[int, int]] = set()
    for parent, folders, names in os.walk(root, onerror=refuse, followlinks=True):
        here = os.stat(parent)
        if (here.st_dev, here.st_ino) in seen:
            folders[:] = []  # a link that leads back
            continue
        seen.add((here.st_dev, here.st_ino))
        folders[:] = [name for name in folders if not _junk(name)]
        names = [name for name in names if not _junk(name)]
        if not names and not folders:
            empty.append(os.path.relpath(parent, root))
        for name in names:
            path = Path(parent, name)
            try:
                size = path.stat().st_size
            except OSError as error:
                raise InputError(f"{path}: cannot be read ({error.strerror}).") from error
            relative = path.relative_to(root).as_posix()
            yield LocalFile(os.fsencode(relative).decode("utf-8", "replace"), path, size)


def _is_list(path: Path) -> bool:
    """By its name: a list of labels, an IDX file or Parquet."""
    return path.suffix.lower() in LISTS or ("-idx" in path.name.lower() and not is_picture_name(path.name))


def _junk(name: str) -> bool:
    return name.startswith(".") or name.lower() in JUNK
