"""What the container's functions are told by their environment. A wrong value fails at start, by name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from loupe_core.settings import SettingsError

IMAGES_OWN_MODEL = "/opt/model"
# Lambda's smallest /tmp holds 512 MB, which a model that comes from S3 must fit into.
DEFAULT_MODEL_BYTES = 450_000_000
_S3_URI = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.+)")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ModelLocation:
    """A model in S3: a `model.tar.gz`, or a prefix under which model.onnx and model.json lie."""

    bucket: str
    key: str

    @property
    def packed(self) -> bool:
        return self.key.endswith((".tar.gz", ".tgz"))

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class ModelSettings:
    """Where the model is: in the image, unless an S3 location is given."""

    folder: Path
    location: ModelLocation | None
    sha256: str
    max_bytes: int

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "ModelSettings":
        digest = environ.get("MODEL_SHA256", "").strip().lower()
        if digest and not _SHA256.fullmatch(digest):
            raise SettingsError("MODEL_SHA256 is not a SHA-256 digest of 64 hexadecimal digits.")
        size = environ.get("MODEL_MAX_BYTES", "").strip() or str(DEFAULT_MODEL_BYTES)
        if not size.isascii() or not size.isdigit() or int(size) == 0:
            raise SettingsError(f"MODEL_MAX_BYTES is {size!r}; it must be a whole number of bytes.")
        return cls(
            folder=Path(environ.get("MODEL_FOLDER") or IMAGES_OWN_MODEL),
            location=_location(environ.get("MODEL_S3_URI", "").strip()),
            sha256=digest,
            max_bytes=int(size),
        )


def table_name(environ: Mapping[str, str]) -> str:
    """PREDICTIONS_TABLE. Raises SettingsError."""
    name = environ.get("PREDICTIONS_TABLE", "").strip()
    if not name:
        raise SettingsError("The environment variable PREDICTIONS_TABLE is not set.")
    return name


def _location(uri: str) -> ModelLocation | None:
    if not uri:
        return None
    match = _S3_URI.fullmatch(uri)
    if match is None:
        raise SettingsError(
            f"MODEL_S3_URI is {uri!r}; it must be s3://BUCKET/PREFIX/ or s3://BUCKET/KEY.tar.gz."
        )
    location = ModelLocation(match[1], match[2])
    return location if location.packed else ModelLocation(match[1], match[2].rstrip("/") + "/")
