"""What a function learns from its environment. A missing or wrong value fails at start and names itself."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT_THRESHOLD = 0.93
# Below the functions' own 60 s, so that a slow endpoint is named by us and not by a killed worker.
DEFAULT_ENDPOINT_TIMEOUT_SECONDS = 50.0
MAX_ENDPOINT_TIMEOUT_SECONDS = 58.0


class SettingsError(Exception):
    """The function's environment lacks a value or holds a wrong one."""


@dataclass(frozen=True)
class SerializeSettings:
    """Settings of serialize_image_data."""

    processed_bucket: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "SerializeSettings":
        return cls(processed_bucket=required(environ, "PROCESSED_BUCKET"))


@dataclass(frozen=True)
class ClassifySettings:
    """Settings of classify_image_data."""

    endpoint_name: str
    endpoint_timeout_seconds: float
    labels: tuple[str, ...]

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "ClassifySettings":
        timeout = _number(environ, "ENDPOINT_TIMEOUT_SECONDS", DEFAULT_ENDPOINT_TIMEOUT_SECONDS)
        if not 0 < timeout <= MAX_ENDPOINT_TIMEOUT_SECONDS:
            raise SettingsError(
                f"ENDPOINT_TIMEOUT_SECONDS is {timeout:g}; it must be over 0 and at most "
                f"{MAX_ENDPOINT_TIMEOUT_SECONDS:g}, below the function's own 60 seconds."
            )
        return cls(
            endpoint_name=required(environ, "ENDPOINT_NAME"),
            endpoint_timeout_seconds=timeout,
            labels=model_labels(environ),
        )


@dataclass(frozen=True)
class FilterSettings:
    """Settings of filter_inference_data."""

    threshold: float
    labels: tuple[str, ...]

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "FilterSettings":
        threshold = _share(environ, "CONFIDENCE_THRESHOLD", DEFAULT_THRESHOLD)
        return cls(threshold=threshold, labels=model_labels(environ))


@dataclass(frozen=True)
class AnnotateSettings:
    """Settings of annotate_image."""

    processed_bucket: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "AnnotateSettings":
        return cls(processed_bucket=required(environ, "PROCESSED_BUCKET"))


@dataclass(frozen=True)
class ClaimSettings:
    """Settings of claim_image: how a picture is classified whose execution does not say otherwise."""

    images_table: str
    processed_bucket: str
    threshold: float
    detect_faces: bool

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "ClaimSettings":
        return cls(
            images_table=required(environ, "IMAGES_TABLE"),
            processed_bucket=required(environ, "PROCESSED_BUCKET"),
            threshold=_share(environ, "CONFIDENCE_THRESHOLD", DEFAULT_THRESHOLD),
            detect_faces=environ.get("DETECT_FACES", "").strip().lower() == "true",
        )


@dataclass(frozen=True)
class RecordSettings:
    """Settings of record_outcome. Pictures are reviewed from `review_threshold` on; None: none is."""

    images_table: str
    processed_bucket: str
    review_threshold: float | None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "RecordSettings":
        reviews = environ.get("REVIEW_THRESHOLD", "").strip()
        return cls(
            images_table=required(environ, "IMAGES_TABLE"),
            processed_bucket=required(environ, "PROCESSED_BUCKET"),
            review_threshold=_share(environ, "REVIEW_THRESHOLD", 0.0) if reviews else None,
        )


@dataclass(frozen=True)
class FinalizeSettings:
    """Settings of finalize_images. `machine_arn` is empty for an Express workflow."""

    images_table: str
    processed_bucket: str
    topic_arn: str
    machine_arn: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "FinalizeSettings":
        return cls(
            images_table=required(environ, "IMAGES_TABLE"),
            processed_bucket=required(environ, "PROCESSED_BUCKET"),
            topic_arn=required(environ, "NOTIFICATIONS_TOPIC"),
            machine_arn=environ.get("STATE_MACHINE", "").strip(),
        )


def _share(environ: Mapping[str, str], name: str, default: float) -> float:
    value = _number(environ, name, default)
    if not 0 <= value <= 1:
        raise SettingsError(f"{name} is {value:g}; it must be from 0 to 1.")
    return value


def required(environ: Mapping[str, str], name: str) -> str:
    """A variable's value. Raises SettingsError, which names it, where there is none."""
    value = environ.get(name, "").strip()
    if not value:
        raise SettingsError(f"The environment variable {name} is not set.")
    return value


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    text = environ.get(name, "").strip()
    if not text:
        return default
    try:
        return float(text)
    except ValueError:
        raise SettingsError(f"The environment variable {name} is {text!r}, which is not a number.") from None


def model_labels(environ: Mapping[str, str]) -> tuple[str, ...]:
    """MODEL_LABELS: `cat,dog`, or a JSON list where a label itself holds a comma."""
    text = environ.get("MODEL_LABELS", "").strip()
    if not text:
        return ()
    if text.startswith("["):
        try:
            names = json.loads(text)
        except ValueError:
            raise SettingsError("The environment variable MODEL_LABELS is not a JSON list.") from None
        if not all(isinstance(name, str) for name in names):
            raise SettingsError("The environment variable MODEL_LABELS holds a label that is not a string.")
        return tuple(names)
    return tuple(name.strip() for name in text.split(","))
