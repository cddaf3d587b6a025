"""classify_batch on the interpreter: its functions are the real ones, S3 is moto's, the rest are fakes.

A picture's content is its answer: `cat 0.97`, or a word for what is wrong with it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3

from loupe_batch.annotating import Annotator
from loupe_batch.classify import Batch, BatchClassifier
from loupe_batch.faces import FacesNotDetectedError
from loupe_batch.finalize import Ended, Finalizer
from loupe_batch.finish import Finish
from loupe_batch.items import Item
from loupe_batch.names import Run
from loupe_batch.plan import plan_batch
from loupe_batch.prepare import Preparation
from loupe_batch.rows import Row
from loupe_batch.sagemaker import Hosted
from loupe_batch.settings import PlanSettings
from loupe_batch.storage import Storage
from loupe_core.contract import Face
from loupe_core.errors import CorruptImageError, EndpointNotFoundError, LoupeError
from loupe_core.inference import Prediction
from loupe_core.s3_images import S3Images
from tests.workflow.definitions import load
from tests.workflow.interpreter import Ending, Execution, ServiceError

ARN = "arn:aws:states:us-east-1:111122223333:execution:loupe-batch-classify-batch:"
NOW = datetime(2026, 11, 21, 12, 5, tzinfo=UTC)
UPLOADS, BATCHES = "my-uploads", "my-batches"
PLENTY_MS = 90_000


@dataclass
class FakeHosting:
    """SageMaker: the live endpoint, and those that the machine makes."""

    model: str = "photos-1"
    statuses: dict[str, str] = field(default_factory=lambda: {"loupe-classifier": "InService"})
    comes_as: str = "InService"
    removed: list[str] = field(default_factory=list)

    def served(self, endpoint: str) -> Hosted:
        if endpoint not in self.statuses:
            raise EndpointNotFoundError(f"There is no endpoint {endpoint}.")
        return Hosted(endpoint, self.statuses[endpoint], self.model, "ml.m5.large")

    def status(self, endpoint: str) -> tuple[str, str] | None:
        return (self.statuses[endpoint], "no capacity") if endpoint in self.statuses else None

    def delete_endpoint(self, endpoint: str) -> None:
        del self.statuses[endpoint]

    def delete_config(self, name: str) -> None:
        self.removed.append(name)


class FakeTopic:
    """SNS, with what was published."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def publish(self, message: dict[str, Any]) -> None:
        self.messages.append(message)


class FakeEndpoint:
    """Answers what the picture says, and counts how often each was asked."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.fault: Callable[[str], LoupeError | None] = lambda content: None

    def infer(self, picture: bytes) -> object:
        content = picture.decode()
        error = self.fault(content)
        if error is not None:
            raise error
        self.asked[content] += 1
        label, score = content.split()[:2]
        return {"labels": [label, "other"], "scores": [float(score), 0.01]}


def decoded(content: bytes) -> bytes:
    if content == b"broken":
        raise CorruptImageError("The JPEG is truncated or broken: it says so.")
    return content


class BatchWorld:
    """A stack with an endpoint, an empty table and two buckets. `kills`: keys at which the function dies."""

    def __init__(self) -> None:
        self.s3 = boto3.client("s3", region_name="us-east-1")
        for bucket in (UPLOADS, BATCHES):
            self.s3.create_bucket(Bucket=bucket)
        self.s3.put_bucket_versioning(Bucket=UPLOADS, VersioningConfiguration={"Status": "Enabled"})
        self.storage = Storage(BATCHES, self.s3)
        self.hosting, self.topic, self.endpoint = FakeHosting(), FakeTopic(), FakeEndpoint()
        self.kills: set[str] = set()
        self.faults: dict[str, ServiceError] = {}
        self.children: list[dict[str, Any]] = []
        self.pictures_a_batch = 3
        self.records: list[Item] = []
        self.remaining_ms = PLENTY_MS
        self.classifier_function = ""
        self.asked_about: list[str] = []

    def put(self, key: str, content: str = "cat 0.97", **more: Any) -> None:
        self.s3.put_object(Bucket=UPLOADS, Key=key, Body=content.encode(), **more)

    def put_pictures(self, number: int, prefix: str = "zoo/") -> None:
        for each in range(number):
            self.put(f"{prefix}{each:03}.jpg", f"cat {0.5 + each / 1000:.3f}")

    def run(self, given: Any = None, name: str = "run-1") -> Ending:
        """An execution from its input to its end."""
        given = {"source": f"s3://{UPLOADS}/zoo/", "threshold": 0.5} if given is None else given
        definition = load("classify_batch", BatchBucket=BATCHES, ClassifierFunction=self.classifier_function)
        return Execution(definition, self.service, ARN + name).run(given)

    def service(self, name: str, arguments: Any) -> Any:
        if name in self.faults:
            raise self.faults[name]
        handle = {
            "Plan Batch": self._plan,
            "Prepare Items": self._prepare,
            "Create Endpoint Config": lambda given: {},
            "Create Endpoint": self._create_endpoint,
            "Describe Endpoint": self._describe_endpoint,
            "Classify Pictures": self._items,
            "Classify Batch": self._classify,
            "Classify Picture": self._classify,
            "Record Lost Picture": self._classify,
            "Classify Pictures Results": self._write_results,
            "Finish Batch": self._finish,
            "Finalize Batch": self._finalize,
        }[name]
        payload = arguments.get("Payload", arguments)
        try:
            answer = handle(payload)
        except LoupeError as error:
            raise ServiceError(type(error).__name__, str(error)) from error
        # What goes through a state machine is JSON.
        answer = json.loads(json.dumps(answer))
        return {"Payload": answer} if "Payload" in arguments else answer

    def _plan(self, event: Any) -> Any:
        settings = PlanSettings(BATCHES, "loupe-classifier", 0.93, "ml.m5.large", 4)
        arn, started, given = event["executionArn"], event["startedAt"], event["input"]
        hosting: Any = self.hosting
        plan = plan_batch(arn, started, given, settings, self.storage, hosting, event["classifierFunction"])
        return {**plan, "picturesABatch": self.pictures_a_batch}

    def _prepare(self, event: Any) -> Any:
        return Preparation(
            event["plan"], self.storage, UPLOADS, lambda model: self.records, lambda: 900_000
        ).prepare()

    def _create_endpoint(self, given: Any) -> Any:
        self.hosting.statuses[given["EndpointName"]] = self.hosting.comes_as
        return {}

    def _describe_endpoint(self, given: Any) -> Any:
        return {
            "EndpointStatus": self.hosting.statuses[given["EndpointName"]],
            "FailureReason": "no capacity",
        }

    def _items(self, given: Any) -> Any:
        text = self.s3.get_object(Bucket=given["Bucket"], Key=given["Key"])["Body"].read().decode()
        return [json.loads(line) for line in text.split("\n") if line]

    def _classify(self, event: Any) -> Any:
        batch = Batch.parse(event)
        if batch.lost is None and {item.key for item in batch.asked} & self.kills:
            raise ServiceError("Runtime.ExitError", "RequestId: 1 Error: Runtime exited with error")
        images = S3Images(self.s3)
        return BatchClassifier(
            batch,
            self.storage,
            images,
            self.endpoint,
            decoded,
            "the-role",
            (),
            2,
            lambda: self.remaining_ms,
            annotate=self._annotator(batch),
            sleep=lambda seconds: None,
        ).run()

    def _annotator(self, batch: Batch) -> Callable[[Row, bytes], Row] | None:
        if not (batch.annotate or batch.faces):
            return None
        return Annotator(
            batch.run,
            self.storage,
            self._faces if batch.faces else None,
            self._drawn if batch.annotate else None,
        ).annotated

    def _faces(self, content: bytes) -> Sequence[Face]:
        """As many as the picture says: `cat 0.97 faces 2`."""
        words = content.decode().split()
        if "throttled" in words:
            raise FacesNotDetectedError("ThrottlingException")
        number = int(words[words.index("faces") + 1]) if "faces" in words else 0
        return [Face(0.1, 0.1, 0.2, 0.2, 99.0)] * number

    def _drawn(self, content: bytes, predictions: Sequence[Prediction], faces: Sequence[Face]) -> bytes:
        if b"truncated" in content:
            raise CorruptImageError("The JPEG ends before its last row.")
        return f"{predictions[0].label}, {len(faces)} faces".encode()

    def _write_results(self, given: Any) -> Any:
        """ResultWriter's files, and what a map run ends with that had more failures than it tolerates."""
        failed = [child for child in given["children"] if child["Status"] == "FAILED"]
        self.children += given["children"]
        files: dict[str, Any] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
        if failed:
            key = f"{given['Prefix']}one/FAILED_0.jsonl"
            body = "\n".join(json.dumps(child) for child in failed)
            self.s3.put_object(Bucket=given["Bucket"], Key=key, Body=body.encode())
            files["FAILED"].append({"Key": key, "Size": len(body)})
        manifest = json.dumps({"DestinationBucket": given["Bucket"], "ResultFiles": files})
        self.s3.put_object(Bucket=given["Bucket"], Key=f"{given['Prefix']}one/manifest.json", Body=manifest)
        if failed:
            raise ServiceError(
                "States.ExceedToleratedFailureThreshold", "The tolerated threshold was exceeded"
            )
        return {"ResultWriterDetails": {"Bucket": given["Bucket"], "Key": "manifest.json"}}

    def _finish(self, event: Any) -> Any:
        def ask(row: Row) -> bool:
            self.asked_about.append(row.item.key)
            return True

        return Finish(event["plan"], event["failure"], self.storage, lambda row: None, NOW, ask).finish()

    def _finalize(self, event: Any) -> Any:
        return dict(self.finalizer().finalize(Ended(**_snake(event))).outcome)

    def finalizer(self) -> Finalizer:
        hosting: Any = self.hosting
        topic: Any = self.topic
        return Finalizer(self.storage, hosting, topic, lambda: NOW.timestamp())

    def rows(self, name: str = "run-1") -> list[dict[str, Any]]:
        """Rows of the run's report, as results.csv has them."""
        return self.table("results.csv", name)

    def table(self, file: str, name: str = "run-1") -> list[dict[str, Any]]:
        import csv
        import io

        return list(csv.DictReader(io.StringIO(self.report(file, name).decode(), newline="")))

    def report(self, file: str, name: str = "run-1") -> bytes:
        key = f"{Run(name).report_prefix}{file}"
        body: bytes = self.s3.get_object(Bucket=BATCHES, Key=key)["Body"].read()
        return body

    def summary(self, name: str = "run-1") -> Any:
        return json.loads(self.report("summary.json", name))


def _snake(event: Any) -> dict[str, Any]:
    names = {"executionArn": "execution_arn", "redriveCount": "redrive_count", "outcome": "outcome"}
    return {names[key]: value for key, value in event.items()}
