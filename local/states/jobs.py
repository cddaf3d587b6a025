"""Tasks that wait: for a job (`.sync`), for an execution (`.sync:2`), for a token (`.waitForTaskToken`).

AWS: a job that fails is States.TaskFailed with the job's description as cause; when the task times out or
the execution is stopped, Step Functions stops the job too. It learns of a job's end by an event, so no single
call decides; here the job is asked again and again, and a service that fails at it is asked once more.
moto: knows no SageMaker jobs, stops nothing, and is deaf to a stop while it waits.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (  # noqa: E501 (the path of a moto module)
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_unsupported import (  # noqa: E501 (the path of a moto module)
    StateTaskServiceUnsupported,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackOutcomeTimedOut, HeartbeatTimedOut

from local.states import credentials, failures, service_names, shapes
from local.states.patching import replace
from local.states.waits import wait_unless_stopped

_FIRST_POLL_SECONDS = 0.2
_MAX_POLL_SECONDS = 2.0
_TOKEN_POLL_SECONDS = 0.2
_SAGEMAKER_JOBS = {f"create{kind}Job": kind for kind in ("Training", "Transform", "Processing")}


@dataclass(frozen=True)
class Job:
    """What was submitted: `poll` returns its result, None while it runs, or raises; `cancel` stops it."""

    poll: Callable[[], Any]
    cancel: Callable[[], Any]


def _describe(task: Any, client: Any, service: str, action: str, **parameters: Any) -> Any:
    operation = service_names.operation(service, action)
    response = getattr(client, xform_name(operation.name))(**parameters)
    return shapes.from_response(response, operation.output_shape, shapes.OPTIMISED)


def _failed(task: Any, env: Any, description: Any) -> FailureEventException:
    return failures.failure(
        env,
        failures.TASK_FAILED,
        shapes.compact(description),
        resource=task._get_sfn_resource(),
        resourceType=task._get_sfn_resource_type(),
    )


def _sagemaker_job(
    self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: Any, state_credentials: Any
) -> Job:
    kind = _SAGEMAKER_JOBS.get(self.resource.api_action)
    if self.resource.service_name != "sagemaker" or kind is None:
        raise RuntimeError(f"The resource {self.resource.resource_arn} cannot be waited for.")
    env.stack.pop()
    client = credentials.client(resource_runtime_part.region, "sagemaker", state_credentials)
    name = {f"{kind}JobName": normalised_parameters[f"{kind}JobName"]}

    def poll() -> Any:
        job = _describe(self, client, "sagemaker", f"describe{kind}Job", **name)
        if job[f"{kind}JobStatus"] == "Failed":
            raise _failed(self, env, job)
        return job if job[f"{kind}JobStatus"] in ("Completed", "Stopped") else None

    return Job(poll, lambda: getattr(client, f"stop_{kind.lower()}_job")(**name))


def _execution(
    self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: Any, state_credentials: Any
) -> Job:
    arn = env.stack.pop()["ExecutionArn"]
    client = credentials.client(resource_runtime_part.region, "stepfunctions", state_credentials)
    parsed = self.resource.condition == ResourceCondition.Sync2

    def poll() -> Any:
        found = _describe(self, client, "stepfunctions", "describeExecution", executionArn=arn)
        if found["Status"] == "RUNNING":
            return None
        for key in ("Input", "Output") if parsed else ():
            if isinstance(found.get(key), str):
                found[key] = json.loads(found[key])
        if found["Status"] != "SUCCEEDED":
            raise _failed(self, env, found)
        return found

    return Job(poll, lambda: client.stop_execution(executionArn=arn))


def _wait_for_job(
    self: Any,
    env: Any,
    sync_resolver: Any,
    timeout_seconds: Any,
    callback_endpoint: Any,
    heartbeat_endpoint: Any,
) -> Any:
    pause = _FIRST_POLL_SECONDS
    while env.is_running():
        if callback_endpoint is not None and callback_endpoint.get_outcome() is not None:
            return callback_endpoint.get_outcome()  # somebody answered the task's token
        try:
            result = sync_resolver.poll()
        except (ClientError, BotoCoreError) as error:
            if not _passes(error):
                raise
            result = None
        if result is not None:
            return result
        wait_unless_stopped(env, pause)
        pause = min(pause * 1.3, _MAX_POLL_SECONDS)
    try:
        sync_resolver.cancel()
    except (ClientError, BotoCoreError):
        return None  # it ended by itself, or the role may not stop it
    return None


def _passes(error: ClientError | BotoCoreError) -> bool:
    """Whether a failed call says nothing of the job: no answer, or the service's own fault."""
    if isinstance(error, ClientError):
        return bool(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500)
    return True


def _wait_for_token(
    self: Any, env: Any, timeout_seconds: Any, callback_endpoint: Any, heartbeat_endpoint: Any
) -> Any:
    """Until the token is answered, no heartbeat came in time, or the task's environment ended."""
    with env.aws_execution_details.waiting():
        silent = 0.0
        while env.is_running():
            if (
                callback_endpoint._notify_event.wait(_TOKEN_POLL_SECONDS)
                and callback_endpoint.get_outcome() is not None
            ):
                return callback_endpoint.get_outcome()
            if heartbeat_endpoint is None:
                continue
            silent += _TOKEN_POLL_SECONDS
            if heartbeat_endpoint._next_heartbeat_event.is_set():
                heartbeat_endpoint._next_heartbeat_event.clear()
                silent = 0.0
            elif silent >= heartbeat_endpoint._heartbeat_seconds:
                return HeartbeatTimedOut()
    return CallbackOutcomeTimedOut(callback_id=callback_endpoint.callback_id)


def install() -> None:
    replace(StateTaskServiceUnsupported, "_build_sync_resolver", _sagemaker_job)
    replace(StateTaskServiceSfn, "_build_sync_resolver", _execution)
    replace(StateTaskServiceSfn, "_build_sync2_resolver", _execution)
    replace(StateTaskServiceCallback, "_eval_sync", _wait_for_job)
    replace(StateTaskServiceCallback, "_eval_wait_for_task_token", _wait_for_token)
