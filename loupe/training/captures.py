"""Captured inferences: SageMaker's data capture, read as confidences over time.

A line is `{"captureData": {"endpointOutput": {"data": …, "encoding": "JSON|CSV|BASE64", …}}, "eventMetadata":
{"eventId": …, "inferenceTime": …}}`, in files `PREFIX/ENDPOINT/VARIANT/yyyy/mm/dd/hh/NAME.jsonl`:
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from loupe.aws import Cloud
from loupe.aws_errors import translate_errors
from loupe.errors import InputError
from loupe.pictures import S3Location

PARALLEL = 12
HOUR = re.compile(r"/(\d{4}/\d{2}/\d{2}/\d{2})/[^/]+$")
SUFFIXES = (".jsonl", ".json")


@dataclass(frozen=True, order=True)
class Inference:
    """One answer of the endpoint: when, how sure, of what."""

    at: datetime
    confidence: float
    label: str
    variant: str
    event: str

    def to_dict(self, threshold: float) -> dict[str, Any]:
        """For --json; a contract."""
        return {
            "time": self.at.isoformat().replace("+00:00", "Z"),
            "confidence": self.confidence,
            "label": self.label,
            "accepted": self.confidence >= threshold,
            "variant": self.variant,
            "eventId": self.event,
        }


@dataclass
class Captured:
    """Inferences in order of time, how many lines could not be read as one."""

    inferences: list[Inference]
    unreadable: int = 0


def read_capture(
    cloud: Cloud, place: S3Location, since: datetime | None = None, endpoint: str | None = None
) -> Captured:
    """What is captured under a prefix since then; with `endpoint` what SageMaker captured of that one."""
    s3 = cloud.client("s3")
    with translate_errors(cloud.where), ThreadPoolExecutor(PARALLEL) as pool:
        prefix = place.key if place.is_prefix else f"{place.key}/"
        starts = _starts(s3, place.bucket, f"{prefix}{endpoint}/", since) if endpoint else [(prefix, prefix)]
        keys = [key for start in starts for key in _keys(s3, place.bucket, *start, since)]

        def fetch(key: str) -> str:
            body: bytes = s3.get_object(Bucket=place.bucket, Key=key)["Body"].read()
            return body.decode("utf-8", "replace")

        files = zip(keys, pool.map(fetch, keys), strict=True)
        return _collect(files, since)


def read_capture_folder(path: Path, since: datetime | None = None) -> Captured:
    """Capture files that have been downloaded: one, or a folder of them. InputError when there is none."""
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES)
    if not files:
        raise InputError(f"{path} holds no capture files ({' or '.join(SUFFIXES)}).")
    return _collect(((file.as_posix(), file.read_text("utf-8", "replace")) for file in files), since)


def parse_line(line: str, variant: str = "") -> Inference | None:
    """One line of a capture file; None when it tells no confidence (no output captured, or no scores)."""
    try:
        document = json.loads(line)
        output = document["captureData"]["endpointOutput"]
        label, confidence = best_answer(_text(output))
        metadata = document["eventMetadata"]
        at = datetime.fromisoformat(metadata["inferenceTime"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return Inference(at, confidence, label, variant, str(metadata.get("eventId", "")))


def best_answer(text: str) -> tuple[str, float]:
    """The best label and its score in an endpoint's answer: `[0.94, 0.06]`, `{"labels": …, "scores": …}`, a
    batch of one of these, or CSV. ValueError for anything else.
    """
    try:
        answer = json.loads(text)
    except ValueError:
        answer = [float(cell) for cell in text.strip().split(",")]
    if isinstance(answer, dict) and "predictions" in answer:
        answer = answer["predictions"]
    while isinstance(answer, list) and len(answer) == 1 and isinstance(answer[0], list | dict):
        answer = answer[0]
    labels = answer.get("labels") if isinstance(answer, dict) else None
    scores = answer.get("scores") if isinstance(answer, dict) else answer
    if not isinstance(scores, list) or not scores:
        raise ValueError("no scores")
    numbers = [float(score) for score in scores]
    place = max(range(len(numbers)), key=numbers.__getitem__)
    if not 0 <= numbers[place] <= 1.001:
        raise ValueError("no probabilities")
    label = labels[place] if isinstance(labels, list) and len(labels) == len(numbers) else place
    return str(label), min(numbers[place], 1.0)


def _text(output: dict[str, Any]) -> str:
    data = output["data"]
    if output.get("encoding") == "BASE64":
        return base64.b64decode(data).decode("utf-8", "replace")
    return data if isinstance(data, str) else json.dumps(data)


def _starts(s3: Any, bucket: str, prefix: str, since: datetime | None) -> list[tuple[str, str]]:
    """Each variant's prefix and where in it to begin: its keys sort by time."""
    hour = f"{since.astimezone(UTC):%Y/%m/%d/%H}" if since else ""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    found = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", [])]
    return [(variant, variant + hour) for variant in found]


def _keys(s3: Any, bucket: str, prefix: str, start: str, since: datetime | None) -> Iterator[str]:
    """The capture files' keys."""
    hour = f"{since.astimezone(UTC):%Y/%m/%d/%H}" if since else ""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, StartAfter=start)
    for each in (each for page in pages for each in page.get("Contents", [])):
        found = HOUR.search(each["Key"])
        if each["Key"].endswith(SUFFIXES) and not (found and found[1] < hour):
            yield each["Key"]


def _collect(files: Iterable[tuple[str, str]], since: datetime | None) -> Captured:
    captured = Captured([])
    for name, text in files:
        found = HOUR.search(name)
        variant = name[: found.start()].rpartition("/")[2] if found else ""
        for line in text.splitlines():
            if not line.strip():
                continue
            inference = parse_line(line, variant)
            if inference is None:
                captured.unreadable += 1
            elif since is None or inference.at >= since:
                captured.inferences.append(inference)
    captured.inferences.sort()
    return captured
