"""What the evaluation of a model says, and whether that is good enough."""

import json
from dataclasses import dataclass
from typing import Any

from loupe_training.errors import AccuracyTooLowError, LiveModelBetterError

MAX_CLASSES = 100
MAX_BYTES = 16_384


@dataclass(frozen=True)
class Evaluation:
    """Shares of 1, on `count` pictures that training never saw.

    `to_judge` is the accuracy that decides: few pictures refuse no model (model/report.py). `recalls` may
    be those of a part of the `classes`. `champion` is the live model's accuracy on the same pictures, None
    where it could not be compared; `not_worse` is false only where chance does not explain that the new
    model has fewer right (model/champion.py).
    """

    accuracy: float
    count: int
    recalls: dict[str, float]
    to_judge: float
    classes: int
    champion: float | None = None
    not_worse: bool = True

    @classmethod
    def parse(cls, content: bytes) -> "Evaluation":
        """Of model.evaluate's summary.json."""
        found = json.loads(content)
        accuracy, recalls = float(found["accuracy"]), dict(found["perClass"])
        return cls(
            accuracy,
            int(found["count"]),
            recalls,
            to_judge=float(found.get("accuracyToJudge", accuracy)),
            classes=int(found.get("classes", len(recalls))),
            champion=found.get("championAccuracy"),
            not_worse=bool(found.get("notWorse", True)),
        )

    def check(self, minimum: float, not_worse: bool) -> None:
        """Raises AccuracyTooLowError where the accuracy that decides is below `minimum`, a share of 1, and
        with `not_worse` LiveModelBetterError where the live model does better.
        """
        if self.to_judge < minimum:
            raise AccuracyTooLowError(
                f"The accuracy on {self.count} pictures that training never saw is {self.accuracy:.2%}, "
                f"below the minimum of {minimum:.2%}."
            )
        if not_worse and not self.not_worse and self.champion is not None:
            raise LiveModelBetterError(
                f"Of {self.count} pictures that training never saw the live model has "
                f"{self.champion:.2%} right, the new one {self.accuracy:.2%}."
            )

    def summary(self, report: str) -> dict[str, Any]:
        """What the states carry: of many classes those known least, as many as a payload can hold."""
        return {
            "accuracy": self.accuracy,
            "testCount": self.count,
            "perClass": known_least(self.recalls),
            "classes": self.classes,
            "report": report,
        }


def known_least(recalls: dict[str, float]) -> dict[str, float]:
    """Up to MAX_CLASSES of the classes in MAX_BYTES of JSON, the least recall first; all, if they fit."""
    ranked = sorted(recalls.items(), key=lambda item: item[1])
    kept: dict[str, float] = {}
    size = 0
    for label, recall in ranked[:MAX_CLASSES]:
        size += len(json.dumps({label: recall}).encode())
        if size > MAX_BYTES:
            break
        kept[label] = recall
    return kept if len(kept) < len(recalls) else recalls
