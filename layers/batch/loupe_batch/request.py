"""What a run is asked for: the input of classify_batch. `parse` raises InvalidInputError."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loupe_batch.names import require_run_name
from loupe_core.contract import parse_threshold
from loupe_core.errors import InvalidInputError

TEMPORARY, LIVE, CONTAINER = "temporary", "live", "container"
PREFIX, CSV, JSONL, INVENTORY, RECORDS = "prefix", "csv", "jsonl", "inventory", "records"
MAX_INSTANCES = 100
MAX_CONCURRENCY = 1000
MAX_REVIEWED = 10_000
INSTANCE_TYPE = re.compile(r"ml\.[a-z0-9-]+\.[a-z0-9]+")
ENDINGS = {"manifest.json": INVENTORY, ".csv": CSV, ".csv.gz": CSV, ".jsonl": JSONL, ".jsonl.gz": JSONL}
FIELDS = (
    *("source", "records", "on", "instances", "instanceType", "concurrency", "threshold", "tolerate"),
    *("maxPictures", "sample", "resume", "record", "annotate", "faces", "review", "notify"),
)


@dataclass(frozen=True)
class Source:
    """Where the pictures are named: a prefix, a list, an inventory's manifest, or the Images table."""

    kind: str
    bucket: str = ""
    key: str = ""

    @classmethod
    def parse(cls, address: str) -> "Source":
        """`s3://bucket/prefix/`, or the address of a list or manifest, which its ending tells."""
        match = re.fullmatch(r"s3://([^/]+)/?(.*)", address, re.DOTALL)
        if not match:
            raise InvalidInputError(
                f"The source is {address!r}; it must be an address as s3://bucket/prefix/."
            )
        bucket, key = match.groups()
        kind = next((kind for ending, kind in ENDINGS.items() if key.endswith(ending)), PREFIX)
        return cls(kind, bucket, key)

    def as_json(self) -> dict[str, str]:
        return {"kind": self.kind, "bucket": self.bucket, "key": self.key}


@dataclass(frozen=True)
class BatchRequest:
    """A run as it was asked for; None where the stack's settings decide. `tolerate` is in percent."""

    source: Source
    on: str
    instances: int
    instance_type: str | None
    concurrency: int | None
    threshold: float | None
    tolerate: float
    max_pictures: int | None
    sample: int | None
    resume: str | None
    record: bool
    annotate: bool
    faces: bool
    review: int | None
    notify: bool

    @classmethod
    def parse(cls, given: object) -> "BatchRequest":
        if not isinstance(given, Mapping):
            raise InvalidInputError("The input must be an object.")
        unknown = sorted(set(map(str, given)) - set(FIELDS))
        if unknown:
            raise InvalidInputError(f"The input has {unknown[0]!r}; known are {', '.join(FIELDS)}.")
        threshold = given.get("threshold")
        return cls(
            source=_source(given),
            on=_choice(given, "on", (TEMPORARY, LIVE, CONTAINER)),
            instances=_whole(given, "instances", MAX_INSTANCES) or 1,
            instance_type=_instance_type(given.get("instanceType")),
            concurrency=_whole(given, "concurrency", MAX_CONCURRENCY),
            threshold=None if threshold is None else parse_threshold(threshold),
            tolerate=_percent(given.get("tolerate", 1)),
            max_pictures=_whole(given, "maxPictures", None),
            sample=_whole(given, "sample", 10_000),
            resume=None if given.get("resume") in (None, "") else require_run_name(str(given["resume"])),
            record=_flag(given, "record", default=False),
            annotate=_flag(given, "annotate", default=False),
            faces=_flag(given, "faces", default=False),
            review=_review(given),
            notify=_flag(given, "notify", default=True),
        )


def _source(given: Mapping[str, Any]) -> Source:
    if _flag(given, "records", default=False):
        if given.get("source"):
            raise InvalidInputError("The input names a source and the records; give one of them.")
        return Source(RECORDS)
    address = given.get("source")
    if not isinstance(address, str) or not address:
        raise InvalidInputError("The input lacks source: s3://bucket/prefix/, a list or a manifest.")
    return Source.parse(address)


def _review(given: Mapping[str, Any]) -> int | None:
    """How many of the least sure a person is to decide about; their records say so."""
    wanted = _whole(given, "review", MAX_REVIEWED)
    if wanted is not None and not _flag(given, "record", default=False):
        raise InvalidInputError("review needs record: what a person decides is written into the records.")
    return wanted


def _choice(given: Mapping[str, Any], name: str, choices: tuple[str, ...]) -> str:
    value = given.get(name, choices[0])
    if value not in choices:
        raise InvalidInputError(f"{name} must be one of {', '.join(choices)}.")
    return str(value)


def _whole(given: Mapping[str, Any], name: str, most: int | None) -> int | None:
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1 or (most and value > most):
        limit = f" from 1 to {most}" if most else " from 1"
        raise InvalidInputError(f"{name} must be a whole number{limit}.")
    return value


def _percent(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise InvalidInputError("tolerate must be a number from 0 to 100, in percent.")
    return float(value)


def _flag(given: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = given.get(name, default)
    if not isinstance(value, bool):
        raise InvalidInputError(f"{name} must be true or false.")
    return value


def _instance_type(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not INSTANCE_TYPE.fullmatch(value):
        raise InvalidInputError("instanceType must be a type such as ml.m5.large.")
    return value
