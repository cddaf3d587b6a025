"""The services around classify_image, faked: functions, moto's DynamoDB, a list of messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.exceptions import ClientError

from tests.workflow.definitions import EXPRESS, load
from tests.workflow.interpreter import Ending, Execution, ServiceError

PREDICTIONS = [{"label": "7", "score": 0.97}, {"label": "1", "score": 0.02}, {"label": "9", "score": 0.01}]
ARN = "arn:aws:states:us-east-1:123456789012:execution:loupe-classify-image:"
BY_HAND = {"image_data": "", "s3_bucket": "uploads", "s3_key": "uploads/seven.png"}


def event(key: str = "uploads/seven.png", version: str = "v1", sequencer: str = "0A") -> Any:
    """S3's "Object Created" of a picture's version."""
    s3_object = {"key": key, "version-id": version, "sequencer": sequencer, "size": 10}
    detail = {"bucket": {"name": "uploads"}, "object": s3_object}
    return {"source": "aws.s3", "time": "2026-11-21T11:00:00Z", "detail": detail}


def email(message: dict[str, Any]) -> str:
    """What people read of a notification."""
    return str(json.loads(message["Message"])["email"])


EXPRESS_ARN = "arn:aws:states:us-east-1:123456789012:express:loupe-classify-image-express:"
# States that do the same in other surroundings: faults and counts go by the first's name.
SAME = {"Classify Image Data Alone": "Classify Image Data", "Notify Success And Note": "Notify Success"}


class KilledError(BaseException):
    """The execution is no more: no Catch sees it."""


def raised(name: str, message: str) -> ServiceError:
    """A function's exception as Step Functions reports it."""
    return ServiceError(name, json.dumps({"errorMessage": message, "errorType": name, "stackTrace": ["…"]}))


@dataclass
class World:
    """Services for the state machines; `faults` maps a state's name to the error that its Task meets, and an
    execution dies in the state that `dies_in` names.
    """

    faults: dict[str, ServiceError] = field(default_factory=dict)
    faces: list[dict[str, Any]] = field(default_factory=list)
    predictions: list[dict[str, Any]] = field(default_factory=lambda: PREDICTIONS)
    version: str = "v1"
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    detect_faces: str = "false"
    calls: list[str] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    endings: dict[str, Ending] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    lost_answers: int = 0
    express: bool = False
    dies_in: str = ""
    owing: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._table = boto3.client("dynamodb", region_name="us-east-1")
        self._table.create_table(
            TableName="ImagesTable",
            KeySchema=[{"AttributeName": "imageId", "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("imageId", "owing", "owingSince")
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "owing-owingSince-index",
                    "KeySchema": [
                        {"AttributeName": "owing", "KeyType": "HASH"},
                        {"AttributeName": "owingSince", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            BillingMode="PAY_PER_REQUEST",
        )

    @property
    def substitutions(self) -> dict[str, str]:
        return EXPRESS if self.express else {}

    def classify(self, execution_input: Any, name: str = "one", now: datetime | None = None) -> Ending:
        """Runs classify_image to its end."""
        arn = (EXPRESS_ARN if self.express else ARN) + name
        self.inputs[arn] = execution_input
        definition = load("classify_image", DetectFaces=self.detect_faces, **self.substitutions)
        try:
            ending = Execution(definition, self._serve, arn, now).run(execution_input)
        except KilledError:
            ending = Ending("TIMED_OUT")
        self.endings[arn] = ending
        return ending

    def settle_owing(self, owing: Any) -> Ending:
        """Runs settle_image for what an Express execution or a sweep says is owing."""
        return Execution(load("settle_image", **self.substitutions), self._serve, ARN + "settling").run(owing)

    def sweep(self, minutes: float = 10) -> Ending:
        """Runs sweep_images some minutes after the interpreter's midday; what it starts is in `owing`."""
        now = datetime(2026, 11, 21, 12, tzinfo=UTC) + timedelta(minutes=minutes)
        return Execution(load("sweep_images"), self._serve, EXPRESS_ARN + "sweep", now).run({})

    def settle(self, name: str = "one", status: str = "FAILED") -> Ending:
        """Runs settle_image for how the execution `name` ended."""
        detail = {"executionArn": ARN + name, "status": status}
        machine = ARN.removesuffix(":").replace(":execution:", ":stateMachine:")
        definition = load("settle_image", ClassifyImageStateMachine=machine, **self.substitutions)
        return Execution(definition, self._serve, ARN + "settling").run({"detail": detail})

    def records(self) -> list[dict[str, Any]]:
        return list(self._table.scan(TableName="ImagesTable")["Items"])

    def remove_records(self) -> None:
        for record in self.records():
            self._table.delete_item(TableName="ImagesTable", Key={"imageId": record["imageId"]})

    def put_record(self, record: dict[str, Any]) -> None:
        self._table.put_item(TableName="ImagesTable", Item=record)

    def _serve(self, state: str, arguments: Any) -> Any:
        state = SAME.get(state, state)
        self.calls.append(state)
        if state == self.dies_in:
            raise KilledError
        if state in self.before:
            self.before.pop(state)()
        if state in self.faults:
            raise self.faults[state]
        if "TableName" in arguments:
            return self._dynamodb(state, arguments)
        if "TopicArn" in arguments:
            self.messages.append(arguments)
            return {"MessageId": "m"}
        answers = {
            "Look Up Version": lambda: {"VersionId": self.version, "LastModified": "2026-11-21T11:00:00Z"},
            "Serialize Image Data": lambda: self._serialized(arguments),
            "Classify Image Data": self._classified,
            "Filter Inference Data": lambda: self._filtered(arguments),
            "Annotate Image": lambda: self._annotated(arguments),
            "Annotate Refused": lambda: self._annotated(arguments),
            "Detect Faces": lambda: {"FaceDetails": self.faces},
            "Remove Upload": lambda: self._removed(arguments),
            "Remove Annotated Image": lambda: self._removed(arguments),
            "Remove Copy For Faces": lambda: self._removed(arguments),
            "Check Claimant": lambda: self._described(arguments),
            "Describe Ending": lambda: self._described(arguments),
            "Check Finish": lambda: self._described(arguments),
            "Read Ending": lambda: self._history(arguments),
            "Read Finish": lambda: self._history(arguments),
            "Finish": lambda: self._start(arguments),
            "Finish At Once": lambda: self._start_sync(arguments),
            "Leave Owing": lambda: self._leave_owing(arguments),
            "Settle": lambda: self._leave_owing(arguments),
        }
        answer: Callable[[], Any] = answers[state]
        return answer()

    def _dynamodb(self, state: str, arguments: Any) -> Any:
        if "IndexName" in arguments:
            return self._table.query(**arguments)
        if "UpdateExpression" not in arguments:
            return self._table.get_item(**arguments)
        try:
            return self._table.update_item(**arguments)
        except ClientError as error:
            raise ServiceError(f"DynamoDB.{error.response['Error']['Code']}", str(error)) from error

    def _serialized(self, arguments: Any) -> Any:
        payload = arguments["Payload"]
        if not payload["s3_bucket"] or not payload["s3_key"]:
            raise raised("InvalidInputError", "s3_bucket and s3_key must be given")
        body = {
            "image_data": "aGk=",
            "s3_bucket": payload["s3_bucket"],
            "s3_key": payload["s3_key"],
            "inferences": [],
        }
        faces = {"bucket": payload["s3_bucket"], "key": payload["s3_key"], "versionId": None}
        image = {"width": 8, "height": 8, "versionId": payload.get("s3_version_id"), "faces": faces}
        return {"Payload": {"statusCode": 200, "body": body, "image": image}}

    def _classified(self) -> Any:
        inferences = {
            "labels": [prediction["label"] for prediction in self.predictions],
            "scores": [prediction["score"] for prediction in self.predictions],
        }
        return {"Payload": {"body": {"inferences": inferences}, "predictions": self.predictions}}

    def _filtered(self, arguments: Any) -> Any:
        payload, best = arguments["Payload"], self.predictions[0]
        if best["score"] < payload["threshold"]:
            raise raised("ThresholdConfidenceNotMetError", f"THRESHOLD_CONFIDENCE_NOT_MET: {best['score']}")
        return {
            "Payload": {
                "label": best["label"],
                "confidence": best["score"],
                "threshold": payload["threshold"],
            }
        }

    @staticmethod
    def _annotated(arguments: Any) -> Any:
        assert arguments["Payload"]["claimed_at"]
        return {"Payload": {"processedKey": arguments["Payload"]["s3_key"]}}

    def _described(self, arguments: Any) -> Any:
        arn = arguments["ExecutionArn"]
        if ":express:" in arn:
            raise ServiceError("Sfn.InvalidArnException", "Invalid Arn")
        if arn in self.running:
            return {"Status": "RUNNING"}
        ending = self.endings.get(arn)
        if ending is None:
            return {"Status": "ABORTED", "Input": json.dumps(self.inputs.get(arn))}
        about = {"Status": ending.status, "Input": json.dumps(self.inputs[arn])}
        return {**about, "Error": ending.error, "Cause": ending.cause} if ending.status == "FAILED" else about

    def _removed(self, arguments: Any) -> Any:
        self.deleted.append(":".join(arguments.get(name, "") for name in ("Bucket", "Key", "VersionId")))
        return {}

    def _history(self, arguments: Any) -> Any:
        entered = reversed(self.endings[arguments["ExecutionArn"]].entered)
        events: list[Any] = [{"Type": "ExecutionFailed"}]
        for name in entered:
            events += [{"Type": "StateEntered", "StateEnteredEventDetails": {"Name": name}}]
            events += [{"Type": "StateExited"}]
        return {"Events": events[: arguments["MaxResults"]]}

    def _start(self, arguments: Any) -> Any:
        if ARN + arguments["Name"] in self.endings:
            raise ServiceError("Sfn.ExecutionAlreadyExistsException", arguments["Name"])
        self.classify(json.loads(arguments["Input"]), arguments["Name"])
        if self.lost_answers:
            self.lost_answers -= 1
            raise ServiceError("States.Timeout", "")
        return {"ExecutionArn": ARN + arguments["Name"]}

    def _start_sync(self, arguments: Any) -> Any:
        ending = self.classify(json.loads(arguments["Input"]), arguments["Name"])
        about = {"Status": ending.status}
        return {**about, "Error": ending.error, "Cause": ending.cause} if ending.status == "FAILED" else about

    def _leave_owing(self, arguments: Any) -> Any:
        if any(name == arguments["Name"] for name, _ in self.owing):
            raise ServiceError("Sfn.ExecutionAlreadyExistsException", "Execution Already Exists")
        self.owing.append((arguments["Name"], json.loads(arguments["Input"])))
        return {"ExecutionArn": "arn"}
