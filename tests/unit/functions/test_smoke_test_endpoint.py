"""smoke_test_endpoint: a hosted model must answer as in its evaluation."""

import base64
import io
import json
from typing import Any

import pytest

from loupe_core import errors
from loupe_core.s3_images import S3Images
from tests.unit.functions.handlers import (
    EVENTS,
    FakeS3,
    LambdaContext,
    client_error,
    golden_event,
    load_handler,
)

PLACE = ("my-training", "runs/digits-20261126/evaluation/smoke_test.json")
SUCCEEDING = ["digits"]
FAILING = {"missing_pictures": errors.ImageNotFoundError, "lacks_endpoint": errors.InvalidInputError}
FILES = {"0": "digit-0.png", "3": "digit-3.png"}


class FakeRuntime:
    """InvokeEndpoint: answers by the picture, or raises."""

    def __init__(self, answers: dict[bytes, Any]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def invoke_endpoint(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request["EndpointName"])
        answer = self.answers[request["Body"]]
        if isinstance(answer, Exception):
            raise answer
        return {"Body": io.BytesIO(json.dumps(answer).encode())}


def pictures() -> dict[str, bytes]:
    return {label: (EVENTS / "images" / name).read_bytes() for label, name in FILES.items()}


def handler(
    monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any], written: bytes | None = None
) -> tuple[Any, FakeRuntime]:
    """The function over fakes; `answers` by the picture's label."""
    s3, held = FakeS3(), pictures()
    listed = [{"label": label, "image": base64.b64encode(body).decode()} for label, body in held.items()]
    s3.add(*PLACE, json.dumps({"pictures": listed}).encode() if written is None else written)
    runtime = FakeRuntime({held[label]: answer for label, answer in answers.items()})
    app = load_handler("smoke_test_endpoint")
    monkeypatch.setattr(app, "images", S3Images(s3))  # type: ignore[arg-type]
    monkeypatch.setattr("loupe_core.endpoint.boto3.client", lambda *_, **__: runtime)
    return app.handler, runtime


def best(label: str) -> dict[str, Any]:
    return {"labels": [label, "other"], "scores": [0.9, 0.1]}


RIGHT = {"0": best("0"), "3": best("3")}


def test_right_answers_pass_and_the_trial_endpoint_is_asked(
    monkeypatch: pytest.MonkeyPatch, context: LambdaContext
) -> None:
    handle, runtime = handler(monkeypatch, RIGHT)

    assert handle(golden_event("smoke_test_endpoint", "digits"), context) == {"pictures": 2}
    assert runtime.asked == ["digits-20261126-trial"] * 2


@pytest.mark.parametrize("case", FAILING)
def test_an_input_that_leads_nowhere_is_refused_by_name(
    case: str, monkeypatch: pytest.MonkeyPatch, context: LambdaContext
) -> None:
    handle, _ = handler(monkeypatch, RIGHT)

    with pytest.raises(errors.PermanentError) as failure:
        handle(golden_event("smoke_test_endpoint", case), context)

    assert type(failure.value) is FAILING[case]


def test_one_answer_that_differs_fails_and_is_named(
    monkeypatch: pytest.MonkeyPatch, context: LambdaContext
) -> None:
    handle, _ = handler(monkeypatch, RIGHT | {"3": best("5")})

    with pytest.raises(errors.SmokeTestFailedError, match=r"answers 1 of 2 pictures .* 3 as 5"):
        handle(golden_event("smoke_test_endpoint", "digits"), context)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"something": "else"}, errors.EndpointRejectedError),
        (
            client_error("ModelError", 424, "InvokeEndpoint", OriginalStatusCode=500),
            errors.EndpointFailedError,
        ),
        (client_error("ThrottlingException", 400, "InvokeEndpoint"), errors.EndpointThrottledError),
    ],
)
def test_an_answer_that_cannot_be_used_is_named(
    answer: Any, error: type[Exception], monkeypatch: pytest.MonkeyPatch, context: LambdaContext
) -> None:
    handle, _ = handler(monkeypatch, RIGHT | {"0": answer})

    with pytest.raises(error):
        handle(golden_event("smoke_test_endpoint", "digits"), context)


@pytest.mark.parametrize(
    "written", [b"", b"[]", b'{"pictures": []}', b'{"pictures": [{"label": "0", "image": "?"}]}']
)
def test_a_test_without_pictures_is_no_test(
    written: bytes, monkeypatch: pytest.MonkeyPatch, context: LambdaContext
) -> None:
    handle, _ = handler(monkeypatch, RIGHT, written)

    with pytest.raises(errors.SmokeTestFailedError):
        handle(golden_event("smoke_test_endpoint", "digits"), context)
