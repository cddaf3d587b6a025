"""The environment of a function, without AWS."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.unit.functions.handlers import LambdaContext
from tests.unit.functions.stack import RecordsStack


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
    for name in ("MODEL_LABELS", "CONFIDENCE_THRESHOLD", "ENDPOINT_TIMEOUT_SECONDS", "REVIEW_THRESHOLD"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def context() -> LambdaContext:
    return LambdaContext()


@pytest.fixture
def records_stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordsStack]:
    """moto's services, and the environment of the functions that keep records."""
    with mock_aws():
        stack = RecordsStack()
        for name, value in stack.environ().items():
            monkeypatch.setenv(name, value)
        yield stack
