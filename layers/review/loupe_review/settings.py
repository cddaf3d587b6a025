"""What the review functions are given by their environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from loupe_core.settings import required


@dataclass(frozen=True)
class OpenSettings:
    """Settings of open_reviews. `audit_share` is of 1; `timeout` is how long a review waits, twice."""

    reviews_table: str
    images_table: str
    machine_arn: str
    required: int
    audit_share: float
    timeout: timedelta
    model: str
    labels: tuple[str, ...]

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "OpenSettings":
        return cls(
            reviews_table=required(environ, "REVIEWS_TABLE"),
            images_table=required(environ, "IMAGES_TABLE"),
            machine_arn=required(environ, "STATE_MACHINE"),
            required=int(required(environ, "REVIEWS_REQUIRED")),
            audit_share=float(required(environ, "AUDIT_PERCENTAGE")) / 100,
            timeout=timedelta(hours=float(required(environ, "REVIEW_TIMEOUT_HOURS"))),
            model=environ.get("ENDPOINT_NAME", "").strip(),
            labels=tuple(
                each.strip() for each in environ.get("REVIEW_LABELS", "").split(",") if each.strip()
            ),
        )


@dataclass(frozen=True)
class RingSettings:
    """Settings of ring_reviews."""

    reviews_table: str
    tokens_table: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "RingSettings":
        return cls(required(environ, "REVIEWS_TABLE"), required(environ, "TOKENS_TABLE"))


@dataclass(frozen=True)
class RetrainSettings:
    """Settings of retrain_model. `after` is the number of new answers that start a training."""

    reviews_table: str
    training_bucket: str
    uploads_bucket: str
    topic_arn: str
    machine_arn: str
    after: int

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "RetrainSettings":
        return cls(
            reviews_table=required(environ, "REVIEWS_TABLE"),
            training_bucket=required(environ, "TRAINING_BUCKET"),
            uploads_bucket=required(environ, "UPLOADS_BUCKET"),
            topic_arn=required(environ, "NOTIFICATIONS_TOPIC"),
            machine_arn=required(environ, "TRAIN_STATE_MACHINE"),
            after=int(required(environ, "RETRAIN_AFTER_ANSWERS")),
        )


@dataclass(frozen=True)
class DriftSettings:
    """Settings of measure_drift."""

    images_table: str
    training_bucket: str
    endpoint: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "DriftSettings":
        return cls(
            images_table=required(environ, "IMAGES_TABLE"),
            training_bucket=required(environ, "TRAINING_BUCKET"),
            endpoint=required(environ, "ENDPOINT_NAME"),
        )


@dataclass(frozen=True)
class ConcludeSettings:
    """Settings of conclude_review, escalate_review and sweep_reviews.

    `digest_minutes` is the least time between two e-mails to reviewers, 0 for none; `page_url` may be empty.
    """

    reviews_table: str
    images_table: str
    processed_bucket: str
    topic_arn: str
    machine_arn: str
    timeout: timedelta
    digest_minutes: int
    page_url: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "ConcludeSettings":
        return cls(
            reviews_table=required(environ, "REVIEWS_TABLE"),
            images_table=required(environ, "IMAGES_TABLE"),
            processed_bucket=required(environ, "PROCESSED_BUCKET"),
            topic_arn=required(environ, "NOTIFICATIONS_TOPIC"),
            machine_arn=required(environ, "STATE_MACHINE"),
            timeout=timedelta(hours=float(required(environ, "REVIEW_TIMEOUT_HOURS"))),
            digest_minutes=int(required(environ, "REVIEW_DIGEST_MINUTES")),
            page_url=environ.get("PAGE_URL", "").strip(),
        )
