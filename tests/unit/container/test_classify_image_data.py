"""The image's classify_image_data: the contract of the function that asks the endpoint, word for word."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from loupe_core import errors
from tests.unit.container.world import ENVIRONMENT, MODEL, World
from tests.unit.functions.handlers import ROOT, golden_event
from tests.unit.functions.test_classify_image_data import FAILING, SUCCEEDING


@pytest.mark.parametrize("case", SUCCEEDING)
def test_the_contract_comes_back_with_the_models_answer(world: World, case: str) -> None:
    event = golden_event("classify_image_data", case)

    answer = world.call("classify_image_data", event)

    body = event.get("body", event)
    labels, scores = answer["body"]["inferences"]["labels"], answer["body"]["inferences"]["scores"]
    assert {**answer["body"], "inferences": None} == {**body, "inferences": None}
    assert answer["statusCode"] == 200
    assert answer["predictions"] == [
        {"label": label, "score": score} for label, score in zip(labels, scores, strict=True)
    ]
    assert labels[0] == "0"
    assert len(labels) == 5
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("case", FAILING)
def test_errors_have_the_names_that_the_workflow_knows(world: World, case: str) -> None:
    with pytest.raises(errors.LoupeError) as failure:
        world.call("classify_image_data", golden_event("classify_image_data", case))

    assert type(failure.value) is FAILING[case]


def test_a_png_that_is_cut_off_is_refused_as_by_an_endpoint(world: World) -> None:
    event: dict[str, Any] = golden_event("classify_image_data", "digit")
    event["body"]["image_data"] = event["body"]["image_data"][:400]

    with pytest.raises(errors.EndpointRejectedError, match="refused the picture"):
        world.call("classify_image_data", event)


def test_a_model_that_is_not_there_is_told_by_name_and_not_by_a_crash_at_init(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MODEL_FOLDER", str(tmp_path))

    with pytest.raises(errors.EndpointRejectedError, match=r"no model\.json"):
        world.call("classify_image_data", golden_event("classify_image_data", "digit"))


@pytest.mark.parametrize(
    ("handler", "absent"),
    [
        ("classify_image_data", ("torch", "starlette", "uvicorn", "pyvips", "sagemaker")),
        ("query_predictions", ("numpy", "onnxruntime", "PIL")),
    ],
)
def test_a_handler_loads_only_what_it_needs(handler: str, absent: tuple[str, ...]) -> None:
    program = (
        "import sys; sys.path[:0] = ['layers/core', 'layers/imaging', 'container', '.']\n"
        f"import loupe_container.{handler}\n"
        f"print([name for name in {absent!r} if name in sys.modules])"
    )

    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**ENVIRONMENT, "MODEL_FOLDER": str(MODEL), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert run.stdout == "[]\n", run.stderr
