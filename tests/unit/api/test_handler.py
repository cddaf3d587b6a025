"""The function as Lambda runs it: its environment, and the golden events."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from loupe_core.settings import SettingsError
from tests.unit.api.world import GROUPS, IMAGES, PROCESSED, UPLOADS, made_world
from tests.unit.functions.handlers import EVENTS, LambdaContext, golden_event, load_handler

ANSWERS = {
    "create_group": 201,
    "create_group_signed_out": 401,
    "create_group_unknown_field": 400,
    "document": 200,
    "list_groups": 200,
    "missing_image": 404,
    "predict_inner_url": 400,
    "unknown_path": 404,
}
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-west-1",
    "IMAGES_TABLE": IMAGES,
    "GROUPS_TABLE": GROUPS,
    "UPLOADS_BUCKET": UPLOADS,
    "PROCESSED_BUCKET": PROCESSED,
    "ENDPOINT_NAME": "loupe-classifier",
    "READ_ACCESS": "open",
    "POWERTOOLS_TRACE_DISABLED": "1",
    "POWERTOOLS_METRICS_DISABLED": "1",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    with mock_aws():
        for name, value in ENVIRONMENT.items():
            monkeypatch.setenv(name, value)
        yield monkeypatch


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("case", ANSWERS)
def test_each_golden_event_has_its_answer(case: str) -> None:
    with made_world():
        handler: Any = load_handler("api").handler
        answer = handler(golden_event("api", case), LambdaContext())
    # What Lambda hands back must be JSON, and the body a text.
    answer = json.loads(json.dumps(answer))
    assert answer["statusCode"] == ANSWERS[case]
    body = json.loads(answer["body"])
    assert (set(body) == {"error"}) == (ANSWERS[case] >= 400)


def test_every_golden_event_is_used() -> None:
    assert {path.stem for path in (EVENTS / "api").glob("*.json")} == set(ANSWERS)


@pytest.mark.parametrize("missing", ["IMAGES_TABLE", "GROUPS_TABLE", "UPLOADS_BUCKET", "PROCESSED_BUCKET"])
def test_a_missing_setting_names_itself_at_start(environment: pytest.MonkeyPatch, missing: str) -> None:
    environment.delenv(missing)
    with pytest.raises(SettingsError, match=missing):
        load_handler("api")


@pytest.mark.parametrize("name", ["PREDICT_ACCESS", "READ_ACCESS"])
def test_a_wrong_setting_names_itself_at_start(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.setenv(name, "sometimes")
    with pytest.raises(SettingsError, match=name):
        load_handler("api")
