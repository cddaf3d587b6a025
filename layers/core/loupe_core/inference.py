"""What a model's answer means. Two forms: scores in label order, or `{"labels": […], "scores": […]}`."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from loupe_core.errors import EndpointRejectedError

TOP = 5
# A softmax in 32 bits sums to a little more or less than 1, and so may one score alone.
ROUNDING = 1e-3
# The answer travels on through the state machine beside the picture. A longer one, of thousands of labels, is
# cut to its best, so that no payload nears Step Functions' 256 KiB.
MAX_ANSWER_BYTES = 48 * 1024
KEPT = 100
MAX_LABEL_LENGTH = 256


@dataclass(frozen=True)
class Prediction:
    """A label and its score, from 0 to 1."""

    label: str
    score: float

    def as_json(self) -> dict[str, object]:
        return {"label": self.label, "score": self.score}


def ranked_predictions(inferences: object, labels: Sequence[str] = ()) -> list[Prediction]:
    """All predictions in `inferences`, best first; equal scores stay in the model's order.

    `labels` names a bare list of scores by position; without it they are "0", "1", ….
    Raises EndpointRejectedError for an answer that cannot be read.
    """
    if isinstance(inferences, list) and len(inferences) == 1 and isinstance(inferences[0], dict):
        inferences = inferences[0]
    if isinstance(inferences, dict):
        if "labels" not in inferences or "scores" not in inferences:
            raise _unreadable(f"it is an object with the keys {_short(sorted(map(str, inferences)))}")
        scores = _scores(inferences["scores"])
        names = _names(inferences["labels"])
        source = "it has"
    else:
        scores = _scores(inferences)
        names = list(labels) if labels else [str(position) for position in range(len(scores))]
        source = "the setting MODEL_LABELS has"
    if len(names) != len(scores):
        raise _unreadable(f"it has {len(scores)} scores but {source} {len(names)} labels")
    predictions = [Prediction(name, score) for name, score in zip(names, scores, strict=True)]
    return sorted(predictions, key=lambda prediction: -prediction.score)


def bounded(inferences: object, ranked: Sequence[Prediction]) -> object:
    """The answer as it came, or where that is over 48 KiB its best hundred in the named form."""
    if len(json.dumps(inferences)) <= MAX_ANSWER_BYTES:
        return inferences
    best = ranked[:KEPT]
    return {"labels": [each.label for each in best], "scores": [each.score for each in best]}


def _scores(value: object) -> list[float]:
    row = _one_row(value, "scores")
    return [_score(score, position) for position, score in enumerate(row)]


def _names(value: object) -> list[str]:
    row = _one_row(value, "labels")
    if not all(isinstance(name, str) for name in row):
        raise _unreadable("a label is not a string")
    names = [str(name) for name in row]
    if max(map(len, names)) > MAX_LABEL_LENGTH:
        raise _unreadable(f"a label is longer than {MAX_LABEL_LENGTH} letters")
    return names


def _one_row(value: object, what: str) -> list[object]:
    """The list itself, or the only row of a batch of one, as many servers answer.

    A number alone is a list of one: JSONata makes that of it on the way through a state machine.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return [value]
    if not isinstance(value, list):
        raise _unreadable(f"its {what} are {_kind(value)}, not a list")
    if not value:
        raise _unreadable(f"its {what} are empty")
    if len(value) == 1 and isinstance(value[0], list):
        return _one_row(value[0], what)
    return value


def _score(value: object, position: int) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unreadable(f"score {position} is {_kind(value)}, not a number")
    # An integer of a thousand digits is a number to JSON, but to nobody else.
    if not math.isfinite(value) if isinstance(value, float) else abs(value) > 1 << 53:
        raise _unreadable(f"score {position} is not a finite number")
    if not -ROUNDING <= value <= 1 + ROUNDING:
        raise _unreadable(f"score {position} is {value:g}, not a probability from 0 to 1")
    return min(max(float(value), 0.0), 1.0)


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _unreadable(reason: str) -> EndpointRejectedError:
    return EndpointRejectedError(
        f"The endpoint's answer cannot be used: {reason}. Expected a list of scores such as [0.94, 0.06], "
        'or {"labels": [...], "scores": [...]}.'
    )
