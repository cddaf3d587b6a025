"""What became of a picture: how an execution's results and errors become a record, an output, a message.
Pure.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from loupe_core.confidence import not_met
from loupe_core.contract import Face
from loupe_core.errors import InvalidInputError
from loupe_core.inference import TOP, Prediction

CLASSIFIED, REJECTED, FAILED, IN_REVIEW = "CLASSIFIED", "REJECTED", "FAILED", "IN_REVIEW"
BELOW_THRESHOLD = "ThresholdConfidenceNotMetError"
MAX_CAUSE_LENGTH = 1000
MAX_ERROR_NAME_LENGTH = 256


@dataclass(frozen=True)
class Failure:
    """An error's name and cause, as people read them."""

    name: str
    cause: str

    @classmethod
    def parse(cls, given: object) -> "Failure | None":
        """From Step Functions' `{Error, Cause}`, where a function's Cause is JSON with a stack trace."""
        if not isinstance(given, Mapping) or not isinstance(given.get("Error"), str):
            return None
        name = str(given["Error"])[:MAX_ERROR_NAME_LENGTH]
        cause = given.get("Cause")
        if not isinstance(cause, str) or not cause:
            return cls(name, f"AWS gave no cause for {name}.")
        return cls(name, _message(cause)[:MAX_CAUSE_LENGTH])

    def as_json(self) -> dict[str, object]:
        return {"name": self.name, "cause": self.cause}


@dataclass(frozen=True)
class FaceSearch:
    """What face detection found: `faces` is None where nobody looked or `failure` says why it failed."""

    faces: tuple[Face, ...] | None = None
    failure: Failure | None = None

    @property
    def detected(self) -> bool | None:
        return None if self.faces is None else bool(self.faces)

    @classmethod
    def parse(cls, given: object) -> "FaceSearch":
        """From `{FaceDetails}` of Rekognition, `{Error, Cause}`, or nothing. Raises InvalidInputError."""
        if not isinstance(given, Mapping):
            return cls()
        if (failure := Failure.parse(given)) is not None:
            return cls(failure=failure)
        details = given.get("FaceDetails")
        # JSONata makes a list of one face the face itself.
        faces = details if isinstance(details, list) else [] if details is None else [details]
        return cls(tuple(Face.parse(face) for face in faces))


@dataclass(frozen=True)
class Findings:
    """What an execution found out before its outcome; empty where it did not come so far."""

    version_id: str = ""
    predictions: tuple[Prediction, ...] = ()
    faces: FaceSearch = field(default_factory=FaceSearch)
    # Keys of what was made of the picture, by the record's names: processedKey, and those in contract.COPIES.
    keys: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, given: object) -> "Findings":
        """From the state machine's variables. Raises InvalidInputError."""
        fields = given if isinstance(given, Mapping) else {}
        predictions = fields.get("predictions")
        listed = (
            predictions if isinstance(predictions, list) else [] if predictions is None else [predictions]
        )
        made = [fields.get(name) for name in ("copies", "annotated")]
        keys = {name: key for each in made if isinstance(each, Mapping) for name, key in each.items()}
        version = fields.get("versionId")
        return cls(
            version_id=version if isinstance(version, str) else "",
            predictions=tuple(_prediction(each) for each in listed[:TOP]),
            faces=FaceSearch.parse(fields.get("faces")),
            keys={str(n): v for n, v in keys.items() if str(n).endswith("Key") and isinstance(v, str)},
        )


@dataclass(frozen=True)
class Outcome:
    """A picture's status with all that its record, the execution's output and the message say of it.

    `threshold` is the one that the picture met or missed; None where nobody compared.
    """

    status: str
    findings: Findings = field(default_factory=Findings)
    threshold: float | None = None
    failure: Failure | None = None

    @property
    def best(self) -> Prediction | None:
        return self.findings.predictions[0] if self.findings.predictions else None


def outcome_of_result(findings: Findings, threshold: float) -> Outcome:
    """A picture that met its threshold."""
    return Outcome(CLASSIFIED, findings, threshold)


def outcome_of_failure(
    findings: Findings, failure: Failure, threshold: float | None, review_threshold: float | None = None
) -> Outcome:
    """A refusal where the model was not sure enough, a failure otherwise.

    A picture below its threshold is refused whatever else failed after the model had answered, such as
    drawing on it. With a `review_threshold`, one that is at least so sure waits for a person instead.
    """
    outcome = Outcome(FAILED, findings, threshold, failure)
    best = outcome.best
    if best is None or threshold is None or best.score >= threshold:
        return outcome
    if failure.name != BELOW_THRESHOLD:
        cause = f"{not_met(best, threshold)} Besides, {failure.name}: {failure.cause}"
        outcome = replace(outcome, failure=Failure(BELOW_THRESHOLD, cause[:MAX_CAUSE_LENGTH]))
    if review_threshold is not None and best.score >= review_threshold:
        return replace(outcome, status=IN_REVIEW, failure=None)
    return replace(outcome, status=REJECTED)


def _message(cause: str) -> str:
    """The message in a function's Cause, `{errorMessage, errorType, stackTrace}`; else the cause itself."""
    if not cause.startswith("{"):
        return cause
    try:
        parsed = json.loads(cause)
    except ValueError:
        return cause
    message = parsed.get("errorMessage") if isinstance(parsed, dict) else None
    return message if isinstance(message, str) and message else cause


def _prediction(value: object) -> Prediction:
    if not isinstance(value, Mapping) or not isinstance(value.get("label"), str):
        raise InvalidInputError("A prediction lacks its label.")
    score = value.get("score")
    if isinstance(score, bool) or not isinstance(score, int | float):
        raise InvalidInputError("A prediction's score must be a number.")
    return Prediction(str(value["label"]), float(score))
