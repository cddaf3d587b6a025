"""Data capture: requests and answers of an endpoint as JSON lines in S3, in SageMaker's form.

A line is `{"captureData": {"endpointInput": …, "endpointOutput": …}, "eventMetadata": {…}, "eventVersion":
"0"}`; a file holds the lines of about a second (SageMaker: minutes) under
`PREFIX/ENDPOINT/VARIANT/yyyy/mm/dd/hh/MM-SS-mmm-UUID.jsonl`.
"""

import base64
import json
import logging
import random
import threading
import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.sagemaker.artifacts import split_s3_uri
from local.sagemaker.errors import ArtifactError
from local.sagemaker.roles import RoleSessions

_log = logging.getLogger(__name__)
_INTERVAL = 1.0


@dataclass(frozen=True)
class Exchange:
    """One request and its answer."""

    request: bytes
    request_type: str
    response: bytes
    response_type: str
    inference_id: str | None = None
    custom_attributes: str | None = None


@dataclass(frozen=True)
class Destination:
    """Where lines go, and as whom."""

    role_arn: str
    prefix: str
    endpoint: str
    variant: str


class DataCapture:
    """Collects lines and writes them in the background; capturing never delays or breaks an answer."""

    def __init__(self, roles: RoleSessions) -> None:
        self._roles = roles
        self._lock = threading.Lock()
        self._lines: dict[Destination, list[str]] = defaultdict(list)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="data capture", daemon=True)
        self._thread.start()

    def add(self, config: dict[str, Any] | None, destination: Destination, exchange: Exchange) -> None:
        """Keep this exchange if the endpoint captures and the sampling takes it."""
        if not config or not config.get("EnableCapture"):
            return
        if random.random() * 100 >= config["InitialSamplingPercentage"]:
            return
        line = capture_line(config, exchange, datetime.now(UTC))
        with self._lock:
            self._lines[destination].append(line)

    def close(self) -> None:
        """Write what is left."""
        self._closing.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._closing.wait(_INTERVAL):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        with self._lock:
            lines, self._lines = self._lines, defaultdict(list)
        for destination, batch in lines.items():
            try:
                self._write(destination, batch)
            except (ClientError, BotoCoreError, ArtifactError) as error:
                _log.warning(
                    "endpoint %s: %d captures not written: %s", destination.endpoint, len(batch), error
                )

    def _write(self, destination: Destination, batch: list[str]) -> None:
        bucket, prefix = split_s3_uri(destination.prefix)
        key = capture_key(prefix, destination.endpoint, destination.variant, datetime.now(UTC))
        client = self._roles.client("s3", destination.role_arn)
        client.put_object(
            Bucket=bucket, Key=key, Body="".join(batch).encode(), ContentType="application/jsonlines"
        )


def capture_key(prefix: str, endpoint: str, variant: str, now: datetime) -> str:
    """The key of a capture file that is written `now`."""
    parts = [prefix.strip("/"), endpoint, variant, now.strftime("%Y/%m/%d/%H")]
    name = f"{now:%M-%S}-{now.microsecond // 1000:03d}-{uuid.uuid4()}.jsonl"
    return "/".join([*filter(None, parts), name])


def capture_line(config: dict[str, Any], exchange: Exchange, now: datetime) -> str:
    """One exchange as a line.

    Which sides it holds, and which content types stay text, is the config's choice.
    """
    modes = {option["CaptureMode"] for option in config.get("CaptureOptions", [])}
    data = {}
    if modes & {"Input", "InputAndOutput"}:
        data["endpointInput"] = _side(config, exchange.request, exchange.request_type, "INPUT")
    if modes & {"Output", "InputAndOutput"}:
        data["endpointOutput"] = _side(config, exchange.response, exchange.response_type, "OUTPUT")
    metadata: dict[str, Any] = {"eventId": str(uuid.uuid4())}
    if exchange.inference_id:
        metadata["inferenceId"] = exchange.inference_id
    if exchange.custom_attributes:
        metadata["customAttributes"] = [exchange.custom_attributes]
    metadata["inferenceTime"] = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps({"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}) + "\n"


def _side(config: dict[str, Any], body: bytes, content_type: str, mode: str) -> dict[str, str]:
    header = config.get("CaptureContentTypeHeader", {})
    bare = content_type.partition(";")[0].strip()
    if bare in header.get("CsvContentTypes", ()):
        encoding, data = "CSV", body.decode(errors="replace")
    elif bare in header.get("JsonContentTypes", ()):
        encoding, data = "JSON", body.decode(errors="replace")
    else:
        encoding, data = "BASE64", base64.b64encode(body).decode()
    return {"observedContentType": content_type, "mode": mode, "data": data, "encoding": encoding}
