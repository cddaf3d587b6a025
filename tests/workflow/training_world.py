"""The services around train_model, faked: buckets, jobs, models, endpoints, a list of messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.workflow.definitions import load
from tests.workflow.interpreter import Ending, Execution, ServiceError

ARN = "arn:aws:states:us-east-1:123456789012:execution:loupe-train-model:"
SUMMARY = {"accuracy": 0.9725, "count": 40, "perClass": {"cat": 1, "dog": 0.95, "ox": 0.5}}
LIVE, STARTER = "EndpointName", "digits-starter"
# What most executions are started with.
GIVEN: dict[str, Any] = {"name": "animals", "source": "s3://theirs/animals/"}


def no_such_endpoint(name: str) -> ServiceError:
    return ServiceError(
        "SageMaker.SageMakerException",
        f'Could not find endpoint "arn:…:endpoint/{name}". (Service: SageMaker)',
    )


@dataclass
class TrainingWorld:
    """`faults` maps a state to the error that its Task meets, `jobs` one to its description."""

    buckets: dict[str, dict[str, bytes]] = field(default_factory=lambda: {"theirs": animals()})
    denied: set[str] = field(default_factory=set)
    faults: dict[str, ServiceError] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=lambda: dict(SUMMARY))
    endpoints: dict[str, dict[str, Any]] = field(default_factory=dict)
    statuses: dict[str, list[str]] = field(default_factory=dict)
    """What DescribeEndpoint says of an endpoint, one after another, before its own status."""
    substitutions: dict[str, str] = field(default_factory=dict)
    models: dict[str, Any] = field(default_factory=dict)
    configs: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, Any]] = field(default_factory=list)
    takes_update: bool = True
    overtaken_by: str = ""

    def __post_init__(self) -> None:
        self.buckets.setdefault("TrainingBucket", {})
        self.endpoints.setdefault(LIVE, {"EndpointStatus": "InService", "EndpointConfigName": STARTER})

    def train(self, execution_input: Any, name: str = "one") -> Ending:
        """Runs train_model to its end."""
        definition = load("train_model", **self.substitutions)
        return Execution(definition, self._serve, ARN + name).run(execution_input)

    def settle(self, execution_input: Any, name: str = "one", status: str = "ABORTED") -> Ending:
        """Runs train_model for the event that its execution `name` was stopped."""
        return self.train(stopped(execution_input, name, status), "settling")

    def called(self, state: str) -> list[Any]:
        """The arguments that a state's Task was called with."""
        return [arguments for name, arguments in self.calls if name == state]

    def email(self) -> str:
        """The text of the only message."""
        (message,) = self.messages
        return str(json.loads(message["Message"])["email"])

    def _serve(self, state: str, arguments: Any) -> Any:
        self.calls.append((state, arguments))
        if state in self.faults:
            raise self.faults[state]
        answers: dict[str, Callable[[], Any]] = {
            "Look At Source": lambda: {"Contents": self._listed(arguments)},
            "Try Source": lambda: self._head(arguments),
            "Survey Objects": lambda: self._listed(arguments),
            "Copy Objects": lambda: self._listed(arguments),
            "List Copies": lambda: {"Contents": self._listed(arguments)},
            "Copy Object": lambda: self._copy(arguments),
            "Prepare Dataset": lambda: self._job("Processing", state, arguments),
            "Train Model": lambda: self._job("Training", state, arguments),
            "Evaluate Model": lambda: self._job("Processing", state, arguments),
            "Read Evaluation": lambda: {"Body": json.dumps(self.summary)},
            "Create Model": lambda: self.models.setdefault(arguments["ModelName"], {}),
            "Create Endpoint Config": lambda: self._config(arguments),
            "Create Trial Endpoint": lambda: self._create(arguments),
            "Create Endpoint": lambda: self._create(arguments),
            "Test Trial": lambda: {"Payload": {"pictures": 20}},
            "Note Previous Config": lambda: self._tag(arguments),
            "Update Endpoint": lambda: self._update(arguments),
            "Remove Endpoint Config": lambda: self._forget(self.configs, arguments["EndpointConfigName"]),
            "Remove Model": lambda: self._forget(self.models, arguments["ModelName"]),
        }
        if "TopicArn" in arguments:
            self.messages.append(arguments)
            return {"MessageId": "m"}
        if state.startswith("Stop "):
            return {}
        if state.startswith("Remove ") and "EndpointName" in arguments:
            return self._forget(self.endpoints, arguments["EndpointName"])
        if state in answers:
            return answers[state]()
        return self._describe(arguments["EndpointName"])

    def _listed(self, arguments: Any) -> list[dict[str, Any]]:
        bucket = arguments["Bucket"]
        if bucket not in self.buckets:
            raise ServiceError("S3.NoSuchBucketException", "The specified bucket does not exist")
        if bucket in self.denied:
            raise ServiceError("S3.S3Exception", "Access Denied (Service: S3, Status Code: 403)")
        keys = [
            key
            for key in sorted(self.buckets[bucket])
            if key.startswith(arguments["Prefix"]) and key > arguments.get("StartAfter", "")
        ]
        found = self.buckets[bucket]
        return [
            {"Key": key, "Etag": f'"{hash(found[key])}"', "Size": len(found[key])}
            for key in keys[: arguments.get("MaxKeys")]
        ]

    def _head(self, arguments: Any) -> Any:
        if f"{arguments['Bucket']}/" in self.denied:
            raise ServiceError("S3.S3Exception", "Forbidden (Service: S3, Status Code: 403)")
        return {"ContentLength": len(self.buckets[arguments["Bucket"]][arguments["Key"]])}

    def _copy(self, arguments: Any) -> Any:
        bucket, _, key = unquote(arguments["CopySource"]).partition("/")
        if f"{bucket}/{key}" in self.denied:
            raise ServiceError("S3.S3Exception", "Access Denied (Service: S3, Status Code: 403)")
        self.buckets[arguments["Bucket"]][arguments["Key"]] = self.buckets[bucket][key]
        return {}

    def _job(self, kind: str, state: str, arguments: Any) -> Any:
        name = arguments[f"{kind}JobName"]
        said = {f"{kind}JobName": name, f"{kind}JobStatus": "Completed"} | self.jobs.get(state, {})
        if kind == "Training":
            path = arguments["OutputDataConfig"]["S3OutputPath"]
            said["ModelArtifacts"] = {"S3ModelArtifacts": f"{path}/{name}/output/model.tar.gz"}
            said = {"SecondaryStatus": "Completed"} | said
        if said[f"{kind}JobStatus"] == "Failed":
            raise ServiceError("States.TaskFailed", json.dumps(said))
        return said

    def _config(self, arguments: Any) -> Any:
        name = arguments["EndpointConfigName"]
        self.configs[name] = arguments
        return {"EndpointConfigArn": f"arn:aws:sagemaker:…:endpoint-config/{name}"}

    def _create(self, arguments: Any) -> Any:
        name = arguments["EndpointName"]
        self.endpoints[name] = {
            "EndpointStatus": "InService",
            "EndpointConfigName": arguments["EndpointConfigName"],
        }
        return {}

    def _tag(self, arguments: Any) -> Any:
        self.tags[arguments["ResourceArn"]] = {tag["Key"]: tag["Value"] for tag in arguments["Tags"]}
        return {}

    def _update(self, arguments: Any) -> Any:
        endpoint = self.endpoints[arguments["EndpointName"]]
        if self.takes_update:
            endpoint["EndpointConfigName"] = self.overtaken_by or arguments["EndpointConfigName"]
        else:
            endpoint["FailureReason"] = "The container did not pass the ping health check."
        return {}

    def _describe(self, name: str) -> Any:
        if name not in self.endpoints:
            raise no_such_endpoint(name)
        coming = self.statuses.get(name, [])
        return self.endpoints[name] | ({"EndpointStatus": coming.pop(0)} if coming else {})

    def _forget(self, kind: dict[str, Any], name: str) -> Any:
        if name not in kind:
            raise ServiceError("SageMaker.SageMakerException", f"Could not find {name}.")
        del kind[name]
        return {}


def animals(count: int = 40) -> dict[str, bytes]:
    """A folder of pictures by class, with a key that needs encoding and one that is a folder."""
    keys = [f"animals/{'cat' if number % 2 else 'dog'}/{number:04}.png" for number in range(count - 1)]
    return {key: key.encode() for key in keys} | {"animals/ox/é +.png": b"ox", "animals/": b""}


def stopped(execution_input: Any, name: str, status: str = "ABORTED") -> dict[str, Any]:
    """EventBridge's event of an execution that was stopped or ran out of time."""
    detail = {
        "executionArn": ARN + name,
        "name": name,
        "status": status,
        "input": json.dumps(execution_input),
        "output": None,
    }
    return {"source": "aws.states", "detail": detail}


def left_behind(world: TrainingWorld) -> tuple[list[str], list[str], list[str]]:
    """Endpoints beside the live one, endpoint configurations, models."""
    return sorted(set(world.endpoints) - {LIVE}), sorted(world.configs), sorted(world.models)


def is_untouched(world: TrainingWorld) -> bool:
    """Whether the live endpoint serves what it did, and nothing half-made is left."""
    live = {"EndpointStatus": "InService", "EndpointConfigName": STARTER}
    return world.endpoints[LIVE] == live and left_behind(world) == ([], [], [])
