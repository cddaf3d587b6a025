"""A deployed stack of canned answers, for the checks of `loupe doctor`."""

from dataclasses import replace
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.model import ServiceModel
from botocore.validate import validate_parameters

from loupe.aws import Cloud
from loupe.errors import StackNotFoundError
from loupe.stack import Stack
from loupe.target import Target

AWS = Target(None, local=False, region="us-east-1")
STACK = Stack(
    "loupe",
    "UPDATE_COMPLETE",
    {
        "EndpointName": "loupe-classifier",
        "NotificationsTopicArn": "arn:aws:sns:us-east-1:123456789012:results",
        "AlarmsTopicArn": "arn:aws:sns:us-east-1:123456789012:alarms",
        "ImagesTableName": "images",
    },
    stacks=("loupe", "loupe-site"),
)


@cache
def model_of(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


class FakeClient:
    """Answers of one service by operation; what is asked is held against the service's own model."""

    def __init__(self, service: str, answers: dict[str, Any]) -> None:
        self._model = model_of(service)
        self._answers = answers

    def __getattr__(self, operation: str) -> Any:
        def call(**given: Any) -> Any:
            [name] = [each for each in self._model.operation_names if xform_name(each) == operation]
            shape = self._model.operation_model(name).input_shape
            assert shape is not None
            validate_parameters(given, shape)
            answer = self._answers[operation]
            answer = answer(**given) if callable(answer) else answer
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    def get_paginator(self, operation: str) -> "FakePages":
        return FakePages(getattr(self, operation))


class FakePages:
    def __init__(self, call: Any) -> None:
        self.paginate = lambda **given: iter([call(**given)])


class FakeCloud(Cloud):
    """A cloud of canned answers: `{service: {operation: answer or function or error}}`."""

    def __init__(self, stacks: dict[str, str] | None = None, **services: dict[str, Any]) -> None:
        self.target = AWS
        self._stacks = {"loupe": "CREATE_COMPLETE"} if stacks is None else stacks
        self._services = {"lambda" if name == "functions" else name: each for name, each in services.items()}

    @property
    def where(self) -> str:
        return "a fake"

    def client(self, service: str) -> Any:
        return FakeClient(service, self._services[service])

    def single_stack(self, name: str) -> Stack:
        if name not in self._stacks:
            raise StackNotFoundError(f"There is no stack {name}.")
        return replace(STACK, name=name, status=self._stacks[name], stacks=())
