"""classify_image_data: the model input to the endpoint, its answer and predictions back."""

import io
import json
import subprocess
import sys
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from loupe_core import errors
from loupe_core.endpoint import ClassificationEndpoint
from tests.unit.functions.handlers import EVENTS, ROOT, LambdaContext, golden_event, load_handler

DIGIT = (EVENTS / "images" / "digit-0.png").read_bytes()
SUCCEEDING = ["digit", "bare_body"]
FAILING = {
    "not_base64": errors.InvalidInputError,
    "lacks_image_data": errors.InvalidInputError,
    "not_a_picture": errors.UnsupportedImageError,
}


def invoke(event: dict[str, Any], model_answer: object = None) -> dict[str, Any]:
    """The handler's answer where the endpoint answers `model_answer`, or must not be called."""
    app = load_handler("classify_image_data")
    client = boto3.client("sagemaker-runtime")
    with Stubber(client) as stub:
        if model_answer is not None:
            text = json.dumps(model_answer).encode()
            stub.add_response(
                "invoke_endpoint",
                {"Body": StreamingBody(io.BytesIO(text), len(text))},
                {
                    "EndpointName": "loupe-classifier",
                    "ContentType": "image/png",
                    "Accept": "application/json",
                    "Body": DIGIT,
                },
            )
        app.endpoint = ClassificationEndpoint("loupe-classifier", 50, client)
        answer: dict[str, Any] = app.handler(event, LambdaContext())
        stub.assert_no_pending_responses()
    return answer


@pytest.mark.parametrize("case", SUCCEEDING)
def test_scores_come_back_as_they_came_with_predictions_beside(case: str) -> None:
    event = golden_event("classify_image_data", case)

    answer = invoke(event, [0.94, 0.06])

    body = event.get("body", event)
    assert answer == {
        "statusCode": 200,
        "body": {**body, "inferences": [0.94, 0.06]},
        "predictions": [{"label": "0", "score": 0.94}, {"label": "1", "score": 0.06}],
    }


def test_the_best_five_of_a_named_answer_come_best_first() -> None:
    named = {"labels": list("abcdef"), "scores": [0.05, 0.4, 0.02, 0.3, 0.15, 0.08]}

    answer = invoke(golden_event("classify_image_data", "digit"), named)

    assert answer["body"]["inferences"] == named
    assert [each["label"] for each in answer["predictions"]] == ["b", "d", "e", "f", "a"]


def test_the_setting_names_a_list_of_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_LABELS", "cat, dog")

    answer = invoke(golden_event("classify_image_data", "digit"), [0.2, 0.8])

    assert answer["predictions"][0] == {"label": "dog", "score": 0.8}


def test_an_answer_of_many_thousand_labels_does_not_fill_the_state_machine() -> None:
    scores = [0.5, *([0.5 / 21_840] * 21_840)]

    answer = invoke(golden_event("classify_image_data", "digit"), scores)

    assert len(json.dumps(answer)) < 20_000 + len(answer["body"]["image_data"])
    assert answer["body"]["inferences"]["labels"][0] == "0"
    assert len(answer["body"]["inferences"]["scores"]) == 100


@pytest.mark.parametrize("case", FAILING)
def test_what_is_no_model_input_never_reaches_the_endpoint(case: str) -> None:
    with pytest.raises(errors.LoupeError) as failure:
        invoke(golden_event("classify_image_data", case))

    assert type(failure.value) is FAILING[case]


def test_the_hot_path_does_without_the_sagemaker_sdk() -> None:
    """In an interpreter of its own, cold: the SDK takes a second to import."""
    program = """
import io, json, sys
sys.path[:0] = ["layers/core", "functions/classify_image_data"]
import app
class Client:
    def invoke_endpoint(self, **request):
        return {"Body": io.BytesIO(b"[0.9, 0.1]")}
class Context:
    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "x"
app.endpoint._client = Client()
event = json.load(open("events/classify_image_data/digit.json"))
for _ in range(2):
    app.handler(event, Context())
heavy = {"sagemaker", "pandas", "numpy", "pydantic"} & set(sys.modules)
assert not heavy, heavy
print("light")
"""
    environment = {"ENDPOINT_NAME": "e", "AWS_DEFAULT_REGION": "us-east-1", "PATH": ""}

    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert run.stdout.endswith("light\n"), run.stderr
