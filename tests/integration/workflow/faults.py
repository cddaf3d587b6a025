"""Where the workflow can meet a fault, and how the fault is put on for the pictures of one row alone."""

from __future__ import annotations

import io
import json
import threading
import urllib.request
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from local.cloud.credentials import SECRET_HEADER, read_secret
from loupe_core.contract import ImageReference, place_digest
from loupe_core.records import PENDING_INDEX
from tests.integration.workflow.conftest import Workflow

ERROR, THROTTLE, DENIED, TIMEOUT, KILL, SILENCE = "error", "throttle", "denied", "timeout", "kill", "silence"
SERVICE_KINDS = (ERROR, THROTTLE, DENIED, TIMEOUT)
# A function also outlives its own timeout (timeout), dies (kill), and Lambda itself may not answer (silence).
FUNCTION_KINDS = (ERROR, THROTTLE, DENIED, TIMEOUT, KILL, SILENCE)
UNSURE = "digit-9-unsure.png"


@dataclass(frozen=True)
class Place:
    """A call of the workflow: what its requests contain beside what marks the picture, and the scenario that
    leads there. Of a function, the first of `containing` is its name. `by_schedule`: no event comes of it.
    """

    state: str
    service: str
    containing: tuple[str, ...]
    scenario: str = "upload"
    picture: str = "digit-3.png"
    marked_by: str = "key"
    by_schedule: bool = False

    @property
    def function(self) -> str | None:
        return self.containing[0] if self.service == "lambda" else None

    @property
    def kinds(self) -> tuple[str, ...]:
        return FUNCTION_KINDS if self.function else SERVICE_KINDS


def record_call(state: str, *containing: str, **more: Any) -> Place:
    """A call of the Images table, which names the picture by its id."""
    return Place(state, "dynamodb", containing, marked_by="imageId", **more)


# States of the workflow, then what claim_image, record_outcome and finalize_images ask of AWS themselves.
PLACES = [
    Place("Claim Image", "lambda", ("claim-image",)),
    Place("Serialize Image Data", "lambda", ("serialize-image-data",)),
    Place("Detect Faces", "rekognition", ("DetectFaces",)),
    Place("Classify Image Data", "lambda", ("classify-image-data",)),
    Place("Annotate Image", "lambda", ("annotate-image",)),
    Place("Filter Inference Data", "lambda", ("filter-inference-data",)),
    Place("Record Result", "lambda", ("record-outcome",)),
    Place("Notify Success", "sns", ("+shows+",)),
    Place("Record Failure", "lambda", ("record-outcome",), picture=UNSURE),
    Place("Notify Failure", "sns", ("refused",), picture=UNSURE),
    Place("Queue Outcome", "sqs", ("SendMessage",), "unrecorded"),
    record_call("Read the record", "GetItem"),
    record_call("Write the claim", "UpdateItem", "claimedAt"),
    record_call("Write the result", "UpdateItem", '"CLASSIFIED"', "labelledBy"),
    record_call("Write the refusal", "UpdateItem", '"REJECTED"', "predictions", picture=UNSURE),
    record_call(
        "Write a superseded result", "UpdateItem", '"CLASSIFIED"', "labelledBy", scenario="superseded"
    ),
    record_call("Take the pending mark off", "UpdateItem", '"#0": "notifiedAt"', by_schedule=True),
    record_call("Write an aborted execution's outcome", "UpdateItem", "#finalized", scenario="aborted"),
    Place("Look up the version", "s3", ("HEAD ",), "manual"),
    Place("Ask whether the claimant lives", "states", ("DescribeExecution",), "aborted, twice"),
    Place("Ask how the execution ended", "states", ("DescribeExecution",), "aborted"),
    Place("Find what is pending", "dynamodb", ("Query", PENDING_INDEX), "lost", marked_by="nothing"),
    Place("Notify of an aborted execution", "sns", ("ExecutionAborted",), "aborted"),
    Place("Remove the upload", "s3", ("DELETE /{uploads}/",), "deleted"),
    Place("Remove the annotated picture", "s3", ("DELETE /{processed}/uploads/",), "deleted"),
    Place("Remove the copy for faces", "s3", ("DELETE /{processed}/faces/",), "deleted", marked_by="digest"),
    Place("Remove the copies", "s3", ("DELETE /{processed}/copies/",), "deleted", marked_by="digest"),
    Place("Keep the copies", "s3", ("PUT /{processed}/copies/",), marked_by="digest"),
]


def breaks_function(place: Place, kind: str) -> bool:
    """Whether the fault is in a function itself, not in a service's answer."""
    return place.function is not None and kind in (KILL, TIMEOUT)


class Faults:
    """Faults on the deployed stack. Each meets the pictures of one row only, so that rows can run at once."""

    def __init__(self, workflow: Workflow) -> None:
        self._workflow = workflow
        self._functions: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    @contextmanager
    def on(self, place: Place, kind: str, marker: str, keys: list[str]) -> Iterator[list[dict[str, Any]]]:
        """The fault, for the length of a with block, as what `met` takes."""
        if breaks_function(place, kind):
            name = f"{self._workflow.stack.name}-{place.function}"
            with self._functions[name], self._broken_function(name, kind, marker):
                yield []
            return
        outputs = self._workflow.stack.outputs
        buckets = {"uploads": outputs["UploadsBucketName"], "processed": outputs["ProcessedBucketName"]}
        words = [_filled(each, buckets) for each in place.containing]
        marks = {
            "key": [marker],
            "imageId": self._image_ids(keys),
            "digest": self._digests(keys),
            "nothing": [""],
        }
        fault = {"service": place.service, "kind": TIMEOUT if kind == SILENCE else kind}
        faults = [{**fault, "containing": [*words, mark]} for mark in marks[place.marked_by]]
        with ExitStack() as lifted:
            for each in faults:
                lifted.enter_context(self.put(each))
            yield faults

    @contextmanager
    def put(self, fault: dict[str, Any]) -> Iterator[None]:
        """One fault of the local cloud's API."""
        self._ask("POST", fault)
        try:
            yield
        finally:
            self._ask("DELETE", fault)

    def met(self, faults: list[dict[str, Any]]) -> int:
        """How many requests the faults have met."""
        wanted = {_identity(fault) for fault in faults}
        return sum(fault["met"] for fault in self._ask("GET") if _identity(fault) in wanted)

    def _ask(self, method: str, document: Any = None) -> Any:
        url = f"{self._workflow.stack.gateway_url}/_loupe/faults"
        data = json.dumps(document).encode() if document else None
        headers = {SECRET_HEADER: read_secret(self._workflow.stack.state)}
        asked = urllib.request.Request(url, data=data, method=method, headers=headers)
        with urllib.request.urlopen(asked, timeout=60) as got:
            return json.load(got)

    def _image_ids(self, keys: list[str]) -> list[str]:
        return [self._workflow.image_id(key) for key in keys]

    def _digests(self, keys: list[str]) -> list[str]:
        """What names copies that are for the workflow and the API alone."""
        return [place_digest(ImageReference(self._workflow.bucket, key)) for key in keys]

    @contextmanager
    def _broken_function(self, name: str, kind: str, marker: str) -> Iterator[None]:
        """A function whose worker dies, or that outlives its timeout, over the row's pictures."""
        functions = self._workflow.stack.client("lambda")
        before = functions.get_function(FunctionName=name)
        with urllib.request.urlopen(before["Code"]["Location"], timeout=30) as answer:
            code = answer.read()
        # The workflow calls the alias; for now that is the code that is being changed.
        alias = {"FunctionName": name, "Name": "live"}
        version = functions.get_alias(**alias)["FunctionVersion"]
        functions.update_alias(**alias, FunctionVersion="$LATEST")
        functions.update_function_code(FunctionName=name, ZipFile=_wrapped(code, kind, marker))
        if kind == TIMEOUT:
            functions.update_function_configuration(FunctionName=name, Timeout=5)
        try:
            yield
        finally:
            functions.update_alias(**alias, FunctionVersion=version)
            functions.update_function_code(FunctionName=name, ZipFile=code)
            seconds = before["Configuration"]["Timeout"]
            functions.update_function_configuration(FunctionName=name, Timeout=seconds)


def execution_arn(workflow: Workflow, marker: str, number: int) -> str:
    """Of the execution that a scenario starts itself and names."""
    return f"{workflow.machine.replace(':stateMachine:', ':execution:')}:{marker}-{number}"


def _filled(text: str, buckets: dict[str, str]) -> str:
    for name, value in buckets.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _identity(fault: dict[str, Any]) -> tuple[str, str, tuple[str, ...]]:
    return fault["service"], fault["kind"], tuple(fault["containing"])


def _wrapped(code: bytes, kind: str, marker: str) -> bytes:
    """The function's code with its handler behind one that breaks when it is given a marked picture."""
    deed = "os._exit(1)" if kind == KILL else "time.sleep(60)"
    source = (
        "import json, os, time\n"
        "def handler(event, context):\n"
        f"    if {marker!r} in json.dumps(event):\n        {deed}\n"
        "    import app_itself\n"
        "    return app_itself.handler(event, context)\n"
    )
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(code)) as given, zipfile.ZipFile(target, "w") as made:
        for entry in given.infolist():
            name = "app_itself.py" if entry.filename == "app.py" else entry.filename
            made.writestr(name, given.read(entry))
        made.writestr("app.py", source)
    return target.getvalue()
