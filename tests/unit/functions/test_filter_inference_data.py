"""filter_inference_data: what is confident enough passes, the rest is refused."""

import pytest

from loupe_core import errors
from loupe_core.settings import SettingsError
from tests.unit.functions.handlers import LambdaContext, golden_event, load_handler

PASSING = {
    "confident": ("0", 0.94, 0.93),
    "named": ("German shepherd", 0.97, 0.93),
    "own_threshold": ("0", 0.6, 0.5),
    "just_met": ("0", 0.93, 0.93),
    "batch_of_one": ("1", 0.98, 0.93),
}
FAILING = {
    "unsure": errors.ThresholdConfidenceNotMetError,
    "logits": errors.EndpointRejectedError,
    "lacks_inferences": errors.InvalidInputError,
    "threshold_over_one": errors.InvalidInputError,
}
SUCCEEDING = list(PASSING)


@pytest.mark.parametrize("case", PASSING)
def test_a_confident_classification_passes_with_its_label(case: str, context: LambdaContext) -> None:
    event = golden_event("filter_inference_data", case)

    answer = load_handler("filter_inference_data").handler(event, context)

    label, confidence, threshold = PASSING[case]
    assert answer == {
        "statusCode": 200,
        "body": event["body"],
        "label": label,
        "confidence": confidence,
        "threshold": threshold,
    }


@pytest.mark.parametrize("case", FAILING)
def test_anything_else_is_refused_by_name(case: str, context: LambdaContext) -> None:
    app = load_handler("filter_inference_data")

    with pytest.raises(errors.PermanentError) as failure:
        app.handler(golden_event("filter_inference_data", case), context)

    assert type(failure.value) is FAILING[case]


def test_a_refusal_says_what_was_guessed_and_what_was_asked_for(context: LambdaContext) -> None:
    app = load_handler("filter_inference_data")

    with pytest.raises(errors.ThresholdConfidenceNotMetError) as failure:
        app.handler(golden_event("filter_inference_data", "unsure"), context)

    assert str(failure.value) == (
        "THRESHOLD_CONFIDENCE_NOT_MET: the best guess is 0 with 55.00%, below the threshold of 93.00%."
    )


def test_a_confidence_just_missed_does_not_read_as_met(context: LambdaContext) -> None:
    app = load_handler("filter_inference_data")
    event = {"body": {"inferences": [0.929999, 0.07]}}

    with pytest.raises(errors.ThresholdConfidenceNotMetError, match=r"with 92\.99%"):
        app.handler(event, context)


def test_the_settings_decide_where_the_input_does_not(
    context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONFIDENCE_THRESHOLD", "0.5")
    monkeypatch.setenv("MODEL_LABELS", "zero,one")

    answer = load_handler("filter_inference_data").handler({"body": {"inferences": [0.4, 0.6]}}, context)

    assert (answer["label"], answer["threshold"]) == ("one", 0.5)


def test_an_input_of_null_leaves_the_threshold_to_the_settings(context: LambdaContext) -> None:
    event = {"body": {"inferences": [0.95, 0.05]}, "threshold": None}

    assert load_handler("filter_inference_data").handler(event, context)["threshold"] == 0.93


@pytest.mark.parametrize("value", ["high", "1.5", "-0.1", "nan"])
def test_a_wrong_threshold_setting_fails_at_start(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFIDENCE_THRESHOLD", value)

    with pytest.raises(SettingsError, match="CONFIDENCE_THRESHOLD"):
        load_handler("filter_inference_data")
