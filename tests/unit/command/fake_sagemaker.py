"""SageMaker's hosting in memory: endpoints come up after a look or two, and classify with the real model."""

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from model.inference import Classifier, named_answer

ACCOUNT = "123456789012"


def refusal(operation: str, message: str, code: str = "ValidationException") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class FakeSageMaker:
    """The calls that hosting makes. `failing` models do not come up; all that is called is counted."""

    def __init__(self) -> None:
        self.models: dict[str, dict[str, Any]] = {}
        self.configs: dict[str, dict[str, Any]] = {}
        self.endpoints: dict[str, dict[str, Any]] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.failing: dict[str, str] = {}
        self.calls: Counter[str] = Counter()

    def create_model(self, **request: Any) -> None:
        self._create(self.models, "model", request["ModelName"], request)

    def create_endpoint_config(self, **request: Any) -> None:
        self._create(self.configs, "endpoint configuration", request["EndpointConfigName"], request)

    def create_endpoint(self, **request: Any) -> None:
        self._create(self.endpoints, "endpoint", request["EndpointName"], dict(request))
        self.endpoints[request["EndpointName"]]["looks"] = 2

    def update_endpoint(self, **request: Any) -> None:
        self.calls["update_endpoint"] += 1
        self.endpoints[request["EndpointName"]] |= request | {"looks": 2, "updating": True}

    def describe_endpoint(self, **request: Any) -> dict[str, Any]:
        endpoint = self._find(self.endpoints, "endpoint", request["EndpointName"])
        endpoint["looks"] -= 1
        reason = self.failing.get(self._model_of(endpoint["EndpointConfigName"]), "")
        if endpoint["looks"] > 0:
            status = "Updating" if endpoint.get("updating") else "Creating"
        else:
            status = "Failed" if reason else "InService"
        return {
            "EndpointName": request["EndpointName"],
            "EndpointStatus": status,
            "EndpointConfigName": endpoint["EndpointConfigName"],
            "FailureReason": reason,
            "ProductionVariants": [],
        }

    def describe_endpoint_config(self, **request: Any) -> dict[str, Any]:
        config = self._find(self.configs, "endpoint configuration", request["EndpointConfigName"])
        return config | {"EndpointConfigArn": f"arn:{request['EndpointConfigName']}"}

    def describe_model(self, **request: Any) -> dict[str, Any]:
        return self._find(self.models, "model", request["ModelName"])

    def delete_endpoint(self, **request: Any) -> None:
        self._find(self.endpoints, "endpoint", request["EndpointName"])
        del self.endpoints[request["EndpointName"]]

    def delete_endpoint_config(self, **request: Any) -> None:
        del self.configs[request["EndpointConfigName"]]

    def delete_model(self, **request: Any) -> None:
        del self.models[request["ModelName"]]

    def add_tags(self, **request: Any) -> None:
        self.tags[request["ResourceArn"]] = {tag["Key"]: tag["Value"] for tag in request["Tags"]}

    def _model_of(self, config: str) -> str:
        return str(self.configs[config]["ProductionVariants"][0]["ModelName"])

    def _create(
        self, there: dict[str, dict[str, Any]], kind: str, name: str, request: dict[str, Any]
    ) -> None:
        self.calls[kind] += 1
        if name in there:
            raise refusal("Create", f'Cannot create already existing {kind} "{name}".')
        there[name] = request

    def _find(self, there: dict[str, dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
        if name not in there:
            raise refusal("Describe", f'Could not find {kind} "{name}".')
        return there[name]


class FakeRuntime:
    """InvokeEndpoint: an endpoint answers as the model in `folder` does, or as `answer` says."""

    def __init__(self, folder: Path) -> None:
        self._classifier = Classifier(folder)
        self.answer: Any = None
        self.asked: list[tuple[str, str]] = []

    def invoke_endpoint(self, **request: Any) -> dict[str, Any]:
        self.asked.append((request["EndpointName"], request["ContentType"]))
        scores = self._classifier.scores(request["Body"])
        answer = named_answer(scores, self._classifier.labels) if self.answer is None else self.answer
        return {"Body": io.BytesIO(json.dumps(answer).encode())}


class FakeS3:
    """What was uploaded, by key."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.uploads = 0

    def head_object(self, **request: Any) -> dict[str, Any]:
        if request["Key"] not in self.objects:
            raise refusal("HeadObject", "Not Found", "404")
        return {"ContentLength": len(self.objects[request["Key"]])}

    def upload_file(self, path: str, _: str, key: str) -> None:
        self.uploads += 1
        self.objects[key] = Path(path).read_bytes()
