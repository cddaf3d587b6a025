"""What the batch functions are given by their environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from loupe_core.settings import model_labels, required


@dataclass(frozen=True)
class PlanSettings:
    """Settings of plan_batch. `concurrency_per_instance` is in batches at once."""

    batch_bucket: str
    endpoint_name: str
    threshold: float
    instance_type: str
    concurrency_per_instance: int

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "PlanSettings":
        return cls(
            batch_bucket=required(environ, "BATCH_BUCKET"),
            endpoint_name=required(environ, "ENDPOINT_NAME"),
            threshold=float(required(environ, "CONFIDENCE_THRESHOLD")),
            instance_type=required(environ, "INSTANCE_TYPE"),
            concurrency_per_instance=int(required(environ, "CONCURRENCY_PER_INSTANCE")),
        )


@dataclass(frozen=True)
class PrepareSettings:
    """Settings of prepare_items. What names no bucket lies in `uploads_bucket`."""

    batch_bucket: str
    uploads_bucket: str
    images_table: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "PrepareSettings":
        return cls(
            batch_bucket=required(environ, "BATCH_BUCKET"),
            uploads_bucket=required(environ, "UPLOADS_BUCKET"),
            images_table=required(environ, "IMAGES_TABLE"),
        )


@dataclass(frozen=True)
class ClassifySettings:
    """Settings of classify_batch. `role` is named in advice: who must be allowed."""

    batch_bucket: str
    images_table: str
    role: str
    threads: int
    labels: tuple[str, ...]

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "ClassifySettings":
        return cls(
            batch_bucket=required(environ, "BATCH_BUCKET"),
            images_table=required(environ, "IMAGES_TABLE"),
            role=required(environ, "ROLE"),
            threads=int(environ.get("THREADS", "").strip() or 8),
            labels=model_labels(environ),
        )


@dataclass(frozen=True)
class FinishSettings:
    """Settings of finish_batch."""

    batch_bucket: str
    images_table: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "FinishSettings":
        return cls(
            batch_bucket=required(environ, "BATCH_BUCKET"),
            images_table=required(environ, "IMAGES_TABLE"),
        )


@dataclass(frozen=True)
class FinalizeSettings:
    """Settings of finalize_batch."""

    batch_bucket: str
    topic_arn: str
    state_machine_arn: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "FinalizeSettings":
        return cls(
            batch_bucket=required(environ, "BATCH_BUCKET"),
            topic_arn=required(environ, "NOTIFICATIONS_TOPIC"),
            state_machine_arn=required(environ, "STATE_MACHINE"),
        )
