"""The pictures that a source names, one after another and never all in memory.

Lists are copied to disk first: a broken connection to S3 midway would else repeat or lose pictures.
"""

import csv
import gzip
import io
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote_plus

from loupe_batch.errors import SourceUnreadableError
from loupe_batch.items import Item
from loupe_batch.request import CSV, INVENTORY, JSONL, RECORDS, Source
from loupe_batch.rows import FAILED
from loupe_batch.storage import Storage

# What a column of a list may be called, the first known one counts.
NAMES = {
    "key": ("key", "s3_key", "Key", "path", "uri"),
    "bucket": ("bucket", "s3_bucket", "Bucket"),
    "versionId": ("versionId", "s3_version_id", "VersionId"),
    "status": ("status",),
}


def items_of(
    source: Source, storage: Storage, default_bucket: str, records: Iterable[Item] = ()
) -> Iterator[Item]:
    """Pictures in the source's order. `default_bucket` is for lists that name none, `records` for the table.

    Raises SourceNotFoundError, SourceUnreadableError, AccessDeniedError.
    """
    if source.kind == RECORDS:
        yield from records
    elif source.kind == CSV:
        yield from _rows(_csv(_lines(storage, source.bucket, source.key)), source, default_bucket)
    elif source.kind == JSONL:
        yield from _rows(_jsonl(_lines(storage, source.bucket, source.key), source), source, default_bucket)
    elif source.kind == INVENTORY:
        yield from _inventory(storage, source)
    else:
        for entry in storage.listed(source.bucket, source.key):
            yield Item(
                source.bucket,
                entry["Key"],
                etag=entry["ETag"].strip('"'),
                size=entry["Size"],
                storage_class=entry.get("StorageClass", ""),
            )


def _lines(storage: Storage, bucket: str, key: str) -> Iterator[str]:
    """A text's lines with their ends, a byte order mark left out."""
    with tempfile.TemporaryFile() as copy:
        storage.download(bucket, key, copy)
        plain: Any = gzip.GzipFile(fileobj=copy, mode="rb") if key.endswith(".gz") else copy
        text = io.TextIOWrapper(plain, encoding="utf-8-sig", newline="")
        try:
            # Not `yield from text`, which would close the text where nobody reads on.
            yield from iter(text.readline, "")
        except (UnicodeDecodeError, gzip.BadGzipFile, EOFError) as error:
            raise SourceUnreadableError(f"s3://{bucket}/{key} is not UTF-8 text: {error}.") from error
        finally:
            # Else it would close what is closed already.
            text.detach()


def _csv(lines: Iterator[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """A CSV's rows by its columns' names; without such a header a line is `key` or `bucket,key`."""
    rows = csv.reader(lines)
    header: list[str] | None = None
    for number, row in enumerate(rows, 1):
        if not any(row):
            continue
        if header is None:
            if set(row) & set(NAMES["key"]):
                header = row
                continue
            header = ["key"] if len(row) == 1 else ["bucket", "key"]
        yield number, dict(zip(header, row, strict=False))


def _jsonl(lines: Iterator[str], source: Source) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            raise _unreadable(source, number, f"it is not JSON ({error})") from error
        if isinstance(value, str):
            value = {"key": value}
        if not isinstance(value, dict):
            raise _unreadable(source, number, "it is neither an object nor a key")
        yield number, value


def _rows(
    rows: Iterator[tuple[int, Mapping[str, Any]]], source: Source, default_bucket: str
) -> Iterator[Item]:
    for number, row in rows:
        said = {
            name: next((row[each] for each in known if row.get(each)), "") for name, known in NAMES.items()
        }
        if not all(isinstance(value, str) for value in said.values()):
            raise _unreadable(source, number, "a key, bucket or version is not a string")
        # A run's results.csv as a source means what failed there.
        if said["status"] and said["status"] != FAILED:
            continue
        bucket, key = said["bucket"] or default_bucket, said["key"]
        if key.startswith("s3://"):
            bucket, _, key = key.removeprefix("s3://").partition("/")
        if not key:
            raise _unreadable(source, number, f"it has no column {' or '.join(NAMES['key'])}")
        yield Item(bucket, key, said["versionId"])


def _inventory(storage: Storage, source: Source) -> Iterator[Item]:
    """S3 Inventory's rows: the newest versions, their URL-encoded keys decoded.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
    """
    text = "".join(_lines(storage, source.bucket, source.key))
    try:
        manifest = json.loads(text)
        kind = manifest["fileFormat"]
        columns = [name.strip() for name in manifest["fileSchema"].split(",")]
        files = [file["key"] for file in manifest["files"]]
        home = manifest["destinationBucket"].rpartition(":::")[2]
    except (ValueError, KeyError, TypeError) as error:
        address = f"s3://{source.bucket}/{source.key}"
        raise SourceUnreadableError(f"{address} is not an S3 Inventory's manifest: {error}.") from error
    if kind != "CSV":
        raise SourceUnreadableError(f"The inventory is in {kind}; choose CSV for its format.")
    for file in files:
        for values in csv.reader(_lines(storage, home, file)):
            row = dict(zip(columns, values, strict=False))
            if row.get("IsLatest", "true") == "false" or row.get("IsDeleteMarker") == "true":
                continue
            yield Item(
                row["Bucket"],
                unquote_plus(row["Key"]),
                version_id=row.get("VersionId", ""),
                etag=row.get("ETag", ""),
                size=int(row["Size"]) if row.get("Size") else None,
                storage_class=row.get("StorageClass", ""),
            )


def _unreadable(source: Source, number: int, reason: str) -> SourceUnreadableError:
    return SourceUnreadableError(
        f"Line {number} of s3://{source.bucket}/{source.key} cannot be used: {reason}."
    )
