"""Where a Distributed Map's items come from.

AWS: a listing of S3 objects, or an object that is JSON (an array or object, or one inside by ItemsPointer),
JSON lines, CSV or an S3 inventory's manifest; with LOAD_AND_FLATTEN what the listed objects hold; read as the
machine's role. Keys of an inventory stay URL-encoded. What can't be read is States.ItemReaderFailed.
moto: no JSON lines, no manifests, no ItemsPointer, listings of one page. Parquet is not read here.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

import csv
import gzip
import io
import itertools
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.states import credentials, failures, templates
from local.states.spool import Spool

FAILED = "States.ItemReaderFailed"
MAX_ITEMS = 100_000_000
_DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
_IN_MEMORY_BYTES = 1024 * 1024


class UnreadableItemsError(Exception):
    """The items can't be read; the message is the failure's cause."""


def read(env: Any, reader: dict[str, Any], jsonata: bool) -> Spool:
    """The items that an ItemReader names."""
    arguments = templates.evaluate(env, reader.get("Arguments") or reader.get("Parameters") or {}, jsonata)
    config = templates.evaluate(env, reader.get("ReaderConfig") or {}, jsonata)
    most = templates.whole(env, reader.get("ReaderConfig") or {}, "MaxItems", jsonata, FAILED) or MAX_ITEMS
    s3 = credentials.of_run(env.aws_execution_details, "s3")
    try:
        items: Iterable[Any]
        if str(reader.get("Resource", "")).endswith(":listObjectsV2"):
            items = _listed(s3, arguments)
            if config.get("Transformation") == "LOAD_AND_FLATTEN":
                bucket = arguments["Bucket"]
                items = (
                    item
                    for entry in items
                    if entry["Size"]
                    for item in _parsed(s3, {"Bucket": bucket, "Key": entry["Key"]}, config)
                )
        else:
            items = _parsed(s3, arguments, config)
        return Spool(itertools.islice(items, most))
    except (ClientError, BotoCoreError, UnreadableItemsError, KeyError, ValueError, OSError) as error:
        raise failures.inner_failure(env, FAILED, f"The items could not be read: {error}") from error


def _listed(s3: Any, arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for page in s3.get_paginator("list_objects_v2").paginate(**arguments):
        for entry in page.get("Contents", []):
            yield {
                "Etag": entry["ETag"],
                "Key": entry["Key"],
                "LastModified": int(entry["LastModified"].timestamp()),
                "Size": entry["Size"],
                "StorageClass": entry.get("StorageClass", "STANDARD"),
            }


def _lines(s3: Any, arguments: dict[str, Any]) -> Iterator[str]:
    """An object's text line by line, with their ends; a large one is kept on disk meanwhile."""
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as copy:
        shutil.copyfileobj(s3.get_object(**arguments)["Body"], copy)
        copy.seek(0)
        packed = arguments["Key"].endswith(".gz")
        plain: Any = gzip.GzipFile(fileobj=copy, mode="rb") if packed else copy
        yield from io.TextIOWrapper(plain, encoding="utf-8-sig", newline="")


def _parsed(s3: Any, arguments: dict[str, Any], config: dict[str, Any]) -> Iterable[Any]:
    kind = config.get("InputType", "JSON")
    lines = _lines(s3, arguments)
    if kind == "MANIFEST":
        return _inventory(s3, json.loads("".join(lines)))
    if kind == "CSV":
        return _rows(lines, config)
    if kind == "JSONL":
        return (json.loads(line) for line in lines if line.strip())
    if kind != "JSON":
        raise UnreadableItemsError(f"InputType {kind} is not supported")
    return _array(json.loads("".join(lines)), str(config.get("ItemsPointer", "")))


def _array(document: Any, pointer: str) -> list[Any]:
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        document = document[int(name)] if isinstance(document, list) else document[name]
    if not isinstance(document, list | dict):
        raise UnreadableItemsError("Attempting to map over non-iterable node.")
    return pairs(document)


def pairs(items: list[Any] | dict[str, Any]) -> list[Any]:
    """The items of an array, or an object's members as `{"Key": …, "Value": …}`."""
    if isinstance(items, list):
        return items
    return [{"Key": key, "Value": value} for key, value in items.items()]


def _rows(lines: Iterable[str], config: dict[str, Any]) -> Iterator[dict[str, str]]:
    rows = csv.reader(lines, delimiter=_DELIMITERS.get(config.get("CSVDelimiter", "COMMA"), ","))
    headers = config.get("CSVHeaders") if config.get("CSVHeaderLocation") == "GIVEN" else next(rows, [])
    headers = list(headers or [])
    if len(set(headers)) < len(headers):
        raise UnreadableItemsError("CSV headers cannot contain duplicates.")
    for row in rows:
        if row:
            yield dict(itertools.zip_longest(headers, row[: len(headers)], fillvalue=""))


def _inventory(s3: Any, manifest: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The rows of an S3 inventory, named by the manifest's fileSchema."""
    if manifest.get("fileFormat", "CSV") != "CSV":
        raise UnreadableItemsError(f"An inventory in {manifest['fileFormat']} is not supported")
    headers = [name.strip() for name in manifest["fileSchema"].split(",")]
    bucket = str(manifest["destinationBucket"]).rpartition(":::")[2]
    for file in manifest["files"]:
        lines = _lines(s3, {"Bucket": bucket, "Key": file["key"]})
        yield from _rows(lines, {"CSVHeaderLocation": "GIVEN", "CSVHeaders": headers})
