"""What the service remembers: one JSON file, replaced as a whole at every change.

Times are seconds since the epoch. Whoever changes a record holds `Store.lock` and calls `save`.
"""

import json
import os
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from local.aws_json import AwsServiceError
from local.sagemaker.settings import sagemaker_arn


@dataclass
class Resource:
    """A model or an endpoint configuration: as it was asked for, it never changes."""

    name: str
    arn: str
    created: float
    request: dict[str, Any]


@dataclass
class Endpoint:
    """An endpoint.

    `deployed` is what serves now: `{"config": the config's request with present weights and counts, "models":
    {name: Resource}}`. It is a copy, since configs and models may be deleted under a living endpoint.
    `generation` counts deployments; `pending` is the configuration that one under way is to.
    """

    name: str
    arn: str
    created: float
    modified: float
    status: str
    config: str
    deployed: dict[str, Any] | None = None
    failure_reason: str | None = None
    generation: int = 0
    pending: str | None = None


@dataclass
class Job:
    """A training or processing job.

    `details` holds the members that Describe shows as they come to be known.
    """

    name: str
    arn: str
    created: float
    modified: float
    status: str
    request: dict[str, Any]
    details: dict[str, Any] = field(default_factory=dict)


class Store:
    """All records, by name."""

    def __init__(self, path: Path) -> None:
        self.lock = threading.RLock()
        self._path = path
        self.models: dict[str, Resource] = {}
        self.configs: dict[str, Resource] = {}
        self.endpoints: dict[str, Endpoint] = {}
        self.training_jobs: dict[str, Job] = {}
        self.processing_jobs: dict[str, Job] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.scalable_targets: dict[str, dict[str, Any]] = {}
        if path.exists():
            self._load(json.loads(path.read_text()))

    def _load(self, document: dict[str, Any]) -> None:
        self.models = {r["name"]: Resource(**r) for r in document["models"]}
        self.configs = {r["name"]: Resource(**r) for r in document["configs"]}
        self.endpoints = {r["name"]: Endpoint(**r) for r in document["endpoints"]}
        self.training_jobs = {r["name"]: Job(**r) for r in document["training_jobs"]}
        self.processing_jobs = {r["name"]: Job(**r) for r in document["processing_jobs"]}
        self.tags = document["tags"]
        self.scalable_targets = document.get("scalable_targets", {})

    def save(self) -> None:
        """Write everything; a reader never sees half a file."""
        with self.lock:
            document = {
                kind: [asdict(record) for record in getattr(self, kind).values()]
                for kind in ("models", "configs", "endpoints", "training_jobs", "processing_jobs")
            } | {"tags": self.tags, "scalable_targets": self.scalable_targets}
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft = self._path.with_suffix(".new")
            draft.write_text(json.dumps(document))
            os.replace(draft, self._path)

    def tag(self, arn: str, tags: list[dict[str, str]]) -> None:
        """Add tags in AWS's form, `[{"Key": …, "Value": …}]`."""
        if tags:
            self.tags.setdefault(arn, {}).update({tag["Key"]: tag["Value"] for tag in tags})


def new_resource(kind: str, name: str, request: dict[str, Any]) -> Resource:
    """A record made now; `kind` is the ARN's."""
    return Resource(name, sagemaker_arn(kind, name), time.time(), request)


def page(items: list[dict[str, Any]], request: dict[str, Any], name: str, member: str) -> dict[str, Any]:
    """One page of a List call: filtered, sorted and cut as the request's usual parameters say.

    `name` is the member that holds an item's name, `member` the one that holds the page.
    """
    kept = [item for item in items if _matches(item, request, name)]
    by = {"Name": name, "Status": next((k for k in (items or [{}])[0] if k.endswith("Status")), name)}
    key = by.get(request.get("SortBy", "CreationTime"), "CreationTime")
    kept.sort(key=lambda item: item[key], reverse=request.get("SortOrder", "Descending") == "Descending")
    token = request.get("NextToken", "0")
    if not token.isdecimal():
        raise AwsServiceError("ValidationException", "Invalid pagination token given in NextToken.")
    start = int(token)
    end = start + request.get("MaxResults", 10)
    return {member: kept[start:end], "NextToken": str(end) if end < len(kept) else None}


def _matches(item: dict[str, Any], request: dict[str, Any], name: str) -> bool:
    status = next((v for k, v in request.items() if k == "StatusEquals"), None)
    modified = item.get("LastModifiedTime", item["CreationTime"])
    return all(
        (
            request.get("NameContains", "").lower() in item[name].lower(),
            status is None or status in item.values(),
            item["CreationTime"] <= request.get("CreationTimeBefore", float("inf")),
            item["CreationTime"] >= request.get("CreationTimeAfter", 0),
            modified <= request.get("LastModifiedTimeBefore", float("inf")),
            modified >= request.get("LastModifiedTimeAfter", 0),
        )
    )
