"""What people answered, as data to train on.

JSON lines in the form of Ground Truth's manifests (`source-ref`, an attribute, its metadata), which
model.dataset.records reads: https://docs.aws.amazon.com/sagemaker/latest/dg/sms-data-output.html
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loupe_review.review import AUDIT, CONCLUDED, CORRECTION, DECIDED, LABEL, Review

ATTRIBUTE = "label"


@dataclass(frozen=True)
class Reviewed:
    """A picture that people gave a label. `may_validate`: it was chosen by chance, and not because the model
    was unsure of it, so that measuring on it favours nothing.
    """

    image_id: str
    bucket: str
    key: str
    version_id: str
    label: str
    at: str
    may_validate: bool
    history: tuple[Review, ...]


def reviewed_pictures(reviews: Iterable[Review]) -> list[Reviewed]:
    """One entry a picture, in the order of their ids: its last label, where it has one.

    Pictures that show none of the labels, and unusable ones, stay out. A correction keeps the part that the
    picture had; one that nobody chose by chance trains only.
    """
    by_image: dict[str, list[Review]] = {}
    for review in sorted(reviews, key=lambda each: each.created_at):
        if review.status in (DECIDED, CONCLUDED) and review.answers and review.decision:
            by_image.setdefault(review.image_id, []).append(review)
    return list(_entries(by_image))


def _entries(by_image: dict[str, list[Review]]) -> Iterator[Reviewed]:
    for image_id, history in sorted(by_image.items()):
        newest = history[-1]
        # An older version's answers say nothing about the picture that is there now.
        of_version = tuple(each for each in history if each.version_id == newest.version_id)
        decision = newest.decision
        if decision is None or decision.outcome != LABEL:
            continue
        by_chance = any(each.kind == AUDIT for each in of_version)
        chosen = any(each.kind not in (AUDIT, CORRECTION) for each in of_version)
        yield Reviewed(
            image_id=image_id,
            bucket=newest.bucket,
            key=newest.key,
            version_id=newest.version_id,
            label=decision.label,
            at=decision.at,
            may_validate=by_chance and not chosen,
            history=of_version,
        )


def label_ids(labels: Iterable[str], known: dict[str, int]) -> dict[str, int]:
    """A number for each label: those that it had, and new ones behind them, so that none ever changes."""
    ids = dict(known)
    for label in sorted(set(labels) - set(ids)):
        ids[label] = max(ids.values(), default=-1) + 1
    return ids


def manifest_line(picture: Reviewed, number: int, source: str | None = None) -> dict[str, Any]:
    """One picture as Ground Truth writes it; `source` where it is not where it was uploaded."""
    return {
        "source-ref": source or f"s3://{picture.bucket}/{picture.key}",
        ATTRIBUTE: number,
        f"{ATTRIBUTE}-metadata": {
            "class-name": picture.label,
            "type": "groundtruth/image-classification",
            "human-annotated": "yes",
            "creation-date": picture.at,
            "job-name": "loupe/review",
        },
        "loupe": {
            "imageId": picture.image_id,
            "versionId": picture.version_id,
            "mayValidate": picture.may_validate,
            "history": [_history(each) for each in picture.history],
        },
    }


def write_manifest(path: Path, reviews: Iterable[Review]) -> int:
    """Write what people answered to a file; gives how many pictures that are."""
    pictures = reviewed_pictures(reviews)
    ids = label_ids((each.label for each in pictures), {})
    lines = [json.dumps(manifest_line(each, ids[each.label]), ensure_ascii=False) for each in pictures]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return len(lines)


def _history(review: Review) -> dict[str, Any]:
    return {
        "reviewId": review.review_id,
        "kind": review.kind,
        "model": review.model,
        "guess": review.guess,
        "answers": [each.as_json() for each in review.answers],
        "withdrawn": [each.as_json() for each in review.withdrawn],
        "former": dict(review.former),
    }
