"""What jobs share: a container that runs to its end, is stopped, or runs out of time."""

import json
import re
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from local.sagemaker import artifacts
from local.sagemaker.containers import Container, base_environment
from local.sagemaker.credentials import CredentialsPaths
from local.sagemaker.errors import ArtifactError, ImageNotFoundError, JobError, validation_error
from local.sagemaker.images import Image, ImageTable
from local.sagemaker.logs import LogStream, pump
from local.sagemaker.roles import RoleSessions
from local.sagemaker.settings import REGION, Settings
from local.sagemaker.store import Job

_OPT_ML = re.compile(r"/opt/ml(?=/|$)")
_LOOK = 0.1
_MESSAGE_LENGTH = 1024
# The one host of a job; a name that resolves, since training toolkits look it up.
HOST = "localhost"
S3_PREFIX = "S3Prefix"
FINISHED = ("Completed", "Failed", "Stopped")
INTERNAL_ERROR = "InternalServerError: We encountered an internal error. Please try again."


@dataclass(frozen=True)
class Workshop:
    """What every run needs."""

    settings: Settings
    images: ImageTable
    roles: RoleSessions
    paths: CredentialsPaths


@dataclass(frozen=True)
class Ending:
    """How a container ended."""

    code: int
    why: Literal["exited", "stopped", "out of time"]


class JobRun:
    """One job's folder (its `/opt/ml`), log and process."""

    def __init__(self, workshop: Workshop, job: Job, kind: str, role_arn: str) -> None:
        self.job = job
        self.abandoned = False
        self._workshop = workshop
        self._role_arn = role_arn
        self._stop = threading.Event()
        self._container: Container | None = None
        folder = workshop.settings.state / "jobs"
        self.base = folder / kind / job.name / "opt" / "ml"
        self._log_file = folder / f"{kind}-{job.name}.log"
        stream = f"{job.name}/algo-1-{int(job.created)}"
        self._log = LogStream(
            lambda: workshop.roles.client("logs", role_arn), f"/aws/sagemaker/{kind}", stream
        )

    @property
    def stop_requested(self) -> bool:
        return self._stop.is_set()

    def stop(self) -> None:
        """Ask the container to end; it has the grace period of SageMaker to do so."""
        self._stop.set()

    def abandon(self) -> None:
        """Kill the container, because the service ends; the job's record stays as it is."""
        self.abandoned = True
        self._stop.set()
        if self._container is not None:
            self._container.kill()

    def s3(self) -> Any:
        """S3 as the job's role sees it."""
        return self._workshop.roles.client("s3", self._role_arn)

    def image(self, uri: str) -> Image:
        """The image's row; JobError as when it can't be pulled."""
        try:
            return self._workshop.images.find(uri)
        except ImageNotFoundError as error:
            raise JobError(
                f"ClientError: API error (404): manifest for {uri} not found: manifest unknown: Requested "
                "image not found"
            ) from error

    def prepare(self, folders: Sequence[str]) -> None:
        """An empty `/opt/ml` with these folders."""
        artifacts.fresh_folder(self.base)
        for folder in folders:
            (self.base / folder).mkdir(parents=True, exist_ok=True)

    def local(self, path: str) -> Path:
        """Where a container path, `/opt/ml/…`, is on this machine; JobError for any other."""
        match = _OPT_ML.match(path)
        try:
            if match is None:
                raise ArtifactError(f"{path!r} is not below /opt/ml")
            return artifacts.inside(self.base, path[match.end() :].lstrip("/"))
        except ArtifactError as error:
            raise JobError(f"ClientError: {error}") from error

    def localise(self, text: str) -> str:
        """Container paths in an argument or a variable, as paths of this machine."""
        return _OPT_ML.sub(str(self.base), text)

    def message(self, name: str) -> str:
        """What the container wrote into /opt/ml/output/NAME, at most 1 KB, in the container's own paths."""
        file = self.base / "output" / name
        text = file.read_text(errors="replace") if file.is_file() else ""
        return text.replace(str(self.base), "/opt/ml")[:_MESSAGE_LENGTH]

    def write_config(self, path: str, document: Mapping[str, Any]) -> None:
        """One of the contract's JSON files."""
        (self.base / path).write_text(json.dumps(document))

    def run(
        self,
        argv: Sequence[str],
        image: Image,
        environment: Mapping[str, str],
        seconds: float,
        on_line: Callable[[str], None] = lambda _line: None,
    ) -> Ending:
        """Run the container to its end; JobError if its command can't be started at all."""
        env = base_environment(self._workshop.settings, self._workshop.paths.path(self._role_arn)) | dict(
            image.env
        )
        env |= {name: self.localise(value) for name, value in environment.items()}
        env["SAGEMAKER_BASE_DIR"] = str(self.base)

        def take(line: str) -> None:
            self._log.put(line)
            on_line(line)

        self._container = Container([self.localise(part) for part in argv], env, self.base)
        reader = pump(self._container.output, self._log_file, take)
        ending = self._await(self._container, time.monotonic() + seconds)
        reader.join(5)
        return ending

    def _await(self, container: Container, deadline: float) -> Ending:
        grace = self._workshop.settings.stop_grace_seconds
        while True:
            try:
                return Ending(container.wait(_LOOK), "exited")
            except TimeoutError:
                if self.stop_requested:
                    return Ending(container.stop(grace), "stopped")
                if time.monotonic() >= deadline:
                    return Ending(container.stop(grace), "out of time")

    def clean_up(self) -> None:
        """Ship the log and remove the folder; the log's file stays."""
        self._log.close()
        shutil.rmtree(self.base.parents[1], ignore_errors=True)


def resource_config(instance_type: str) -> dict[str, Any]:
    """resourceconfig.json of a job on one instance."""
    group = "homogeneousCluster"
    return {
        "current_host": HOST,
        "current_instance_type": instance_type,
        "current_group_name": group,
        "hosts": [HOST],
        "instance_groups": [{"instance_group_name": group, "instance_type": instance_type, "hosts": [HOST]}],
        "network_interface_name": "lo",
    }


def check_role(roles: RoleSessions, role_arn: str) -> None:
    """Refuse a role that SageMaker may not assume, as AWS does when a job is created."""
    try:
        roles.credentials(role_arn)
    except ArtifactError as error:
        raise validation_error(
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows principal "
            "'sagemaker.amazonaws.com' to assume the role."
        ) from error


def no_objects(uri: str, role_arn: str, detail: str = "") -> str:
    """AWS's words for an input that has no objects, or none that the role may list."""
    bucket = artifacts.split_s3_uri(uri)[0]
    return (
        f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that the bucket'
        " exists in the "
        f"selected region ({REGION}), that objects exist under that S3 prefix, and that the role "
        f'"{role_arn}" has "s3:ListBucket" permissions on bucket "{bucket}".{detail}'
    )


def fetch_input(run: JobRun, uri: str, folder: Path, role_arn: str, kind: str = S3_PREFIX) -> None:
    """Download an input, of which `kind` is the S3DataType: S3Prefix or ManifestFile.

    JobError with AWS's reason if nothing comes or the role may not read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fetch = artifacts.download_prefix if kind == S3_PREFIX else artifacts.download_listed
    try:
        count = fetch(run.s3(), uri, folder)
    except ArtifactError as error:
        raise JobError(f"ClientError: Data download failed:{error}") from error
    if not count:
        raise JobError(f"ClientError: {no_objects(uri, role_arn)}")
