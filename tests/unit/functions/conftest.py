"""The environment of a function, without AWS."""

import pytest

from tests.unit.functions.handlers import LambdaContext


@pytest.fixture(autouse=True)
def _function_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "PROCESSED_BUCKET": "my-processed",
        "ENDPOINT_NAME": "loupe-classifier",
        "POWERTOOLS_SERVICE_NAME": "test",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("MODEL_LABELS", "CONFIDENCE_THRESHOLD", "ENDPOINT_TIMEOUT_SECONDS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def context() -> LambdaContext:
    return LambdaContext()
