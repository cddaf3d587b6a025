"""Where a Distributed Map's items come from.

AWS: a listing of S3 objects, or an object that is JSON (an array, or one inside by ItemsPointer), JSON
lines, CSV or an S3 inventory's manifest; read as the machine's role. What can't be read is
States.ItemReaderFailed.
moto: no JSON lines, no manifests, no ItemsPointer, listings of one page.
"""

import csv
import gzip
import io
import itertools
import json
from collections.abc import Iterable, Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.states import credentials, failures, templates

FAILED = "States.ItemReaderFailed"
MOST_ITEMS = 100_000_000
_DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}


class UnreadableItemsError(Exception):
    """The items can't be read; the message is the failure's cause."""


def read(env: Any, reader: dict[str, Any], jsonata: bool) -> list[Any]:
    """The items that an ItemReader names."""
    arguments = templates.evaluate(env, reader.get("Arguments") or reader.get("Parameters") or {}, jsonata)
    config = templates.evaluate(env, reader.get("ReaderConfig") or {}, jsonata)
    most = templates.whole(env, config.get("MaxItems"), jsonata, "MaxItems") or MOST_ITEMS
    run = env.aws_execution_details
    s3 = credentials.of_run(run, "s3")
    try:
        items: Iterable[Any]
        if str(reader.get("Resource", "")).endswith(":listObjectsV2"):
            items = _listed(s3, arguments)
        else:
            items = _parsed(s3, arguments["Bucket"], arguments["Key"], config)
        return list(itertools.islice(items, most))
    except (ClientError, BotoCoreError, UnreadableItemsError, KeyError, ValueError, OSError) as error:
        raise failures.failure(env, FAILED, f"The items could not be read: {error}") from error


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


def _object(s3: Any, bucket: str, key: str) -> bytes:
    body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return gzip.decompress(body) if key.endswith(".gz") else body


def _parsed(s3: Any, bucket: str, key: str, config: dict[str, Any]) -> Iterable[Any]:
    kind = config.get("InputType", "JSON")
    text = _object(s3, bucket, key).decode("utf-8-sig")
    if kind == "MANIFEST":
        return _inventory(s3, json.loads(text))
    if kind == "CSV":
        return _rows(text, config)
    if kind == "JSONL":
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    if kind != "JSON":
        raise UnreadableItemsError(f"InputType {kind} is not supported")
    return _array(json.loads(text), str(config.get("ItemsPointer", "")))


def _array(document: Any, pointer: str) -> list[Any]:
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        document = document[int(name)] if isinstance(document, list) else document[name]
    if not isinstance(document, list):
        raise UnreadableItemsError("Attempting to map over non-iterable node.")
    return document


def _rows(text: str, config: dict[str, Any]) -> list[dict[str, str]]:
    rows = csv.reader(io.StringIO(text), delimiter=_DELIMITERS.get(config.get("CSVDelimiter", "COMMA"), ","))
    headers = config.get("CSVHeaders") if config.get("CSVHeaderLocation") == "GIVEN" else next(rows, [])
    headers = list(headers or [])
    if len(set(headers)) < len(headers):
        raise UnreadableItemsError("CSV headers cannot contain duplicates.")
    return [dict(itertools.zip_longest(headers, row[: len(headers)], fillvalue="")) for row in rows if row]


def _inventory(s3: Any, manifest: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The rows of an S3 inventory (CSV), named by the manifest's fileSchema."""
    headers = [name.strip() for name in manifest["fileSchema"].split(",")]
    bucket = str(manifest["destinationBucket"]).removeprefix("arn:aws:s3:::")
    for file in manifest["files"]:
        text = _object(s3, bucket, file["key"]).decode()
        yield from _rows(text, {"CSVHeaderLocation": "GIVEN", "CSVHeaders": headers})
