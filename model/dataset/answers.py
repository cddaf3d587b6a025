"""Pictures that people labelled in reviews, added to a dataset. loupe_review.publishing writes their list.

They help to train; what the model is measured on stays the data's own. Which pictures a person was asked
about is no accident: those of which a model was unsure would make any model look worse, so they train only.
Those that were chosen by chance may also validate.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from model.dataset.parts import TRAIN, VALIDATION
from model.dataset.reading import Read
from model.dataset.records import record_rows
from model.dataset.sources import Example
from model.errors import ManifestError

TRAINS_ONLY, MAY_VALIDATE = (TRAIN,), (TRAIN, VALIDATION)
SHOWN = 5


@dataclass
class Answers:
    """The pictures to add, the last answered first, and how many of which label stay out."""

    examples: list[Example] = field(default_factory=list)
    other_labels: Counter[str] = field(default_factory=Counter)

    def notes(self) -> list[str]:
        """What is to be said of them."""
        found = []
        if self.examples:
            validating = sum(each.allowed == MAY_VALIDATE for each in self.examples)
            found.append(f"{len(self.examples)} reviewed pictures come in, {validating} of them by chance")
        if self.other_labels:
            some = ", ".join(f"{label} ({count})" for label, count in self.other_labels.most_common(SHOWN))
            found.append(f"Reviewed pictures of labels that the data does not have stay out: {some}")
        return found


def read_answers(lists: Path | None, pictures: Path | None, labels: set[str]) -> Answers:
    """What people answered: `lists` is a folder of manifests, `pictures` one of the pictures by their keys.

    Without a folder nothing. A label that the data does not have stays out: no picture of it was held out, so
    nobody could say how well it is told. Raises ManifestError where a picture is not there.
    """
    answers = Answers()
    if lists is None or pictures is None or not lists.is_dir():
        return answers
    found: list[tuple[str, Example]] = []
    for manifest in sorted(lists.rglob("*.manifest")):
        lines = [line for line in manifest.read_text("utf-8").splitlines() if line.strip()]
        for row, line in zip(record_rows(manifest, None), lines, strict=True):
            if row.label not in labels:
                answers.other_labels[row.label] += 1
                continue
            key = row.file.removeprefix("s3://").partition("/")[2]
            path = (pictures / key).resolve()
            if not path.is_relative_to(pictures.resolve()) or not path.is_file():
                raise ManifestError(f"{row.where}: the reviewed picture {row.file} is not there")
            said = json.loads(line)
            allowed = MAY_VALIDATE if said.get("loupe", {}).get("mayValidate") is True else TRAINS_ONLY
            at = str(said.get("label-metadata", {}).get("creation-date", ""))
            found.append((at, Example(row.label, f"reviewed/{key}", path, allowed=allowed)))
    answers.examples = [example for _, example in sorted(found, key=lambda each: each[0], reverse=True)]
    return answers


def drop_known(read: Read) -> int:
    """Take reviewed pictures out that the data holds already, or that come again; gives how many.

    A copy of a picture that the model is measured on must not train it. Of equal reviewed pictures the last
    answered, which is the first here, stays. The reviewed ones stand last.
    """
    known: set[bytes] = {
        content for content, each in zip(read.contents, read.examples, strict=True) if not each.reviewed
    }
    kept: list[int] = []
    for place, example in enumerate(read.examples):
        if example.reviewed:
            if read.contents[place] in known:
                continue
            known.add(read.contents[place])
        kept.append(place)
    dropped = len(read.examples) - len(kept)
    if dropped:
        for new, old in enumerate(kept):
            if new != old:
                read.pictures[new] = read.pictures[old]
        read.pictures = read.pictures[: len(kept)]
        read.examples = [read.examples[place] for place in kept]
        read.contents = [read.contents[place] for place in kept]
    return dropped
