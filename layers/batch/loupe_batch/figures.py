"""A run's figures, collected row by row: memory stays flat in the number of pictures. Pure."""

import heapq
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from loupe_batch.rows import CLASSIFIED, FAILED, REJECTED, Row

BINS = 20
EXAMPLES = 5
UNSURE = 24
# A model may have thousands of classes; the report names the most frequent ones.
SHOWN_LABELS = 100


@dataclass
class Figures:
    """Counts of a run's rows. `histogram` is of confidence, in twentieths of 0 to 1. `kept_unsure`: how many
    of the least sure are kept.
    """

    threshold: float
    statuses: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    histogram: list[int] = field(default_factory=lambda: [0] * BINS)
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    recorded: Counter[str] = field(default_factory=Counter)
    faces: int = 0
    looked_for_faces: int = 0
    faces_errors: Counter[str] = field(default_factory=Counter)
    annotated: int = 0
    compared: int = 0
    size: int = 0
    duration_ms: int = 0
    function_ms: int = 0
    calls: int = 0
    carried: int = 0
    kept_unsure: int = UNSURE
    _unsure: list[tuple[float, int, Row]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def add(self, row: Row) -> None:
        self.statuses[row.status] += 1
        self.size += row.item.size or 0
        self.duration_ms += row.duration_ms
        if row.recorded:
            self.recorded[row.recorded] += 1
        self.faces += row.faces or 0
        self.looked_for_faces += row.faces is not None
        if row.faces_error:
            self.faces_errors[row.faces_error] += 1
        self.annotated += bool(row.annotated)
        if row.status == FAILED:
            self.errors[row.error] += 1
            examples = self.examples.setdefault(row.error, [])
            if len(examples) < EXAMPLES:
                examples.append({"bucket": row.item.bucket, "key": row.item.key, "cause": row.cause})
        if row.confidence is not None:
            self._add_answer(row, row.confidence)

    def _add_answer(self, row: Row, confidence: float) -> None:
        self.labels[row.label] += 1
        self.histogram[min(BINS - 1, int(confidence * BINS))] += 1
        if row.item.former is not None:
            self.compared += 1
            before = str(row.item.former.get("label", ""))
            if before != row.label:
                self.changes[before, row.label] += 1
        # The most confident of those kept goes first; the number keeps equal ones apart.
        heapq.heappush(self._unsure, (-confidence, next(self._numbers), row))
        if len(self._unsure) > self.kept_unsure:
            heapq.heappop(self._unsure)

    def add_part(self, part: Mapping[str, Any]) -> None:
        """What a batch's call took, beside its rows."""
        if part.get("carried"):
            self.carried += len(part["rows"])
        self.function_ms += part.get("functionMs", 0)
        self.calls += part.get("calls", 0)

    @property
    def pictures(self) -> int:
        return sum(self.statuses.values())

    @property
    def unsure(self) -> list[Row]:
        """The least sure, the least sure first."""
        return [row for _, _, row in sorted(self._unsure, key=lambda each: (-each[0], each[1]))]

    def as_json(self) -> dict[str, Any]:
        return {
            "pictures": self.pictures,
            "classified": self.statuses[CLASSIFIED],
            "rejected": self.statuses[REJECTED],
            "failed": self.statuses[FAILED],
            "carried": self.carried,
            "threshold": self.threshold,
            "labels": dict(self.labels.most_common(SHOWN_LABELS)),
            "otherLabels": max(0, len(self.labels) - SHOWN_LABELS),
            "histogram": self.histogram,
            "errors": dict(self.errors.most_common()),
            "examples": self.examples,
            "recorded": dict(self.recorded),
            "faces": self.faces,
            "lookedForFaces": self.looked_for_faces,
            "facesErrors": dict(self.faces_errors.most_common()),
            "annotated": self.annotated,
            "compared": self.compared,
            "changes": [
                {"before": before, "after": after, "pictures": count}
                for (before, after), count in self.changes.most_common(SHOWN_LABELS)
            ],
            "changed": sum(self.changes.values()),
            "bytes": self.size,
            "pictureMs": self.duration_ms,
            "functionMs": self.function_ms,
            "calls": self.calls,
        }
