"""An endpoint that a model is tried on: made, asked for pictures whose answers are known, and removed."""

import contextlib
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from loupe.aws import Cloud
from loupe.errors import CommandError, ModelRefusedError
from loupe_core.confidence import percent
from model.check import Report

POLL_SECONDS = 1.0
WAIT_SECONDS = 1800.0
TOLERANCE = 0.02
"""Another processor rounds differently; a score may move by so much."""


class TrialEndpoint:
    """One endpoint by its name, which may become the live one."""

    def __init__(self, cloud: Cloud, name: str, wait: Callable[[float], None] = time.sleep) -> None:
        self.name = name
        self._cloud, self._wait_for = cloud, wait
        self._sagemaker = cloud.client("sagemaker")

    def make(self, config: str) -> None:
        """CreateEndpoint, and wait until it is in service; ModelRefusedError gives SageMaker's reason."""
        self.remove()
        self._sagemaker.create_endpoint(EndpointName=self.name, EndpointConfigName=config)
        status = self.wait_while("Creating")
        if status != "InService":
            said = self._sagemaker.describe_endpoint(EndpointName=self.name)
            raise ModelRefusedError(
                f"The endpoint {self.name} did not come into service: {said.get('FailureReason') or status}"
            )

    def ask(self, pictures: Mapping[str, bytes], checked: Report) -> None:
        """Raises ModelRefusedError when an answer is other than the check's, on this machine, was."""
        for name, picture in pictures.items():
            label, score = self._classify(name, picture)
            here = checked.answers[name]
            if abs(score - here.score) > TOLERANCE or (label != here.label and here.score > 2 * TOLERANCE):
                raise ModelRefusedError(
                    f"The endpoint {self.name} says {label} ({percent(score)}) to {name}, where the model "
                    f"says {here.label} ({percent(here.score)}): is the container's image another version?"
                )

    def remove(self) -> None:
        """DeleteEndpoint, and wait until it is gone; nothing where there is none."""
        if self.wait_while("Creating") is None:  # SageMaker refuses to delete it before
            return
        self._sagemaker.delete_endpoint(EndpointName=self.name)
        while self.wait_while("Deleting") is not None:
            self._wait_for(POLL_SECONDS)

    def remove_if_possible(self) -> None:
        """The same after a failure, which it must not hide."""
        with contextlib.suppress(ClientError, CommandError):
            self.remove()

    def wait_while(self, *statuses: str) -> str | None:
        """Its status once it is none of these; None when there is no such endpoint."""
        deadline = time.monotonic() + WAIT_SECONDS
        while (status := self._status()) in statuses:
            if time.monotonic() > deadline:
                raise CommandError(f"The endpoint {self.name} has been {status} for half an hour.")
            self._wait_for(POLL_SECONDS)
        return status

    def _classify(self, name: str, picture: bytes) -> tuple[str, float]:
        kind = "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"
        runtime = self._cloud.client("sagemaker-runtime")
        try:
            answer = runtime.invoke_endpoint(
                EndpointName=self.name, ContentType=kind, Accept="application/json", Body=picture
            )
            said: dict[str, Any] = json.loads(answer["Body"].read())
            return str(said["labels"][0]), float(said["scores"][0])
        except (ClientError, ValueError, KeyError, IndexError, TypeError) as error:
            raise ModelRefusedError(f"The endpoint {self.name} does not classify {name}: {error}") from error

    def _status(self) -> str | None:
        try:
            return str(self._sagemaker.describe_endpoint(EndpointName=self.name)["EndpointStatus"])
        except ClientError as error:
            if "Could not find" in str(error):
                return None
            raise
