"""The data card: what a dataset turned out to be, for data_card.json and for the summary before training."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from model.dataset.parts import PARTS, TEST, TRAIN
from model.dataset.reading import Read
from model.dataset.sources import Source
from model.dataset.splits import Shares
from model.spec import InputSpec

SHOWN = 100


def data_card(
    source: Source,
    read: Read,
    parts: npt.NDArray[np.str_],
    targets: npt.NDArray[np.int64],
    names: Sequence[str],
    spec: InputSpec,
    shares: Shares,
) -> dict[str, Any]:
    """Classes, counts, the split and who made it, the input, duplicates, and what was refused and why."""
    counts = {part: np.bincount(targets[parts == part], minlength=len(names)).tolist() for part in PARTS}
    holders: dict[bytes, set[int]] = {}
    for content, target in zip(read.contents, targets.tolist(), strict=True):
        holders.setdefault(content, set()).add(target)
    known = {content for content, part in zip(read.contents, parts, strict=True) if part == TRAIN}
    leaked = sum(content in known for content, part in zip(read.contents, parts, strict=True) if part == TEST)
    contradicted = {content for content, found in holders.items() if len(found) > 1}
    return {
        "form": source.form,
        "labels": list(names),
        "counts": {name: {part: counts[part][place] for part in PARTS} for place, name in enumerate(names)},
        "totals": {part: int((parts == part).sum()) for part in PARTS},
        "splitBy": {
            part: "the data" if part in {item.part for item in read.examples} else "us" for part in PARTS
        },
        "shares": asdict(shares),
        "input": {key: value for key, value in asdict(spec).items() if value is not None},
        "duplicates": len(read.contents) - len(holders),
        "samePictureDifferentLabel": len(contradicted),
        "contradictions": [
            example.name
            for example, content in zip(read.examples, read.contents, strict=True)
            if content in contradicted
        ][:SHOWN],
        "testPicturesAlsoInTraining": leaked,
        "reviewed": sum(example.reviewed for example in read.examples),
        "notes": source.notes,
        "refused": {
            "count": len(read.refused),
            "reasons": dict(Counter(item["reason"] for item in read.refused).most_common(20)),
            "files": read.refused[:SHOWN],
        },
    }
