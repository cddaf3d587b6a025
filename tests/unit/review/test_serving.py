"""Which model made a guess, as far as anybody can say."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from loupe_review.serving import LiveModel
from tests.unit.review.test_rules import NOON


class SageMaker:
    """An endpoint with models on it; `error` is what it answers instead."""

    def __init__(self, *models: str) -> None:
        self.models, self.asked = list(models), 0
        self.error: Exception | None = None

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:  # noqa: N803
        self.asked += 1
        if self.error is not None:
            raise self.error
        assert EndpointName == "loupe-classifier"
        return {"EndpointConfigName": "config"}

    def describe_endpoint_config(self, EndpointConfigName: str) -> dict[str, Any]:  # noqa: N803
        assert EndpointConfigName == "config"
        return {"ProductionVariants": [{"ModelName": each} for each in self.models]}


class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


def live(sagemaker: SageMaker, clock: Clock | None = None, endpoint: str = "loupe-classifier") -> LiveModel:
    return LiveModel(endpoint, clock or Clock(), sagemaker)  # type: ignore[arg-type]


def test_the_model_is_asked_for_at_most_every_half_a_minute() -> None:
    sagemaker, clock = SageMaker("digits-1"), Clock()
    model = live(sagemaker, clock)
    assert [model.name() for _ in range(5)] == ["digits-1"] * 5
    assert sagemaker.asked == 1
    sagemaker.models = ["digits-2"]
    clock.now = NOON + timedelta(seconds=30)
    assert (model.name(), sagemaker.asked) == ("digits-2", 2)


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ValidationException", "Message": "Could not find"}}, "d"),
        ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "d"),
        ConnectTimeoutError(endpoint_url="https://sagemaker"),
    ],
)
def test_what_sagemaker_refuses_keeps_no_review_from_being_opened(error: Exception) -> None:
    sagemaker = SageMaker("digits-1")
    sagemaker.error = error
    assert live(sagemaker).name() == ""


def test_two_models_on_an_endpoint_are_not_told_apart() -> None:
    assert live(SageMaker("digits-1", "digits-2")).name() == ""


def test_without_an_endpoint_nobody_is_asked() -> None:
    sagemaker = SageMaker("digits-1")
    assert (live(sagemaker, endpoint="").name(), sagemaker.asked) == ("", 0)
