"""SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat.

AWS: a token that isn't waited for any more is TaskTimedOut, one that never was is InvalidToken, an output
that isn't JSON is InvalidOutput. MiniStack: knows its own interpreter's tokens only, and calls every other
TaskDoesNotExist.
"""

import json
import threading
from collections import OrderedDict
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import stepfunctions
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackEndpoint,
    CallbackOutcomeFailure,
    CallbackOutcomeSuccess,
    CallbackPoolManager,
)

from local.states.patching import replace

_REMEMBERED_TOKENS = 10_000
_lock = threading.Lock()
_endpoints: OrderedDict[str, Any] = OrderedDict()


def _endpoint(data: dict[str, Any]) -> Any:
    """The waiting task's endpoint, or the answer that says why there is none."""
    with _lock:
        endpoint = _endpoints.get(data.get("taskToken", ""))
    if endpoint is None:
        return error_response_json("InvalidToken", "Invalid Token: 'Invalid token'", 400)
    if endpoint._notify_event.is_set():
        return error_response_json(
            "TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'", 400
        )
    return endpoint


def _succeed(data: dict[str, Any]) -> Any:
    endpoint = _endpoint(data)
    if not isinstance(endpoint, CallbackEndpoint):
        return endpoint
    output = str(data.get("output", ""))
    try:
        json.loads(output)
    except ValueError as error:
        return error_response_json("InvalidOutput", f"Invalid Output: '{error}'", 400)
    endpoint.notify(CallbackOutcomeSuccess(callback_id=endpoint.callback_id, output=output))
    return json_response({})


def _fail(data: dict[str, Any]) -> Any:
    endpoint = _endpoint(data)
    if not isinstance(endpoint, CallbackEndpoint):
        return endpoint
    endpoint.notify(
        CallbackOutcomeFailure(
            callback_id=endpoint.callback_id, error=data.get("error") or "", cause=data.get("cause")
        )
    )
    return json_response({})


def _heartbeat(data: dict[str, Any]) -> Any:
    endpoint = _endpoint(data)
    if not isinstance(endpoint, CallbackEndpoint):
        return endpoint
    endpoint.notify_heartbeat()
    return json_response({})


def install() -> None:
    add = CallbackPoolManager.add

    def remembered(self: Any, callback_id: str) -> Any:
        endpoint = add(self, callback_id)
        with _lock:
            _endpoints[callback_id] = endpoint
            while len(_endpoints) > _REMEMBERED_TOKENS:
                _endpoints.popitem(last=False)
        return endpoint

    replace(CallbackPoolManager, "add", remembered)
    replace(stepfunctions, "_send_task_success", _succeed)
    replace(stepfunctions, "_send_task_failure", _fail)
    replace(stepfunctions, "_send_task_heartbeat", _heartbeat)
