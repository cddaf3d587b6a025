"""Tasks that call services: parameters, results and failures as AWS gives them, whatever the service.

AWS: any service of the SDK as `aws-sdk:…`; the optimised integrations answer with HTTP metadata beside the
result. The source of an S3 copy is URL-encoded by whoever names it, as the API wants it.
moto: renames nothing outside its own server, so that results keep boto3's names and bytes.
"""

import json
from typing import Any, cast
from urllib.parse import unquote

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from moto.stepfunctions.parser import quotas
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_lambda,
    state_task_service_unsupported,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (
    StateTaskService,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_dynamodb import (  # noqa: E501 (the path of a moto module)
    StateTaskServiceDynamoDB,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_events import (
    StateTaskServiceEvents,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda import (
    StateTaskServiceLambda,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sns import (
    StateTaskServiceSns,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sqs import (
    StateTaskServiceSqs,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_unsupported import (  # noqa: E501 (the path of a moto module)
    StateTaskServiceUnsupported,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackOutcomeFailureError,
    HeartbeatTimeoutError,
)
from moto.stepfunctions.parser.asl.utils import encoding

from local.states import credentials, failures, permissions, service_errors, service_names, shapes
from local.states.patching import replace, replace_everywhere

STATE_DATA_LIMIT = 256 * 1024
_SERVICES = (
    StateTaskServiceAwsSdk,
    StateTaskServiceDynamoDB,
    StateTaskServiceEvents,
    StateTaskServiceLambda,
    StateTaskServiceSfn,
    StateTaskServiceSns,
    StateTaskServiceSqs,
    StateTaskServiceUnsupported,
)
# Their results keep the API's own names: DynamoDB's BOOL, SQS's MD5OfMessageBody.
_KEEP_NAMES = {"dynamodb", "sqs", "lambda"}


class FunctionFailedError(Exception):
    """A function that ran and failed; `payload` is its answer as it came."""

    def __init__(self, payload: str) -> None:
        super().__init__(payload)
        self.payload = payload


class FailedEntryError(Exception):
    """PutEvents took some of its entries only; the message is what it answered."""


def within_limit(value: Any) -> bool:
    """Whether a state's data fits 256 KiB of JSON in UTF-8."""
    text = value if isinstance(value, str) else shapes.compact(value)
    return len(text) <= STATE_DATA_LIMIT and len(text.encode("utf-8", "surrogatepass")) <= STATE_DATA_LIMIT


def _call(
    self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: Any, state_credentials: Any
) -> None:
    service = service_names.boto_name(self.resource.api_name)
    operation = service_names.operation(service, self.resource.api_action)
    client = credentials.client(resource_runtime_part.region, service, state_credentials)
    if isinstance(self, StateTaskServiceEvents):
        self._normalised_request_parameters(env=env, parameters=normalised_parameters)
    parameters = shapes.to_request(normalised_parameters, operation.input_shape)
    if service == "s3" and isinstance(parameters.get("CopySource"), str):
        parameters["CopySource"] = unquote(parameters["CopySource"])  # boto3 encodes it itself
    response = getattr(client, xform_name(operation.name))(**parameters)
    metadata = response.get("ResponseMetadata", {})
    if isinstance(self, StateTaskServiceAwsSdk):
        env.stack.append(shapes.from_response(response, operation.output_shape))
        return
    if isinstance(self, StateTaskServiceLambda):
        response = _function_result(response)
    if isinstance(self, StateTaskServiceEvents) and response.get("FailedEntryCount"):
        raise FailedEntryError(shapes.compact({"Entries": response["Entries"], **_http(metadata)}))
    kept = self.resource.service_name in _KEEP_NAMES
    style = shapes.OPTIMISED_AS_SPELT if kept else shapes.OPTIMISED
    env.stack.append({**shapes.from_response(response, operation.output_shape, style), **_http(metadata)})


def _function_result(response: dict[str, Any]) -> dict[str, Any]:
    payload = response["Payload"].read().decode("utf-8", "replace")
    if response.get("FunctionError"):
        raise FunctionFailedError(payload)
    try:
        response["Payload"] = json.loads(payload)
    except ValueError:
        response["Payload"] = payload
    return response


def _http(metadata: dict[str, Any]) -> dict[str, Any]:
    headers = {str(name): str(value) for name, value in metadata.get("HTTPHeaders", {}).items()}
    return {
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [value] for name, value in headers.items()},
            "HttpHeaders": headers,
            "HttpStatusCode": metadata.get("HTTPStatusCode", 200),
        },
        "SdkResponseMetadata": {
            "RequestId": metadata.get("RequestId") or headers.get("x-amzn-requestid", "local")
        },
    }


def _from_error(self: Any, env: Any, ex: Exception) -> Any:
    if isinstance(ex, FailureEventException):
        return ex.failure_event
    if isinstance(ex, TimeoutError):
        event = self._get_timed_out_failure_event(env)
        if isinstance(ex, HeartbeatTimeoutError):
            event.error_name = failures.HeartbeatTimeoutName()
        return event
    if isinstance(ex, CallbackOutcomeFailureError):
        outcome = ex.callback_outcome_failure
        error, cause = outcome.error, outcome.cause
    else:
        error, cause = _named(self, ex)
    return failures.failure(
        env, error, cause, resource=self._get_sfn_resource(), resourceType=self._get_sfn_resource_type()
    ).failure_event


def _named(task: Any, ex: Exception) -> tuple[str, str]:
    """Error and cause of whatever a service call raised."""
    sdk = isinstance(task, StateTaskServiceAwsSdk)
    service = task.resource.service_name
    if isinstance(ex, ClientError):
        if sdk:
            return service_errors.sdk(service_names.boto_name(task.resource.api_name), ex)
        return service_errors.optimised(service, ex)
    if isinstance(ex, FunctionFailedError):
        return _function_error(ex.payload)
    if isinstance(ex, FailedEntryError):
        return "EventBridge.FailedEntry", str(ex)
    if isinstance(ex, BotoCoreError):
        prefix = (
            service_names.error_prefix(service_names.boto_name(task.resource.api_name))
            if sdk
            else service_errors.OPTIMISED[service].prefix
        )
        return f"{prefix}.SdkClientException", f"Unable to execute HTTP request: {ex}"
    if isinstance(ex, permissions.RoleError):
        return "States.Permissions", str(ex)
    return failures.RUNTIME, str(ex) or type(ex).__name__


def _function_error(payload: str) -> tuple[str, str]:
    try:
        error = json.loads(payload).get("errorType")
    except (ValueError, AttributeError):
        error = None
    if error:
        return str(error), payload
    return "Lambda.Unknown", (
        "The cause could not be determined because Lambda did not return an error type. "
        f"Returned payload: {payload}"
    )


def _arguments_within_limit(self: Any, env: Any) -> Any:
    parameters = _evaluate_arguments(self, env)
    if not within_limit(parameters):
        cause = (
            f"The state/task '{self.name}' has Arguments with a size exceeding the maximum number of bytes "
            "service limit."
        )
        raise failures.failure(env, failures.DATA_LIMIT, cause)
    return parameters


_evaluate_arguments = StateTask._eval_parameters


def _install_json() -> None:
    """History and causes hold compact JSON with letters as they are, as AWS writes it."""
    encoding.to_json_str.__defaults__ = ((",", ":"),)

    class Json:
        @staticmethod
        def dumps(value: Any, **keywords: Any) -> str:
            return json.dumps(value, ensure_ascii=False, **keywords)

    replace(encoding, "json", Json)


def install() -> None:
    _install_json()
    replace_everywhere("is_within_size_quota", quotas, within_limit)
    replace(StateTask, "_eval_parameters", _arguments_within_limit)
    replace(StateTaskService, "_from_error", _from_error)
    for kind in _SERVICES:
        replace(kind, "_eval_service_task", _call)
        if "_from_error" in vars(kind):
            replace(kind, "_from_error", _from_error)
    replace(StateTaskServiceLambda, "_normalise_parameters", _payload_bytes)
    replace(StateTaskServiceSqs, "_normalise_response", StateTaskService._normalise_response)
    state_task_service_lambda._SUPPORTED_API_PARAM_BINDINGS["invoke"].add("InvocationType")
    state_task_service_unsupported._SUPPORTED_INTEGRATION_PATTERNS.add(
        cast(ResourceCondition, ResourceCondition.Sync)
    )


def _payload_bytes(
    self: Any, parameters: Any, boto_service_name: Any = None, service_action_name: Any = None
) -> None:
    if "Payload" in parameters:
        parameters["Payload"] = lambda_eval_utils.to_payload_type(parameters["Payload"])
