"""What an execution that did not succeed leaves in AWS, and removing it. All of it may be done again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from loupe_training.aws_errors import code_of, is_denied, is_missing, message_of
from loupe_training.deployment import BUSY, FAILED, IN_SERVICE, PREVIOUS_TAG
from loupe_training.names import Run

DELETING = "Deleting"
# The nested executions of import_dataset, build_model, release_model, in the order of the setting.
NESTED_PARTS = (("dataset", "backbone"), ("build",), ("release",))
# Of a job or an execution that was to be stopped: it runs no more, or never did.
ENDED = {"ValidationException", "ResourceNotFound", "ResourceNotFoundException", "ExecutionDoesNotExist"}


@dataclass
class Remains:
    """What is still there: `left_over` may not be removed by us, `busy` cannot be yet.

    `live`: the model serves.
    """

    left_over: list[str] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)
    live: bool = False


class Cleanup:
    """Stops what runs and removes what was made, unless it serves or may have to."""

    def __init__(self, sagemaker: Any, states: Any, nested_machines: tuple[str, ...]) -> None:
        self._sagemaker, self._states, self._nested = sagemaker, states, nested_machines

    def clean_up(self, run: Run, endpoint: str, superseded: bool) -> Remains:
        """`superseded`: another model took over from this one, which may be its way back."""
        remains = Remains()
        self._stop_executions(run, remains)
        self._stop_jobs(run, remains)
        self._remove_trial(run, remains)
        if self._is_free(run, endpoint, remains) and not superseded:
            self._remove_model(run, remains)
        return remains

    def _stop_executions(self, run: Run, remains: Remains) -> None:
        """Step Functions stops nested executions as best it can; here it is seen to."""
        for machine, parts in zip(self._nested, NESTED_PARTS, strict=True):
            prefix = f"{machine.replace(':stateMachine:', ':execution:')}:{run.name}"
            for arn in (f"{prefix}-{part}{suffix}" for part in parts for suffix in run.suffixes):
                stop = partial(self._states.stop_execution, executionArn=arn)
                self._stop(stop, f"the execution {arn}", remains)

    def _stop_jobs(self, run: Run, remains: Remains) -> None:
        for suffix in run.suffixes:
            for kind in ("prepare", "evaluate"):
                name = f"{run.name}-{kind}{suffix}"
                stop = partial(self._sagemaker.stop_processing_job, ProcessingJobName=name)
                self._stop(stop, f"the job {name}", remains)
            name = f"{run.name}-train{suffix}"
            stop = partial(self._sagemaker.stop_training_job, TrainingJobName=name)
            self._stop(stop, f"the job {name}", remains)

    def _stop(self, call: Callable[[], Any], what: str, remains: Remains) -> None:
        try:
            call()
        except ClientError as error:
            if is_denied(error):
                remains.left_over.append(f"{what}, if it runs")
            elif code_of(error) not in ENDED:
                remains.busy.append(f"{what} ({message_of(error)})")

    def _remove_trial(self, run: Run, remains: Remains) -> None:
        what = f"the endpoint {run.trial}"
        try:
            found = self._sagemaker.describe_endpoint(EndpointName=run.trial)
        except ClientError as error:
            if not is_missing(error):
                _keep(error, f"{what}, if it is there", remains)
            return
        if found["EndpointStatus"] == DELETING:
            return
        if found["EndpointStatus"] in BUSY:
            # An endpoint that is being created cannot be deleted yet.
            remains.busy.append(f"{what} ({found['EndpointStatus']})")
            return
        self._remove(lambda: self._sagemaker.delete_endpoint(EndpointName=run.trial), what, remains)

    def _is_free(self, run: Run, endpoint: str, remains: Remains) -> bool:
        """Whether the model neither serves nor may have to."""
        try:
            found = self._sagemaker.describe_endpoint(EndpointName=endpoint)
        except ClientError as error:
            if is_missing(error):
                return True
            _keep(error, f"the model {run.model}, unless it serves", remains)
            return False
        status, ours = found["EndpointStatus"], found["EndpointConfigName"] == run.model
        if ours and status == FAILED:
            # It was created for this model and never served.
            what = f"the endpoint {endpoint}"
            return self._remove(lambda: self._sagemaker.delete_endpoint(EndpointName=endpoint), what, remains)
        if ours and status != DELETING:
            remains.live = status != "Creating"
            if not remains.live:
                remains.busy.append(f"the endpoint {endpoint} ({status})")
            return False
        if status in BUSY and _pending(found) in (None, run.model):
            # An update is under way, and it may be to this model.
            remains.busy.append(f"the endpoint {endpoint} ({status})")
            return False
        return status != IN_SERVICE or self._way_back(found) != run.model

    def _way_back(self, found: Mapping[str, Any]) -> str | None:
        """The configuration that what serves now would go back to."""
        try:
            config = self._sagemaker.describe_endpoint_config(EndpointConfigName=found["EndpointConfigName"])
            tags = self._sagemaker.list_tags(ResourceArn=config["EndpointConfigArn"])["Tags"]
        except ClientError as error:
            if is_missing(error) or is_denied(error):
                return None
            raise
        return {tag["Key"]: tag["Value"] for tag in tags}.get(PREVIOUS_TAG)

    def _remove_model(self, run: Run, remains: Remains) -> None:
        """Only SageMaker's entries: model.tar.gz and the report stay."""
        self._remove(
            lambda: self._sagemaker.delete_endpoint_config(EndpointConfigName=run.model),
            f"the endpoint configuration {run.model}",
            remains,
        )
        self._remove(
            lambda: self._sagemaker.delete_model(ModelName=run.model), f"the model {run.model}", remains
        )

    def _remove(self, call: Callable[[], Any], what: str, remains: Remains) -> bool:
        try:
            call()
        except ClientError as error:
            if not is_missing(error):
                _keep(error, what, remains)
                return False
        return True


def _keep(error: ClientError, what: str, remains: Remains) -> None:
    if is_denied(error):
        remains.left_over.append(what)
    else:
        remains.busy.append(f"{what} ({message_of(error)})")


def _pending(found: Mapping[str, Any]) -> str | None:
    """The configuration that an update under way is to, where SageMaker says it."""
    name = found.get("PendingDeploymentSummary", {}).get("EndpointConfigName")
    return str(name) if name else None
