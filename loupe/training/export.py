"""Get a model back out of SageMaker: its package from S3, unpacked as plain files."""

import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from botocore.exceptions import ClientError

from loupe.aws import Cloud
from loupe.aws_errors import translate_errors
from loupe.errors import InputError, ModelNotFoundError
from loupe.pictures import S3Location, parse_s3_uri
from model.spec import MODEL_FILE, SPEC_FILE
from model.tar_files import BoundedTarInfo, members

MAX_BYTES = 2_000_000_000


@contextmanager
def export_model(cloud: Cloud, name: str) -> Iterator[Path]:
    """A temporary folder with the model's files."""
    with tempfile.TemporaryDirectory() as temporary:
        yield export_to(cloud, name, Path(temporary, name))


def export_to(cloud: Cloud, name: str, target: Path) -> Path:
    """The files of a SageMaker model in `target`, which must be empty or new.

    ModelNotFoundError where there is no such model, or its package is gone or holds no model of Loupe's.
    """
    if target.exists() and any(target.iterdir()):
        raise InputError(f"{target} is not empty.")
    location = package_of(cloud, name)
    with tempfile.TemporaryDirectory() as temporary, translate_errors(cloud.where):
        archive = Path(temporary, "model.tar.gz")
        try:
            cloud.client("s3").download_file(location.bucket, location.key, str(archive))
        except ClientError as error:
            raise ModelNotFoundError(f"The package of {name}, {location}, is gone: {error}") from error
        target.mkdir(parents=True, exist_ok=True)
        try:
            _unpack(archive, target)
        except (tarfile.TarError, OSError, EOFError) as error:
            raise ModelNotFoundError(
                f"The package of {name}, {location}, can't be unpacked: {error}"
            ) from error
    if not all((target / file).is_file() for file in (MODEL_FILE, SPEC_FILE)):
        raise ModelNotFoundError(f"The package of {name}, {location}, holds no {MODEL_FILE} and {SPEC_FILE}.")
    return target


def package_of(cloud: Cloud, name: str) -> S3Location:
    """Where a SageMaker model's package lies. ModelNotFoundError."""
    with translate_errors(cloud.where):
        try:
            said = cloud.client("sagemaker").describe_model(ModelName=name)
        except ClientError as error:
            if "Could not find" in str(error):
                raise ModelNotFoundError(f"There is no model {name}.") from error
            raise
    container = said.get("PrimaryContainer") or (said.get("Containers") or [{}])[0]
    uri = container.get("ModelDataUrl")
    if not uri:
        raise ModelNotFoundError(f"The model {name} has no package in S3: it is all in its container.")
    return parse_s3_uri(uri)


def _unpack(archive: Path, target: Path) -> None:
    """Plain files of the root alone: nothing in an archive decides where it is written."""
    left = MAX_BYTES
    with tarfile.open(archive, "r:*", tarinfo=BoundedTarInfo) as packed:
        for member in members(packed):
            name = member.name.removeprefix("./")
            if not member.isfile() or "/" in name or name.startswith("."):
                continue
            left -= member.size
            if left < 0:
                raise tarfile.TarError(f"more than {MAX_BYTES // 1_000_000} MB")
            source = packed.extractfile(member)
            assert source is not None
            with source, (target / name).open("wb") as out:
                shutil.copyfileobj(source, out)
