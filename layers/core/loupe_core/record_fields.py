"""What a picture's record holds: its claim, its outcome, its pending mark. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from loupe_core.claims import iso
from loupe_core.confidence import percent
from loupe_core.outcomes import CLASSIFIED, Outcome

# What a classification before left on the record.
RESULTS = (
    *("label", "confidence", "threshold", "predictions", "labelledBy", "faceDetected", "faces", "facesError"),
    *("processedKey", "displayKey", "previewKey", "thumbnailKey", "error", "reclaimable", "notifiedAt"),
    *("expiresAt", "finalizing", "modelLabel", "reviewId", "reviewedAt", "model"),
)
# Names of the first release.
FORMER = ("owing", "owingSince", "byHand", "retakeable", "run")


@dataclass(frozen=True)
class Claim:
    """A picture that an execution has taken: what the later steps need to know of it."""

    image_id: str
    claim_id: str
    bucket: str
    key: str
    version_id: str
    manual: bool
    threshold: float
    title: str
    claimed_at: str
    execution_arn: str

    def as_json(self) -> dict[str, object]:
        return {
            "imageId": self.image_id,
            "claimId": self.claim_id,
            "bucket": self.bucket,
            "key": self.key,
            "versionId": self.version_id,
            "manual": self.manual,
            "threshold": self.threshold,
            "title": self.title,
            "claimedAt": self.claimed_at,
            "executionArn": self.execution_arn,
        }

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> "Claim":
        """What `as_json` gave. Raises KeyError."""
        return cls(
            image_id=given["imageId"],
            claim_id=given["claimId"],
            bucket=given["bucket"],
            key=given["key"],
            version_id=given["versionId"],
            manual=given["manual"],
            threshold=float(given["threshold"]),
            title=given["title"],
            claimed_at=given["claimedAt"],
            execution_arn=given["executionArn"],
        )


def outcome_attributes(outcome: Outcome, title: str) -> dict[str, object]:
    """A record's attributes for an outcome; `title` is the one that somebody gave."""
    best, faces = outcome.best, outcome.findings.faces
    attributes: dict[str, object] = {
        "status": outcome.status,
        "label": best.label if best else None,
        "confidence": best.score if best else None,
        "threshold": outcome.threshold,
        "predictions": [each.as_json() for each in outcome.findings.predictions],
        "faceDetected": faces.detected,
        "faces": [face.as_json() for face in faces.faces or ()],
        "facesError": faces.failure.as_json() if faces.failure else None,
        **outcome.findings.keys,
    }
    if outcome.failure is not None:
        attributes["error"] = outcome.failure.as_json()
    if outcome.status == CLASSIFIED and best is not None:
        attributes |= {
            "title": title or f"{best.label} - {percent(best.score)}",
            "autoTitle": not title,
            "labelledBy": "model",
        }
    return attributes


def missing_attributes(outcome: Outcome) -> list[str]:
    """What a record of this outcome has not."""
    return [*([] if outcome.failure else ["error"]), "reclaimable", "notifiedAt", "finalizing"]


def pending_mark(image: str, until: datetime) -> dict[str, str]:
    """What makes a record pending: its partition in the index, and until when somebody is at work on it."""
    return {"pending": image[0], "leaseUntil": iso(until)}
