"""The training workflow over fakes: its machines, its functions' real handlers, and jobs that end at once."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from botocore import xform_name
from botocore.exceptions import ClientError

from tests.unit.functions.handlers import LambdaContext, load_handler
from tests.workflow.definitions import load
from tests.workflow.interpreter import Ending, Execution, ServiceError
from tests.workflow.training_aws import NOW, FakeAws

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:loupe-train-model"
ARN = "arn:aws:states:us-east-1:123456789012:execution:loupe-train-model:"
NESTED = tuple(
    f"arn:aws:states:us-east-1:123456789012:stateMachine:{name}" for name in ("import", "build", "release")
)
SUMMARY = {"accuracy": 0.9725, "count": 40, "perClass": {"cat": 1, "dog": 0.95, "ox": 0.5}}
LIVE, STARTER, BUCKET = "loupe-classifier", "digits-starter", "training"
# What most executions are started with.
GIVEN: dict[str, Any] = {"name": "animals", "source": "s3://theirs/animals/"}

ENVIRONMENT = {
    "STACK_NAME": "loupe",
    "TRAINING_BUCKET": BUCKET,
    "ENDPOINT_NAME": LIVE,
    "MINIMUM_ACCURACY": "0.75",
    "HOSTING_INSTANCE_TYPE": "ml.m5.large",
    "HOSTING_INSTANCE_COUNT": "1",
    "SERVERLESS_MEMORY": "2048",
    "SERVERLESS_CONCURRENCY": "5",
    "DATA_CAPTURE_PERCENTAGE": "100",
    "MODELS_BUCKET": "models",
    "NOTIFICATIONS_TOPIC": "topic",
    "STATE_MACHINE": MACHINE,
    "NESTED_MACHINES": ",".join(NESTED),
    "MAXIMUM_TRAINING_SECONDS": "3600",
}
FUNCTIONS = {
    "PlanTrainingFunction": "plan_training",
    "SurveyDatasetFunction": "survey_dataset",
    "CopyObjectsFunction": "copy_objects",
    "CheckCopyFunction": "check_copy",
    "CheckEvaluationFunction": "check_evaluation",
    "DeployModelFunction": "deploy_model",
    "FinalizeTrainingFunction": "finalize_training",
}
MACHINES = {
    "ImportDatasetStateMachine": "import_dataset",
    "BuildModelStateMachine": "build_model",
    "ReleaseModelStateMachine": "release_model",
}


@dataclass(frozen=True)
class Context(LambdaContext):
    """What a handler gets beside its event; `remaining_ms` is what it has left of its time."""

    remaining_ms: int = 900_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


@dataclass
class TrainingWorld:
    """`faults` maps a state to the error that its Task meets, `jobs` one to its description."""

    aws: FakeAws = field(default_factory=FakeAws)
    faults: dict[str, ServiceError] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=lambda: dict(SUMMARY))
    substitutions: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, Any]] = field(default_factory=list)
    entered: list[str] = field(default_factory=list)
    payloads: list[Any] = field(default_factory=list)
    """What every Task was given and gave, for their size."""
    context: Context = field(default_factory=Context)
    now: float = NOW.timestamp()

    def __post_init__(self) -> None:
        self.aws.s3.buckets.setdefault("theirs", animals())
        self.aws.s3.buckets.setdefault(BUCKET, {})
        if LIVE not in self.aws.sagemaker.endpoints:
            self.aws.sagemaker.serve(LIVE, STARTER)

    def train(self, execution_input: Any, name: str = "one") -> Ending:
        """Runs train_model to its end, and has Step Functions know of it."""
        outcome = self._run("train_model", execution_input, ARN + name)
        more = {"error": outcome.error, "cause": outcome.cause} if outcome.status == "FAILED" else {}
        self.aws.states.end(ARN + name, outcome.status, execution_input, **more)
        return outcome

    def stop(self, execution_input: Any, name: str = "one", status: str = "ABORTED") -> None:
        """An execution that was stopped, wherever it was."""
        self.aws.states.end(ARN + name, status, execution_input)

    def status_event(self, name: str = "one") -> Any:
        """EventBridge's event about an execution's end, taken by its function."""
        return self.call("finalize_training", {"detail": {"executionArn": ARN + name}})

    def sweep(self) -> Any:
        """The schedule."""
        return self.call("finalize_training", {"detail-type": "Scheduled Event", "detail": {}})

    def call(self, function: str, event: Any) -> Any:
        """A function's handler, with its environment and clients."""
        with self._environment():
            return load_handler(function).handler(event, self.context)

    def called(self, state: str) -> list[Any]:
        """The arguments that a state's Task was called with."""
        return [arguments for name, arguments in self.calls if name == state]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return self.aws.sns.messages

    def email(self) -> str:
        """The text of the only message."""
        (message,) = self.messages
        return str(json.loads(message["Message"])["email"])

    def record(self, name: str = "one") -> Any:
        """The record of a run."""
        return json.loads(self.aws.s3.buckets[BUCKET][f"runs/{name}/run.json"])

    @contextmanager
    def _environment(self) -> Iterator[None]:
        variables = ENVIRONMENT | self.environment
        with (
            mock.patch.dict(os.environ, variables),
            mock.patch("loupe_training.clients.client", self.aws.client),
            mock.patch("time.time", return_value=self.now),
        ):
            yield

    def _run(self, machine: str, execution_input: Any, arn: str) -> Ending:
        definition = load(machine, **({"TrainingBucket": BUCKET} | self.substitutions))
        outcome = Execution(definition, self._serve, arn).run(execution_input)
        self.entered += outcome.entered
        return outcome

    def _serve(self, state: str, arguments: Any) -> Any:
        self.calls.append((state, arguments))
        if state in self.faults:
            raise self.faults[state]
        result = self._answer(state, arguments)
        self.payloads += [arguments, result]
        return result

    def _answer(self, state: str, arguments: Any) -> Any:
        if "FunctionName" in arguments:
            return {"Payload": self._invoke(arguments["FunctionName"], arguments["Payload"])}
        if "StateMachineArn" in arguments:
            return self._nest(arguments)
        if state == "Copy Dataset":
            return self._listed(arguments)
        if state == "Copy Dataset Results":
            return self._write_results(arguments)
        if "ProcessingJobName" in arguments:
            return self._job("Processing", state, arguments)
        if "TrainingJobName" in arguments:
            return self._job("Training", state, arguments)
        operation = {
            "Create Model": "create_model",
            "Create Endpoint Config": "create_endpoint_config",
            "Create Trial Endpoint": "create_endpoint",
            "Describe Trial": "describe_endpoint",
            "Delete Trial": "delete_endpoint",
        }[state]
        return self._integration(operation, arguments)

    def _integration(self, operation: str, arguments: Any) -> Any:
        assert operation == xform_name(operation)
        try:
            return getattr(self.aws.sagemaker, operation)(**arguments)
        except ClientError as error:
            raise ServiceError("SageMaker.SageMakerException", error.response["Error"]["Message"]) from error

    def _invoke(self, name: str, payload: Any) -> Any:
        if name == "SmokeTestFunction":
            return {"pictures": 20}
        try:
            answer = self.call(FUNCTIONS[name], payload)
        except Exception as error:
            cause = {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": []}
            raise ServiceError(type(error).__name__, json.dumps(cause)) from error
        # As Lambda gives it: what JSON cannot say is an error.
        return json.loads(json.dumps(answer))

    def _nest(self, arguments: Any) -> Any:
        """As startExecution.sync:2 answers: the description, or States.TaskFailed with it."""
        machine = MACHINES[arguments["StateMachineArn"]]
        arn = f"arn:aws:states:us-east-1:123456789012:execution:{machine}:{arguments['Name']}"
        outcome = self._run(machine, arguments["Input"], arn)
        described = {"ExecutionArn": arn, "Name": arguments["Name"], "Status": outcome.status}
        if outcome.status == "SUCCEEDED":
            return described | {"Output": outcome.output}
        described |= {"Error": outcome.error, "Cause": outcome.cause}
        raise ServiceError("States.TaskFailed", json.dumps(described))

    def _listed(self, arguments: Any) -> list[dict[str, Any]]:
        pages: list[dict[str, Any]] = []
        token: dict[str, Any] = {}
        while True:
            page = self.aws.s3.list_objects_v2(**arguments, **token)
            pages += page.get("Contents", [])
            if "NextContinuationToken" not in page:
                return [{"Key": each["Key"], "Etag": each["ETag"], "Size": each["Size"]} for each in pages]
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def _write_results(self, arguments: Any) -> Any:
        bucket, folder = self.aws.s3.buckets[arguments["Bucket"]], f"{arguments['Prefix']}/map-run"
        failed = [json.dumps(each) for each in arguments["children"] if each["Status"] == "FAILED"]
        files = [{"Key": f"{folder}/FAILED_0.jsonl", "Size": 1}] if failed else []
        bucket[f"{folder}/FAILED_0.jsonl"] = "\n".join(failed).encode()
        manifest = {"ResultFiles": {"FAILED": files, "SUCCEEDED": [], "PENDING": []}}
        bucket[f"{folder}/manifest.json"] = json.dumps(manifest).encode()
        details = {"Bucket": arguments["Bucket"], "Key": f"{folder}/manifest.json"}
        return {"MapRunArn": "arn:…", "ResultWriterDetails": details}

    def _job(self, kind: str, state: str, arguments: Any) -> Any:
        name = arguments[f"{kind}JobName"]
        said = {f"{kind}JobName": name, f"{kind}JobStatus": "Completed"} | self.jobs.get(state, {})
        if kind == "Training":
            path = arguments["OutputDataConfig"]["S3OutputPath"]
            said["ModelArtifacts"] = {"S3ModelArtifacts": f"{path}/{name}/output/model.tar.gz"}
            said = {"SecondaryStatus": "Completed"} | said
        if said[f"{kind}JobStatus"] == "Failed":
            raise ServiceError("States.TaskFailed", json.dumps(said))
        if state == "Evaluate Model":
            run = name.removesuffix("-evaluate")
            key = f"runs/{run}/evaluation/summary.json"
            self.aws.s3.buckets[BUCKET][key] = json.dumps(self.summary).encode()
        return said


def animals(count: int = 40) -> dict[str, bytes]:
    """A folder of pictures by class, with a key that needs encoding and one that is a folder."""
    keys = [f"animals/{'cat' if number % 2 else 'dog'}/{number:04}.png" for number in range(count - 1)]
    return {key: key.encode() for key in keys} | {"animals/ox/é +.png": b"ox", "animals/": b""}


def left_behind(world: TrainingWorld) -> tuple[list[str], list[str], list[str]]:
    """Endpoints beside the live one, endpoint configurations beside the starter's, models."""
    sagemaker = world.aws.sagemaker
    endpoints, configs = set(sagemaker.endpoints) - {LIVE}, set(sagemaker.configs) - {STARTER}
    return sorted(endpoints), sorted(configs), sorted(sagemaker.models)


def is_untouched(world: TrainingWorld) -> bool:
    """Whether the live endpoint serves what it did, and nothing half-made is left."""
    live = world.aws.sagemaker.endpoints[LIVE]
    return (live["EndpointStatus"], live["EndpointConfigName"]) == ("InService", STARTER) and left_behind(
        world
    ) == ([], [], [])
