"""Loads a handler as Lambda does, and stands in for what is around it."""

import importlib.util
import io
import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

ROOT = Path(__file__).parents[3]
EVENTS = ROOT / "events"

_numbers = itertools.count()


@dataclass(frozen=True)
class LambdaContext:
    """What Lambda hands to a handler beside the event."""

    function_name: str = "loupe-function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:loupe-function"
    aws_request_id: str = "3f2a7c1e-0000-4000-8000-000000000000"


def handler_folders() -> dict[str, Path]:
    """Every function's folder by its name: the core's in functions/, another stack's in STACK/functions/."""
    found = [*ROOT.glob("functions/*/app.py"), *ROOT.glob("*/functions/*/app.py"), ROOT / "site/api/app.py"]
    return {path.parent.name: path.parent for path in found}


def load_handler(function: str) -> Any:
    """`functions/<function>/app.py` of the core or another stack, loaded anew: each is called app and reads
    its environment.
    """
    path = handler_folders()[function] / "app.py"
    spec = importlib.util.spec_from_file_location(f"{function}_{next(_numbers)}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def golden_event(function: str, case: str) -> dict[str, Any]:
    """`events/<function>/<case>.json`."""
    event: dict[str, Any] = json.loads((EVENTS / function / f"{case}.json").read_text())
    return event


@dataclass
class FakeS3:
    """S3's GetObject and PutObject over a dictionary: (bucket, key) to versions, the newest last."""

    buckets: dict[str, dict[str, list[tuple[str | None, bytes]]]] = field(default_factory=dict)
    written: list[dict[str, Any]] = field(default_factory=list)
    versioned: bool = True

    def add(self, bucket: str, key: str, content: bytes, version: str | None = "v1") -> None:
        self.buckets.setdefault(bucket, {}).setdefault(key, []).append((version, content))

    def get_object(self, **request: Any) -> dict[str, Any]:
        objects = self.buckets.get(request["Bucket"])
        if objects is None:
            raise client_error("NoSuchBucket", 404, "GetObject")
        versions = objects.get(request["Key"])
        if versions is None:
            raise client_error("NoSuchKey", 404, "GetObject")
        wanted = request.get("VersionId", versions[-1][0])
        for version, content in versions:
            if version == wanted:
                answer = {"Body": io.BytesIO(content), "ContentLength": len(content)}
                return answer if version is None else {**answer, "VersionId": version}
        raise client_error("NoSuchVersion", 404, "GetObject")

    def head_object(self, **request: Any) -> dict[str, Any]:
        newest = self._newest(request)
        if newest is None:
            raise client_error("404", 404, "HeadObject")
        return {"ETag": str(self.written.index(newest)), "Metadata": newest.get("Metadata", {})}

    def _newest(self, request: dict[str, Any]) -> dict[str, Any] | None:
        same = [each for each in self.written if each["Key"] == request["Key"]]
        return same[-1] if same else None

    def put_object(self, **request: Any) -> dict[str, Any]:
        newest = self._newest(request)
        etag = None if newest is None else str(self.written.index(newest))
        if request.get("IfMatch", etag) != etag or (etag and request.get("IfNoneMatch") == "*"):
            raise client_error("PreconditionFailed", 412, "PutObject")
        self.written.append(request)
        return {"VersionId": f"w{len(self.written)}"} if self.versioned else {}


def client_error(code: str, status: int, operation: str, **details: Any) -> ClientError:
    """An error as botocore makes it of an answer."""
    response: Any = {
        "Error": {"Code": code, "Message": details.pop("message", f"{code} it is")},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **details,
    }
    return ClientError(response, operation)
