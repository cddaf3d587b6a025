"""What became of one picture of a batch: a row. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from loupe_batch.items import Item
from loupe_core.inference import TOP, Prediction

CLASSIFIED, REJECTED, FAILED = "CLASSIFIED", "REJECTED", "FAILED"
MAX_CAUSE_LENGTH = 500
# The picture's own fault: the same version fails alike tomorrow.
LASTING = ("UnsupportedImageError", "CorruptImageError", "ImageTooLargeError")


@dataclass(frozen=True)
class Row:
    """One picture's result. `confidence` is from 0 to 1; `recorded` says what became of its record.

    `faces` is their number, None where none were looked for or that failed (`faces_error`); `annotated` is
    the copy's key in the batch bucket.
    """

    item: Item
    status: str
    model: str
    predictions: tuple[Prediction, ...] = ()
    error: str = ""
    cause: str = ""
    duration_ms: int = 0
    recorded: str = ""
    faces: int | None = None
    faces_error: str = ""
    annotated: str = ""

    @property
    def label(self) -> str:
        return self.predictions[0].label if self.predictions else ""

    @property
    def confidence(self) -> float | None:
        return self.predictions[0].score if self.predictions else None

    @property
    def is_done(self) -> bool:
        """Whether the same version and model would give the same again."""
        return self.status != FAILED or self.error in LASTING

    def judged(self, threshold: float) -> "Row":
        """The row as it is at another threshold."""
        if self.confidence is None:
            return self
        status = CLASSIFIED if self.confidence >= threshold else REJECTED
        return replace(self, status=status)

    def has(self, *, annotate: bool, faces: bool) -> bool:
        """Whether the row has what such a run adds. A picture that failed has nothing to be added to."""
        return self.status == FAILED or (
            (bool(self.annotated) or not annotate) and (self.faces is not None or not faces)
        )

    def as_json(self) -> dict[str, Any]:
        said = {
            **self.item.as_json(),
            "status": self.status,
            "label": self.label,
            "confidence": self.confidence,
            "predictions": [each.as_json() for each in self.predictions],
            "error": self.error,
            "cause": self.cause,
            "model": self.model,
            "durationMs": self.duration_ms,
            "recorded": self.recorded,
            "faces": self.faces,
            "facesError": self.faces_error,
            "annotated": self.annotated,
        }
        return {name: value for name, value in said.items() if value not in ("", None, [])}

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> "Row":
        """What `as_json` gave. Raises KeyError."""
        return cls(
            item=Item.parse(given),
            status=given["status"],
            model=given["model"],
            predictions=tuple(
                Prediction(each["label"], each["score"]) for each in given.get("predictions", [])
            ),
            error=given.get("error", ""),
            cause=given.get("cause", ""),
            duration_ms=given.get("durationMs", 0),
            recorded=given.get("recorded", ""),
            faces=given.get("faces"),
            faces_error=given.get("facesError", ""),
            annotated=given.get("annotated", ""),
        )


def answered(item: Item, ranked: Sequence[Prediction], threshold: float, model: str, duration_ms: int) -> Row:
    """The row of a picture that the model has answered."""
    row = Row(item, CLASSIFIED, model, tuple(ranked[:TOP]), duration_ms=duration_ms)
    return row.judged(threshold)


def failed(item: Item, error: str, cause: str, model: str, duration_ms: int = 0) -> Row:
    """The row of a picture that could not be classified."""
    short = cause if len(cause) <= MAX_CAUSE_LENGTH else cause[: MAX_CAUSE_LENGTH - 1] + "…"
    return Row(item, FAILED, model, error=error, cause=short, duration_ms=duration_ms)


def counted(rows: Sequence[Row]) -> dict[str, int]:
    """{pictures, classified, rejected, failed}."""
    names = {CLASSIFIED: "classified", REJECTED: "rejected", FAILED: "failed"}
    counts = dict.fromkeys(("pictures", *names.values()), 0)
    counts["pictures"] = len(rows)
    for row in rows:
        counts[names[row.status]] += 1
    return counts
