"""Where a state can meet a fault, and how the fault is put on for the pictures of one row alone."""

from __future__ import annotations

import hashlib
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
from loupe.results import image_id
from tests.integration.workflow.conftest import Workflow

ERROR, THROTTLE, DENIED, TIMEOUT, KILL, SILENCE = "error", "throttle", "denied", "timeout", "kill", "silence"
SERVICE_KINDS = (ERROR, THROTTLE, DENIED, TIMEOUT)
# A function also outlives its own timeout (timeout), dies (kill), and Lambda itself may not answer (silence).
FUNCTION_KINDS = (ERROR, THROTTLE, DENIED, TIMEOUT, KILL, SILENCE)
UNSURE = "digit-9-unsure.png"


@dataclass(frozen=True)
class Place:
    """A state's call: what its requests contain beside what marks the picture, and the scenario that leads
    there.
    """

    state: str
    service: str
    containing: str
    scenario: str = "upload"
    picture: str = "digit-3.png"
    marked_by: str = "key"

    @property
    def function(self) -> str | None:
        return self.containing if self.service == "lambda" else None

    @property
    def kinds(self) -> tuple[str, ...]:
        return FUNCTION_KINDS if self.function else SERVICE_KINDS


PLACES = [
    Place("Claim Image", "dynamodb", ":dead"),
    Place("Serialize Image Data", "lambda", "serialize-image-data"),
    Place("Classify Image Data", "lambda", "classify-image-data"),
    Place("Detect Faces", "rekognition", "DetectFaces"),
    Place("Filter Inference Data", "lambda", "filter-inference-data"),
    Place("Annotate Image", "lambda", "annotate-image"),
    Place("Annotate Refused", "lambda", "annotate-image", picture=UNSURE),
    Place("Record Result", "dynamodb", ":autoTitle"),
    Place("Notify Success", "sns", "+shows+"),
    Place("Record Failure", "dynamodb", ":retakeable", picture=UNSURE),
    Place("Notify Failure", "sns", "refused", picture=UNSURE),
    Place("Look Up Version", "s3", "HEAD ", "by hand"),
    Place("Read Claim", "dynamodb", "GetItem", "twice", marked_by="imageId"),
    Place("Check Claimant, Describe Ending", "states", "DescribeExecution", "aborted, twice"),
    Place("Read Successor, Read Record", "dynamodb", "GetItem", "superseded", marked_by="imageId"),
    Place("Remove Upload", "s3", "DELETE /{uploads}/", "deleted"),
    Place("Remove Annotated Image", "s3", "DELETE /{processed}/uploads/", "deleted"),
    Place("Remove Copy For Faces", "s3", "DELETE /{processed}/faces/", "deleted", marked_by="imageId"),
    Place("Read Ending", "states", "GetExecutionHistory", "aborted"),
    Place("Finish", "states", "StartExecution", "aborted"),
    Place("Check Finish", "states", "DescribeExecution", "aborted", marked_by="finisher"),
    Place("Read Finish", "states", "GetExecutionHistory", "aborted, untold", marked_by="finisher"),
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
        words = place.containing.replace("{uploads}", outputs["UploadsBucketName"])
        words = words.replace("{processed}", outputs["ProcessedBucketName"])
        marks = {"key": [marker], "imageId": self._image_ids(keys), "finisher": self._finishers(marker, keys)}
        fault = {"service": place.service, "kind": TIMEOUT if kind == SILENCE else kind}
        faults = [{**fault, "containing": [words, mark]} for mark in marks[place.marked_by]]
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
        return [image_id(self._workflow.bucket, key) for key in keys]

    def _finishers(self, marker: str, keys: list[str]) -> list[str]:
        """The names that settle_image gives to the executions that finish those of `execution_arn`."""
        arns = [execution_arn(self._workflow, marker, number) for number in range(len(keys))]
        return [f":settle-{hashlib.sha256(arn.encode()).hexdigest()[:32]}-" for arn in arns]

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
