"""Bring a dataset and a backbone to the training bucket: opened, looked at, sent if not there yet."""

import functools
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click

from loupe.aws import Cloud
from loupe.console import progress, step
from loupe.errors import InputError
from loupe.pictures import S3Location
from loupe.stack import Stack
from loupe.training import datasets
from loupe.training.display import byte_bar
from loupe.training.preview import preview, print_preview
from loupe.training.start import Start
from loupe.training.upload import upload_dataset
from model.dataset.archives import unpack, unpacked
from model.errors import ArchiveError


def data_in_s3(
    cloud: Cloud,
    stack: Stack,
    source: S3Location | Path | None,
    preparation: dict[str, str | bool],
    ask: bool,
) -> S3Location:
    """Where the data is, once it has been looked at and is there."""
    if isinstance(source, S3Location):
        return source
    if source is None:
        with tempfile.TemporaryDirectory() as folder:
            datasets.write_digits(Path(folder))
            return _upload(cloud, stack, Path(folder))
    labels, ignore = preparation.get("labels"), preparation.get("ignore-unlabelled") is True
    with _opened(source) as folder:
        look = functools.partial(
            _look, folder, labels=str(labels) if labels else None, ignore_unlabelled=ignore, ask=ask
        )
        return _upload(cloud, stack, folder, look)


@contextmanager
def _opened(source: Path) -> Iterator[Path]:
    """The folder; an archive's, unpacked for as long as it is needed."""
    with ExitStack() as stack:
        try:
            if source.is_dir():
                folder = stack.enter_context(unpacked(source))
            else:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="loupe-data-")))
                unpack(source, folder)
        except ArchiveError as error:
            raise InputError(f"{error}.") from error
        yield folder


def _look(
    folder: Path, dataset: datasets.LocalDataset, digests: Sequence[bytes], ask: bool, **options: Any
) -> None:
    """Say what is in the data; where something is off and a person is there, ask."""
    found = preview(folder, dataset, digests, **options)
    print_preview(progress(), found)
    if found.doubts and ask and sys.stdin.isatty():
        click.confirm("    Train on it all the same?", default=True, abort=True, err=True)


def backbone_in_s3(cloud: Cloud, stack: Stack, start: Start) -> str | None:
    """The weights' prefix, once they are there; None for none."""
    if isinstance(start.source, Path):
        return str(_upload(cloud, stack, start.source))
    return str(start.source) if start.source else None


def _upload(
    cloud: Cloud,
    stack: Stack,
    folder: Path,
    look: Callable[[datasets.LocalDataset, Sequence[bytes]], None] = lambda dataset, digests: None,
) -> S3Location:
    dataset = datasets.scan(folder)
    bucket = stack.output("TrainingBucketName")
    with byte_bar(progress(), "Reading", dataset.size) as advance:
        digests = datasets.digests_of(dataset, advance)
    look(dataset, digests)
    prefix = datasets.upload_prefix(dataset, digests)
    with byte_bar(progress(), "Uploading", dataset.size) as advance:
        sent = upload_dataset(cloud, dataset, bucket, prefix, lambda file: advance(file.size))
    location = S3Location(bucket, prefix)
    there = f"{sent:,} of {len(dataset.files):,} files uploaded" if sent else "The data is uploaded already"
    step(there, str(location))
    return location
