"""The services around the training workflow, faked: S3, SageMaker, Auto Scaling, Step Functions, SNS.

One fake of each serves the functions (as a boto3 client) and the state machines' integrations alike. An
operation that `faults` names raises instead.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def client_error(code: str, message: str, operation: str = "Call", status: int = 400) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, operation)


def denied(action: str) -> ClientError:
    return client_error("AccessDeniedException", f"User is not authorized to perform: {action}", status=403)


class _Lines(io.BytesIO):
    """A body as botocore streams it."""

    def iter_lines(self) -> Iterator[bytes]:
        yield from self.getvalue().splitlines()


@dataclass
class FakeService:
    """Calls by operation; `faults` maps one to the error that it raises."""

    faults: dict[str, Exception] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def _note(self, operation: str, **arguments: Any) -> None:
        self.calls.append((operation, arguments))
        if operation in self.faults:
            raise self.faults[operation]

    def called(self, operation: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments in self.calls if name == operation]


@dataclass
class FakeS3(FakeService):
    """Buckets of objects. `closed` holds buckets that may not be listed, `bucket/prefix` not to be read."""

    buckets: dict[str, dict[str, bytes]] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    page: int = 1000

    def list_objects_v2(self, **asked: Any) -> dict[str, Any]:
        self._note("list_objects_v2", **asked)
        bucket = asked["Bucket"]
        if bucket not in self.buckets:
            raise client_error("NoSuchBucket", "The specified bucket does not exist", status=404)
        if bucket in self.closed:
            raise client_error("AccessDenied", "Access Denied", status=403)
        after = asked.get("ContinuationToken") or asked.get("StartAfter", "")
        keys = [
            key for key in sorted(self.buckets[bucket]) if key.startswith(asked["Prefix"]) and key > after
        ]
        most = min(asked.get("MaxKeys", self.page), self.page)
        listed = [
            {"Key": key, "ETag": self._etag(bucket, key), "Size": len(self.buckets[bucket][key])}
            for key in keys[:most]
        ]
        more = {"NextContinuationToken": keys[most - 1]} if len(keys) > most else {}
        return {"Contents": listed, **more} if listed else {}

    def head_object(self, **asked: Any) -> dict[str, Any]:
        self._note("head_object", **asked)
        self._may_read(asked["Bucket"], asked["Key"])
        if asked["Key"] not in self.buckets.get(asked["Bucket"], {}):
            raise client_error("404", "Not Found", status=404)
        return {}

    def get_object(self, **asked: Any) -> dict[str, Any]:
        self._note("get_object", **asked)
        bucket, key = asked["Bucket"], asked["Key"]
        if key not in self.buckets[bucket]:
            raise client_error("NoSuchKey", "The specified key does not exist.", status=404)
        return {"Body": _Lines(self.buckets[bucket][key]), "ETag": self._etag(bucket, key)}

    def put_object(self, **asked: Any) -> dict[str, Any]:
        self._note("put_object", **asked)
        bucket, key = asked["Bucket"], asked["Key"]
        there = self._etag(bucket, key) if key in self.buckets[bucket] else None
        if asked.get("IfMatch", there) != there or (there and asked.get("IfNoneMatch") == "*"):
            raise client_error("PreconditionFailed", "At least one condition did not hold", status=412)
        self.buckets[bucket][key] = asked["Body"]
        return {"ETag": self._etag(bucket, key)}

    def copy_object(self, **asked: Any) -> dict[str, Any]:
        self._note("copy_object", **asked)
        # As a dictionary: botocore encodes a text once more.
        bucket, key = asked["CopySource"]["Bucket"], asked["CopySource"]["Key"]
        self._may_read(bucket, key)
        if key not in self.buckets[bucket]:
            raise client_error("NoSuchKey", "The specified key does not exist.", status=404)
        if asked["CopySourceIfMatch"] != self._etag(bucket, key):
            raise client_error("PreconditionFailed", "At least one condition did not hold", status=412)
        self.buckets[asked["Bucket"]][asked["Key"]] = self.buckets[bucket][key]
        return {}

    def _may_read(self, bucket: str, key: str) -> None:
        if any(f"{bucket}/{key}".startswith(each) for each in self.closed if "/" in each):
            raise client_error("AccessDenied", "Access Denied", status=403)

    def _etag(self, bucket: str, key: str) -> str:
        return f'"{hash(self.buckets[bucket][key])}"'


@dataclass
class FakeSageMaker(FakeService):
    """Models, configurations, endpoints, tags. `statuses` is what DescribeEndpoint says of an endpoint, one
    after another, before its own status.
    """

    endpoints: dict[str, dict[str, Any]] = field(default_factory=dict)
    configs: dict[str, dict[str, Any]] = field(default_factory=dict)
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    statuses: dict[str, list[str]] = field(default_factory=dict)
    takes_update: bool = True
    overtaken_by: str = ""

    def serve(self, endpoint: str, config: str, **variant: Any) -> None:
        """An endpoint in service, and its configuration with one variant."""
        hosting = variant or {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        self.configs[config] = {
            "EndpointConfigName": config,
            "ProductionVariants": [{"VariantName": "AllTraffic", "ModelName": config, **hosting}],
        }
        self._put(endpoint, config)

    def create_model(self, **asked: Any) -> dict[str, Any]:
        self._note("create_model", **asked)
        self.models[asked["ModelName"]] = asked
        return {"ModelArn": asked["ModelName"]}

    def describe_model(self, **asked: Any) -> dict[str, Any]:
        self._note("describe_model", **asked)
        if asked["ModelName"] not in self.models:
            raise _missing("model", asked["ModelName"])
        return self.models[asked["ModelName"]]

    def create_endpoint_config(self, **asked: Any) -> dict[str, Any]:
        self._note("create_endpoint_config", **asked)
        self.configs[asked["EndpointConfigName"]] = asked
        return {"EndpointConfigArn": _config_arn(asked["EndpointConfigName"])}

    def describe_endpoint_config(self, **asked: Any) -> dict[str, Any]:
        self._note("describe_endpoint_config", **asked)
        name = asked["EndpointConfigName"]
        if name not in self.configs:
            raise _missing("endpoint configuration", name)
        return {**self.configs[name], "EndpointConfigArn": _config_arn(name)}

    def create_endpoint(self, **asked: Any) -> dict[str, Any]:
        self._note("create_endpoint", **asked)
        self._put(asked["EndpointName"], asked["EndpointConfigName"])
        return {}

    def describe_endpoint(self, **asked: Any) -> dict[str, Any]:
        self._note("describe_endpoint", **asked)
        name = asked["EndpointName"]
        if name not in self.endpoints:
            raise _missing("endpoint", name)
        coming = self.statuses.get(name, [])
        return self.endpoints[name] | ({"EndpointStatus": coming.pop(0)} if coming else {})

    def update_endpoint(self, **asked: Any) -> dict[str, Any]:
        self._note("update_endpoint", **asked)
        name = asked["EndpointName"]
        if self.takes_update:
            config = self.overtaken_by or asked["EndpointConfigName"]
            self._put(name, config)
            if self.overtaken_by:
                self.configs[config] = {"ProductionVariants": []}
                self.tags[_config_arn(config)] = {
                    "loupe:previous-endpoint-config": asked["EndpointConfigName"]
                }
        else:
            self.endpoints[name]["FailureReason"] = "The container did not pass the ping health check."
        return {}

    def delete_endpoint(self, **asked: Any) -> dict[str, Any]:
        self._note("delete_endpoint", **asked)
        return self._forget("endpoint", self.endpoints, asked["EndpointName"])

    def delete_endpoint_config(self, **asked: Any) -> dict[str, Any]:
        self._note("delete_endpoint_config", **asked)
        return self._forget("endpoint configuration", self.configs, asked["EndpointConfigName"])

    def delete_model(self, **asked: Any) -> dict[str, Any]:
        self._note("delete_model", **asked)
        return self._forget("model", self.models, asked["ModelName"])

    def add_tags(self, **asked: Any) -> dict[str, Any]:
        self._note("add_tags", **asked)
        given = {tag["Key"]: tag["Value"] for tag in asked["Tags"]}
        self.tags[asked["ResourceArn"]] = self.tags.get(asked["ResourceArn"], {}) | given
        return {}

    def list_tags(self, **asked: Any) -> dict[str, Any]:
        self._note("list_tags", **asked)
        found = self.tags.get(asked["ResourceArn"], {})
        return {"Tags": [{"Key": key, "Value": value} for key, value in found.items()]}

    def stop_training_job(self, **asked: Any) -> dict[str, Any]:
        self._note("stop_training_job", **asked)
        raise client_error("ResourceNotFound", "Requested resource not found.")

    def stop_processing_job(self, **asked: Any) -> dict[str, Any]:
        self._note("stop_processing_job", **asked)
        raise client_error("ResourceNotFound", f"Could not find requested job {asked['ProcessingJobName']}")

    def _put(self, endpoint: str, config: str) -> None:
        variants = self.configs.get(config, {}).get("ProductionVariants", [])
        now = self.endpoints.get(endpoint, {}).get("ProductionVariants", [])
        counts = {each["VariantName"]: each for each in now}
        shown = [
            {"VariantName": each["VariantName"], "CurrentInstanceCount": each["InitialInstanceCount"]}
            | counts.get(each["VariantName"], {})
            for each in variants
            if "InitialInstanceCount" in each
        ]
        self.endpoints[endpoint] = {
            "EndpointStatus": "InService",
            "EndpointConfigName": config,
            "ProductionVariants": shown,
        }

    def _forget(self, kind: str, held: dict[str, Any], name: str) -> dict[str, Any]:
        if name not in held:
            raise _missing(kind, name)
        del held[name]
        return {}


def _missing(kind: str, name: str) -> ClientError:
    return client_error("ValidationException", f'Could not find {kind} "arn:…/{name}".')


def _config_arn(name: str) -> str:
    return f"arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/{name}"


@dataclass
class FakeAutoscaling(FakeService):
    """Scalable targets by their ResourceId."""

    targets: set[str] = field(default_factory=set)

    def describe_scalable_targets(self, **asked: Any) -> dict[str, Any]:
        self._note("describe_scalable_targets", **asked)
        assert asked["ServiceNamespace"] == "sagemaker"
        return {
            "ScalableTargets": [{"ResourceId": each} for each in asked["ResourceIds"] if each in self.targets]
        }


@dataclass
class FakeStates(FakeService):
    """Executions as DescribeExecution and ListExecutions show them."""

    executions: dict[str, dict[str, Any]] = field(default_factory=dict)

    def end(self, arn: str, status: str, given: Any, **more: Any) -> None:
        self.executions[arn] = {
            "executionArn": arn,
            "status": status,
            "input": json.dumps(given),
            "startDate": NOW,
            "stopDate": NOW,
            **more,
        }

    def describe_execution(self, **asked: Any) -> dict[str, Any]:
        self._note("describe_execution", **asked)
        return self.executions[asked["executionArn"]]

    def stop_execution(self, **asked: Any) -> dict[str, Any]:
        self._note("stop_execution", **asked)
        raise client_error("ExecutionDoesNotExist", "Execution Does Not Exist")

    def get_paginator(self, operation: str) -> FakeStates:
        assert operation == "list_executions"
        return self

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        self._note("list_executions", **asked)
        return [{"executions": list(reversed(self.executions.values()))}]


@dataclass
class FakeSns(FakeService):
    """A topic's messages."""

    messages: list[dict[str, Any]] = field(default_factory=list)

    def publish(self, **asked: Any) -> dict[str, Any]:
        self._note("publish", **asked)
        self.messages.append(asked)
        return {"MessageId": "m"}


@dataclass
class FakeAws:
    """All of them; `client` stands in for boto3.client."""

    s3: FakeS3 = field(default_factory=FakeS3)
    sagemaker: FakeSageMaker = field(default_factory=FakeSageMaker)
    autoscaling: FakeAutoscaling = field(default_factory=FakeAutoscaling)
    states: FakeStates = field(default_factory=FakeStates)
    sns: FakeSns = field(default_factory=FakeSns)

    def client(self, service: str) -> Any:
        known: dict[str, Callable[[], FakeService]] = {
            "s3": lambda: self.s3,
            "sagemaker": lambda: self.sagemaker,
            "application-autoscaling": lambda: self.autoscaling,
            "stepfunctions": lambda: self.states,
            "sns": lambda: self.sns,
        }
        return known[service]()
