"""What a model's answer means, in both forms, and what cannot be read."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loupe_core.errors import EndpointRejectedError
from loupe_core.inference import MAX_ANSWER_BYTES, Prediction, bounded, ranked_predictions


@pytest.mark.parametrize(
    "inferences",
    [
        [0.06, 0.94],
        [[0.06, 0.94]],
        {"labels": ["0", "1"], "scores": [0.06, 0.94]},
        {"labels": [["0", "1"]], "scores": [[0.06, 0.94]]},
        [{"labels": ["0", "1"], "scores": [0.06, 0.94]}],
        {"labels": ["0", "1"], "scores": [0.06, 0.94], "model": "digits"},
    ],
)
def test_every_form_of_an_answer_is_ranked(inferences: object) -> None:
    assert ranked_predictions(inferences) == [Prediction("1", 0.94), Prediction("0", 0.06)]


def test_integers_are_scores_too() -> None:
    assert ranked_predictions([0, 1]) == [Prediction("1", 1.0), Prediction("0", 0.0)]


def test_a_single_score_that_jsonata_unpacked_is_a_list_of_one() -> None:
    assert ranked_predictions(0.7, ["cat"]) == [Prediction("cat", 0.7)]


def test_a_list_is_named_by_position() -> None:
    assert ranked_predictions([0.1, 0.9], ["cat", "dog"])[0] == Prediction("dog", 0.9)


def test_the_answers_own_labels_win_over_the_setting() -> None:
    named = {"labels": ["a", "b"], "scores": [0.1, 0.9]}

    assert ranked_predictions(named, ["cat", "dog"])[0].label == "b"


def test_equal_scores_stay_in_the_models_order() -> None:
    ranked = ranked_predictions([0.2, 0.2, 0.4, 0.2], ["a", "b", "c", "d"])

    assert [prediction.label for prediction in ranked] == ["c", "a", "b", "d"]


def test_the_rounding_of_a_softmax_is_forgiven() -> None:
    assert [each.score for each in ranked_predictions([1.0000002, -1e-9])] == [1.0, 0.0]


@pytest.mark.parametrize(
    ("inferences", "reason"),
    [
        ([], "scores are empty"),
        ([[]], "scores are empty"),
        ([[0.1], [0.9]], "score 0 is a list"),
        (["0.94", "0.06"], "score 0 is a string"),
        ([0.9, None], "score 1 is null"),
        ([True, False], "score 0 is a truth value"),
        ([float("nan"), 0.1], "score 0 is not a finite number"),
        ([float("inf"), 0.1], "score 0 is not a finite number"),
        ([10**400, 0.1], "score 0 is not a finite number"),
        ([7.3, -2.1], "score 0 is 7.3, not a probability"),
        ([0.5, -0.5], "score 1 is -0.5, not a probability"),
        ("0.94", "scores are a string"),
        (None, "scores are null"),
        (True, "scores are a truth value"),
        ({}, r"an object with the keys \[\]"),
        ({"predictions": [[0.1, 0.9]]}, "with the keys"),
        ({"labels": ["a"], "scores": [0.1, 0.9]}, "2 scores but it has 1 labels"),
        ({"labels": [1, 2], "scores": [0.1, 0.9]}, "a label is not a string"),
        ({"labels": "ab", "scores": [0.1, 0.9]}, "labels are a string"),
        ({"labels": ["a", "b"], "scores": {"a": 1}}, "scores are an object"),
        ({"labels": ["a" * 300], "scores": [1]}, "a label is longer than 256"),
    ],
)
def test_what_cannot_be_read_is_rejected_with_a_reason(inferences: object, reason: str) -> None:
    with pytest.raises(EndpointRejectedError, match=reason) as failure:
        ranked_predictions(inferences)

    assert "Expected a list of scores" in str(failure.value)


def test_labels_that_do_not_fit_the_scores_name_the_setting() -> None:
    with pytest.raises(EndpointRejectedError, match="10 scores but the setting MODEL_LABELS has 2 labels"):
        ranked_predictions([0.1] * 10, ["cat", "dog"])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.just("scores"), inner, max_size=4)
    ),
)


@given(json_values | st.fixed_dictionaries({"labels": json_values, "scores": json_values}))
def test_any_json_is_ranked_or_rejected(value: Any) -> None:
    # Any other exception fails the test.
    with contextlib.suppress(EndpointRejectedError):
        ranked = ranked_predictions(value)
        assert all(0 <= prediction.score <= 1 for prediction in ranked)
        assert ranked == sorted(ranked, key=lambda prediction: -prediction.score)


def test_a_short_answer_travels_as_it_came() -> None:
    answer = [0.94, 0.06]

    assert bounded(answer, ranked_predictions(answer)) is answer


def test_a_long_answer_travels_as_its_best_hundred() -> None:
    answer = [1 / 20_000] * 20_000 + [0.5]

    kept = bounded(answer, ranked_predictions(answer))

    assert isinstance(kept, dict)
    assert kept["labels"][0] == "20000"
    assert len(kept["scores"]) == 100
    assert len(json.dumps(kept)) < 10_000


@pytest.mark.parametrize(("score", "read"), [(0, 0.0), (1, 1.0), (1.001, 1.0), (-0.001, 0.0), (0.5, 0.5)])
def test_a_score_a_little_out_of_bounds_is_a_rounding(score: float, read: float) -> None:
    assert ranked_predictions([score]) == [Prediction("0", read)]


@pytest.mark.parametrize("score", [1.002, 1.5, 2, 97.3, -0.002, -1])
def test_a_score_further_out_is_no_probability(score: float) -> None:
    with pytest.raises(EndpointRejectedError, match=f"score 1 is {score:g}, not a probability"):
        ranked_predictions([0.5, score])


def test_a_label_is_as_long_as_a_label_may_be() -> None:
    assert ranked_predictions({"labels": ["l" * 256], "scores": [1]})[0].label == "l" * 256
    with pytest.raises(EndpointRejectedError, match="longer than 256"):
        ranked_predictions({"labels": ["l" * 257], "scores": [1]})


def test_an_answer_is_cut_only_beyond_its_limit() -> None:
    room = MAX_ANSWER_BYTES - len(json.dumps([""]))
    ranked = [Prediction("0", 1.0)]

    assert bounded(["a" * room], ranked) == ["a" * room]
    assert bounded(["a" * (room + 1)], ranked) == {"labels": ["0"], "scores": [1.0]}


@pytest.mark.parametrize("count", [0, 2])
def test_only_a_batch_of_one_is_an_answer(count: int) -> None:
    one = {"labels": ["cat"], "scores": [1]}

    assert ranked_predictions([one]) == [Prediction("cat", 1.0)]
    with pytest.raises(EndpointRejectedError):
        ranked_predictions([one] * count)


@pytest.mark.parametrize(
    ("length", "shown"), [(76, "[" + repr("k" * 76) + "]"), (77, repr(["k" * 77])[:79] + "…")]
)
def test_a_refusal_repeats_no_more_than_a_line_of_an_answer(length: int, shown: str) -> None:
    with pytest.raises(EndpointRejectedError) as refused:
        ranked_predictions({"k" * length: 1})

    assert f"an object with the keys {shown}. Expected" in str(refused.value)


@pytest.mark.parametrize("answer", [{"labels": ["cat"]}, {"scores": [1]}])
def test_labels_and_scores_come_together(answer: dict[str, Any]) -> None:
    with pytest.raises(EndpointRejectedError, match="an object with the keys"):
        ranked_predictions(answer)
