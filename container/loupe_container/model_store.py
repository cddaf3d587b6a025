"""Fetch a model from S3, within limits, before it is loaded. boto3's errors become ours here.

Of an archive only the model's own files are taken, from its root, as plain files: nothing that it holds can
be written anywhere else, and what unpacks to more than the limit is dropped as it comes.
"""

import hashlib
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from loupe_container.settings import ModelLocation
from loupe_core.errors import (
    AccessDeniedError,
    EndpointFailedError,
    EndpointNotFoundError,
    EndpointRejectedError,
    LoupeError,
)
from loupe_core.s3_images import DENIED, MISSING, refusal
from model.spec import MODEL_FILE, SPEC_FILE
from model.tar_files import BoundedTarInfo, members

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# model.onnx.data: the weights of a model that was exported with them beside it.
FILES = (SPEC_FILE, MODEL_FILE, f"{MODEL_FILE}.data")
MAX_SPEC_BYTES = 10_000_000
_CHUNK = 1 << 20


class ModelStore:
    """Models in S3."""

    def __init__(self, client: "S3Client | None" = None) -> None:
        self._client: Any = client or boto3.client(
            "s3",
            config=Config(
                connect_timeout=3, read_timeout=20, retries={"total_max_attempts": 3, "mode": "standard"}
            ),
        )

    def fetch(self, location: ModelLocation, max_bytes: int, sha256: str = "") -> Path:
        """A new folder with the model's files.

        `sha256` is that of the archive, or of model.onnx where the files lie unpacked. Raises
        EndpointNotFoundError, EndpointRejectedError, EndpointFailedError or AccessDeniedError.
        """
        folder = Path(tempfile.mkdtemp(prefix="model-"))
        try:
            if location.packed:
                digest = self._unpack(location, folder, max_bytes)
            else:
                digest = self._copy(location, folder, max_bytes)
            if sha256 and digest != sha256:
                raise EndpointRejectedError(f"The model at {location} is another: its SHA-256 is {digest}.")
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return folder

    def _copy(self, location: ModelLocation, folder: Path, max_bytes: int) -> str:
        for name, limit in ((SPEC_FILE, MAX_SPEC_BYTES), (MODEL_FILE, max_bytes)):
            place = ModelLocation(location.bucket, location.key + name)
            with self._opened(place, limit) as body, (folder / name).open("wb") as file:
                _copy_within(body, file, limit, place)
        return body.digest

    def _unpack(self, location: ModelLocation, folder: Path, max_bytes: int) -> str:
        left = max_bytes
        with self._opened(location, max_bytes) as body:
            try:
                with tarfile.open(  # type: ignore[call-overload] # it only reads
                    fileobj=body, mode="r|gz", tarinfo=BoundedTarInfo
                ) as archive:
                    for member in members(archive):
                        name = member.name.removeprefix("./")
                        if name in FILES and member.isreg():
                            source = archive.extractfile(member)
                            assert source is not None
                            with (folder / name).open("wb") as file:
                                left -= _copy_within(source, file, left, location)
            except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
                raise EndpointRejectedError(f"{location} is no model.tar.gz: {error}") from error
            while body.read(_CHUNK):
                pass  # what follows the archive's end counts for its digest
        return body.digest

    @contextmanager
    def _opened(self, place: ModelLocation, limit: int) -> Iterator["_Body"]:
        try:
            answer = self._client.get_object(Bucket=place.bucket, Key=place.key)
            if answer["ContentLength"] > limit:
                answer["Body"].close()
                raise _too_large(place, limit)
            yield _Body(answer["Body"])
        except ClientError as error:
            raise _from_client_error(error, place) from error
        except NoCredentialsError as error:
            raise AccessDeniedError(f"No AWS credentials for s3:GetObject on {place}.") from error
        except BotoCoreError as error:
            raise EndpointFailedError(
                f"S3 failed for the model at {place} ({type(error).__name__})."
            ) from error


class _Body:
    """S3's answer as a file that hashes what is read of it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._stream.read(None if size < 0 else size)
        self._hash.update(data)
        return data

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


def _copy_within(source: Any, target: IO[bytes], limit: int, place: ModelLocation) -> int:
    """Copy a file of at most `limit` bytes; gives its size."""
    size = 0
    while chunk := source.read(_CHUNK):
        size += len(chunk)
        if size > limit:
            raise _too_large(place, limit)
        target.write(chunk)
    return size


def _too_large(place: ModelLocation, limit: int) -> EndpointRejectedError:
    return EndpointRejectedError(f"The model at {place} is over {limit / 1e6:.0f} MB.")


def _from_client_error(error: ClientError, place: ModelLocation) -> LoupeError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in MISSING or code == "NoSuchBucket":
        return EndpointNotFoundError(f"There is no model at {place}.")
    if code in DENIED or status in (401, 403):
        return AccessDeniedError(refusal(error, "s3:GetObject", str(place), code))
    return EndpointFailedError(f"S3 answered {code or status} for the model at {place}.")
