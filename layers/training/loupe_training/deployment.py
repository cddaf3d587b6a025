"""Bringing a model into service on the live endpoint, one look at a time.

Each call looks at the endpoint and takes the next step, if there is one to take; the state machine waits
between the calls. What a call did before its answer was lost is found by the next one.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from loupe_training.aws_errors import is_missing, message_of, translated
from loupe_training.errors import DeploymentFailedError, SupersededError

MAX_LOOKS = 300
BUSY = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")
IN_SERVICE, FAILED = "InService", "Failed"
PREVIOUS_TAG = "loupe:previous-endpoint-config"
NO_REASON = "SageMaker gave no reason."


@dataclass(frozen=True)
class Progress:
    """How far a deployment is. `previous` is the configuration that served before, "" where none did."""

    started: bool = False
    live: bool = False
    previous: str = ""
    looks: int = 0

    @classmethod
    def parse(cls, given: Mapping[str, Any] | None) -> "Progress":
        return cls(**given) if given else cls()

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Deployment:
    """One endpoint, and the configuration that it shall serve."""

    def __init__(self, sagemaker: Any, endpoint: str, config: str, stack_name: str) -> None:
        self._sagemaker = sagemaker
        self._endpoint, self._config, self._stack_name = endpoint, config, stack_name

    def advance(self, before: Progress) -> Progress:
        """Raises DeploymentFailedError, SupersededError, AccessDeniedError, ServiceUnavailableError."""
        progress = replace(before, looks=before.looks + 1)
        found = self._find()
        status = found["EndpointStatus"] if found else None
        if status in BUSY and progress.looks <= MAX_LOOKS:
            return progress
        if found and found["EndpointConfigName"] == self._config and status == IN_SERVICE:
            return replace(progress, started=True, live=True)
        if progress.started:
            raise self._lost(found, progress)
        return self._start(found, progress)

    def _find(self) -> dict[str, Any] | None:
        try:
            with translated("sagemaker:DescribeEndpoint"):
                found: dict[str, Any] = self._sagemaker.describe_endpoint(EndpointName=self._endpoint)
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        return found

    def _start(self, found: dict[str, Any] | None, progress: Progress) -> Progress:
        if found is None:
            with translated("sagemaker:CreateEndpoint"):
                self._sagemaker.create_endpoint(
                    EndpointName=self._endpoint,
                    EndpointConfigName=self._config,
                    Tags=[{"Key": "loupe:stack", "Value": self._stack_name}],
                )
            return replace(progress, started=True, looks=0)
        status, previous = found["EndpointStatus"], found["EndpointConfigName"]
        if status == FAILED:
            # One that never served cannot be updated: it is made anew at the next look.
            with translated("sagemaker:DeleteEndpoint"):
                self._sagemaker.delete_endpoint(EndpointName=self._endpoint)
            return progress
        if status != IN_SERVICE:
            raise DeploymentFailedError(
                f"The endpoint {self._endpoint} was being changed by somebody else for an hour; "
                f"its status is {status}."
            )
        started = self._update(found, previous)
        return replace(progress, started=True, previous=previous, looks=0) if started else progress

    def _update(self, found: Mapping[str, Any], previous: str) -> bool:
        """Whether SageMaker took the update; it does not while somebody else's is under way."""
        with translated("sagemaker:DescribeEndpointConfig"):
            config = self._sagemaker.describe_endpoint_config(EndpointConfigName=self._config)
        with translated("sagemaker:AddTags"):
            # Where `loupe rollback` goes back to.
            tag = {"Key": PREVIOUS_TAG, "Value": previous}
            self._sagemaker.add_tags(ResourceArn=config["EndpointConfigArn"], Tags=[tag])
        try:
            with translated("sagemaker:UpdateEndpoint"):
                self._sagemaker.update_endpoint(
                    EndpointName=self._endpoint,
                    EndpointConfigName=self._config,
                    **retained(found, config["ProductionVariants"]),
                )
        except ClientError as error:
            if "in-progress" in message_of(error) or "in progress" in message_of(error):
                return False
            raise DeploymentFailedError(
                f"SageMaker refused to update the endpoint {self._endpoint}: {message_of(error)}"
            ) from error
        return True

    def _lost(self, found: Mapping[str, Any] | None, progress: Progress) -> Exception:
        """Why a deployment that was started is not live."""
        if found is None:
            return DeploymentFailedError(
                f"The endpoint {self._endpoint} was deleted while it took the new model."
            )
        status, config = found["EndpointStatus"], found["EndpointConfigName"]
        if status == IN_SERVICE and config != progress.previous:
            # Only once ours was done could another update begin: ours may be its way back, and stays.
            return SupersededError(
                f"The endpoint {self._endpoint} was given to another model (configuration {config}) "
                "before this one was seen to be live."
            )
        return DeploymentFailedError(
            f"The endpoint {self._endpoint} did not take the new model (status {status}, configuration "
            f"{config}): {found.get('FailureReason') or NO_REASON}"
        )


def retained(found: Mapping[str, Any], variants: list[Mapping[str, Any]]) -> dict[str, Any]:
    """UpdateEndpoint's arguments that keep how many instances the endpoint's owner has scaled it to.

    Only variants of the same name, on instances before and after, have a count to keep. Their weight and what
    is captured come with the new configuration.
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html
    """
    now = {
        each["VariantName"] for each in found.get("ProductionVariants", []) if "CurrentInstanceCount" in each
    }
    then = {each["VariantName"] for each in variants if "InstanceType" in each}
    if not now & then:
        return {}
    excluded = [{"VariantPropertyType": kind} for kind in ("DesiredWeight", "DataCaptureConfig")]
    return {"RetainAllVariantProperties": True, "ExcludeRetainedVariantProperties": excluded}
