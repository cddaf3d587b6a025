"""The services around classify_image: its record-keeping functions as they are, on moto's DynamoDB; the
functions that look at pictures, S3, SNS and the queue as fakes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3

from loupe_core.claiming import claim_image
from loupe_core.contract import ImageReference
from loupe_core.errors import AccessDeniedError, LoupeError
from loupe_core.executions import ExecutionState, failure_of
from loupe_core.finalizing import Finalizer, SomePendingError, execution_of
from loupe_core.items import from_item, to_item
from loupe_core.recording import record_outcome
from loupe_core.records import ImagesTable
from loupe_core.s3_images import StoredVersion
from loupe_core.settings import ClaimSettings, RecordSettings
from tests.workflow.definitions import load
from tests.workflow.interpreter import Ending, Execution, ServiceError

PREDICTIONS = [{"label": "7", "score": 0.97}, {"label": "1", "score": 0.02}, {"label": "9", "score": 0.01}]
ARN = "arn:aws:states:us-east-1:123456789012:execution:loupe-classify-image:"
EXPRESS_ARN = "arn:aws:states:us-east-1:123456789012:express:loupe-classify-image-express:"
MANUAL = {"image_data": "", "s3_bucket": "uploads", "s3_key": "uploads/seven.png"}
MIDDAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
FUNCTIONS = {
    "ClaimImageFunction",
    "SerializeImageDataFunction",
    "ClassifyImageDataFunction",
    "FilterInferenceDataFunction",
    "AnnotateImageFunction",
    "RecordOutcomeFunction",
}


def event(key: str = "uploads/seven.png", version: str = "v1", sequencer: str = "0A", size: int = 10) -> Any:
    """S3's "Object Created" of a picture's version."""
    s3_object = {"key": key, "version-id": version, "sequencer": sequencer, "size": size}
    detail = {"bucket": {"name": "uploads"}, "object": s3_object}
    return {"source": "aws.s3", "id": "e-1", "time": "2026-11-21T11:00:00Z", "detail": detail}


def email(message: dict[str, Any]) -> str:
    """What people read of a notification."""
    return str(json.loads(message["Message"])["email"])


def index(partition: str, order: str) -> Any:
    """A table's index over two attributes, as the templates name it."""
    return {
        "IndexName": f"{partition}-{order}-index",
        "KeySchema": [
            {"AttributeName": partition, "KeyType": "HASH"},
            {"AttributeName": order, "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "ALL"},
    }


@cache
def _dynamodb() -> Any:
    """One client for all: making it takes longer than a whole execution."""
    return boto3.client("dynamodb", region_name="us-east-1")


class KilledError(BaseException):
    """The execution is no more: no Catch sees it."""


def raised(name: str, message: str) -> ServiceError:
    """A function's exception as Step Functions reports it."""
    return ServiceError(name, json.dumps({"errorMessage": message, "errorType": name, "stackTrace": ["…"]}))


@dataclass
class World:
    """Services for the state machine; `faults` maps a state's name to the error that its Task meets, and an
    execution dies in the state that `dies_in` names. `sns_down` and `s3_denied` break the services
    themselves.
    """

    faults: dict[str, ServiceError] = field(default_factory=dict)
    faces: list[dict[str, Any]] = field(default_factory=list)
    predictions: list[dict[str, Any]] = field(default_factory=lambda: PREDICTIONS)
    version: str = "v1"
    size: int = 10
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    detect_faces: bool = False
    review_threshold: float | None = None
    express: bool = False
    dies_in: str = ""
    sns_down: bool = False
    s3_denied: str = ""
    acknowledgements_lost: bool = False
    now: datetime = MIDDAY
    calls: list[str] = field(default_factory=list)
    payloads: dict[str, Any] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    queue: list[str] = field(default_factory=list)
    endings: dict[str, Ending] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    stopped_at: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._client = self.dynamodb()
        self._client.create_table(
            TableName="ImagesTable",
            KeySchema=[{"AttributeName": "imageId", "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"}
                for name in ("imageId", "pending", "leaseUntil", "status", "createdAt")
            ],
            GlobalSecondaryIndexes=[
                index("pending", "leaseUntil"),
                index("status", "createdAt"),
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        self.table = ImagesTable("ImagesTable", self._client)
        self._finalizer = Finalizer(
            self.table, self, self, self, "ProcessedBucket", lambda: self.now, "machine"
        )

    def dynamodb(self) -> Any:
        """The client of all tables."""
        return _dynamodb()

    def arn(self, name: str = "one") -> str:
        return (EXPRESS_ARN if self.express else ARN) + name

    def classify(self, execution_input: Any, name: str = "one") -> Ending:
        """Runs classify_image to its end."""
        arn = self.arn(name)
        self.inputs[arn] = execution_input
        self.running.add(arn)
        definition = load("classify_image")
        try:
            ending = Execution(definition, self._serve, arn, self.now).run(execution_input)
        except KilledError:
            ending = Ending("TIMED_OUT")
            self.stopped_at[arn] = self.now
        self.running.discard(arn)
        self.endings[arn] = ending
        return ending

    def abort(self, name: str = "one") -> None:
        """StopExecution, while its functions' answers are on their way."""
        self.running.discard(self.arn(name))
        self.endings[self.arn(name)] = Ending("ABORTED")
        self.stopped_at[self.arn(name)] = self.now

    def status_event(self, name: str = "one") -> str:
        """Step Functions' event for how an execution ended, as the queue holds it."""
        arn, ending = self.arn(name), self.endings[self.arn(name)]
        detail = {
            "executionArn": arn,
            "status": ending.status,
            "input": json.dumps(self.inputs[arn]),
            "error": ending.error or None,
            "cause": ending.cause or None,
        }
        return json.dumps({"detail-type": "Step Functions Execution Status Change", "detail": detail})

    def finalize(self, message: str) -> None:
        """finalize_images takes a message of the queue."""
        self._finalizer.finish_execution(execution_of(message))

    def finalize_queue(self) -> None:
        while self.queue:
            self.finalize(self.queue[0])
            self.queue.pop(0)

    def sweep(self, minutes: float = 30) -> None:
        """The schedule's run of finalize_images, some minutes later."""
        self.now += timedelta(minutes=minutes)
        self._finalizer.finish_pending()

    def records(self) -> list[dict[str, Any]]:
        items = self._client.scan(TableName="ImagesTable")["Items"]
        return [from_item(item) for item in items]

    def record(self) -> dict[str, Any]:
        (record,) = self.records()
        return record

    @property
    def pending(self) -> bool:
        return any("pending" in record for record in self.records())

    def remove_records(self) -> None:
        for record in self.records():
            self._client.delete_item(TableName="ImagesTable", Key=to_item({"imageId": record["imageId"]}))

    def put_record(self, record: dict[str, Any]) -> None:
        self._client.put_item(TableName="ImagesTable", Item=to_item(record))

    # What the functions use of AWS: S3, SNS, Step Functions.

    def newest(self, image: ImageReference) -> StoredVersion | None:
        if not self.version:
            return None
        return StoredVersion(self.version, self.size, "2026-11-21T11:00:00Z")

    def delete(self, image: ImageReference) -> None:
        place = f"{image.bucket}/{image.key}"
        if self.s3_denied and self.s3_denied in place:
            raise AccessDeniedError("not authorized to perform s3:DeleteObject")
        self.deleted.append(f"{image.bucket}:{image.key}:{image.version_id or ''}")

    def publish(self, message: dict[str, Any]) -> None:
        if self.sns_down:
            raise AccessDeniedError("not authorized to perform SNS:Publish")
        given = message.get("MessageAttributes", {})
        assert all(each["StringValue"] for each in given.values())
        self.messages.append(message)
        attributes = {name: each["StringValue"] for name, each in given.items()}
        if not self.acknowledgements_lost and "claimId" in attributes:
            self._finalizer.acknowledge(attributes["imageId"], attributes["claimId"], attributes["status"])

    def state(self, arn: str) -> ExecutionState:
        if ":express:" in arn:
            return ExecutionState("UNKNOWN")
        if arn in self.running:
            return ExecutionState("RUNNING")
        ending = self.endings.get(arn)
        if ending is None:
            return ExecutionState("UNKNOWN")
        about = {"status": ending.status, "error": ending.error or None, "cause": ending.cause}
        return ExecutionState(ending.status, failure_of(about))

    def stopped(self, machine_arn: str, since: datetime, until: datetime) -> list[dict[str, Any]]:
        """Of a Standard workflow, those that were aborted or timed out."""
        if self.express:
            return []
        return [
            {"executionArn": arn, "status": ending.status, "input": json.dumps(self.inputs[arn])}
            for arn, ending in self.endings.items()
            if arn in self.inputs
            and ending.status in ("ABORTED", "TIMED_OUT")
            and since <= self.stopped_at[arn] <= until
        ]

    def is_over(self, arn: str) -> bool:
        return self.state(arn).status not in ("RUNNING", "UNKNOWN")

    def _enter(self, state: str) -> None:
        """What a test has planned for this task."""
        self.calls.append(state)
        if state == self.dies_in:
            raise KilledError
        if state in self.before:
            self.before.pop(state)()
        if state in self.faults:
            raise self.faults[state]

    def _serve(self, state: str, arguments: Any) -> Any:
        self._enter(state)
        if "TopicArn" in arguments:
            if self.sns_down:
                raise ServiceError("SNS.AuthorizationErrorException", "not authorized")
            self.publish({name: value for name, value in arguments.items() if name != "TopicArn"})
            return {"MessageId": "m"}
        if "QueueUrl" in arguments:
            self.queue.append(json.dumps(arguments["MessageBody"]))
            return {"MessageId": "m"}
        if "Payload" not in arguments:
            return {"FaceDetails": self.faces}
        payload = json.loads(json.dumps(arguments["Payload"]))
        self.payloads[state] = payload
        assert arguments["FunctionName"] in FUNCTIONS or arguments["FunctionName"].endswith("ReviewFunction")
        try:
            return {"Payload": self._function(state, payload)}
        except LoupeError as error:
            raise raised(type(error).__name__, str(error)) from error

    def _function(self, state: str, payload: Any) -> Any:
        if state == "Claim Image":
            claim = ClaimSettings("ImagesTable", "ProcessedBucket", 0.93, self.detect_faces)
            return claim_image(payload, claim, self.table, self, self, self.now)
        if state in ("Record Result", "Record Failure"):
            settings = RecordSettings("ImagesTable", "ProcessedBucket", self.review_threshold)
            return record_outcome(payload, settings, self.table, self, self.now)
        answers = {
            "Serialize Image Data": self._serialized,
            "Classify Image Data": self._classified,
            "Filter Inference Data": self._filtered,
            "Annotate Image": self._annotated,
        }
        return answers[state](payload)

    @staticmethod
    def _serialized(payload: Any) -> Any:
        place = {"s3_bucket": payload["s3_bucket"], "s3_key": payload["s3_key"]}
        faces = {"bucket": payload["s3_bucket"], "key": payload["s3_key"], "versionId": None}
        assert payload["claimed_at"]
        image = {
            "width": 8,
            "height": 8,
            "versionId": payload["s3_version_id"] or None,
            "faces": faces,
            "copies": {"previewKey": "copies/640.webp", "thumbnailKey": "copies/320.webp"},
        }
        body = {"image_data": "aGk=", **place, "inferences": []}
        return {"statusCode": 200, "body": body, "image": image}

    def _classified(self, payload: Any) -> Any:
        inferences = {
            "labels": [prediction["label"] for prediction in self.predictions],
            "scores": [prediction["score"] for prediction in self.predictions],
        }
        return {"body": {**payload["body"], "inferences": inferences}, "predictions": self.predictions}

    def _filtered(self, payload: Any) -> Any:
        best = self.predictions[0]
        if best["score"] < payload["threshold"]:
            raise raised("ThresholdConfidenceNotMetError", f"THRESHOLD_CONFIDENCE_NOT_MET: {best['score']}")
        return {"label": best["label"], "confidence": best["score"], "threshold": payload["threshold"]}

    @staticmethod
    def _annotated(payload: Any) -> Any:
        assert payload["claimed_at"]
        assert isinstance(payload["predictions"], list)
        assert isinstance(payload["faces"], list)
        drawn = {"processedKey": payload["s3_key"], "displayKey": "copies/2048.jpg"}
        return {**drawn, "width": 8, "height": 8}


__all__ = ["ARN", "MANUAL", "KilledError", "SomePendingError", "World", "email", "event", "raised"]
