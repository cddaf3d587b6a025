"""Asynchronous invocations.

AWS: an event waits in Lambda's queue. Throttled, it is tried again, with back-off, until it is six hours old;
failed by the function, it is tried twice more; then it goes as it came to the dead-letter queue, with
attributes that say why, and as a record to the failure destination. The function's role must be allowed to
send it. SNS's messages are such events. Stock MiniStack: counts a throttle as one of the three attempts, so
that a burst loses events, sends the record to the queue too, and tries a message of SNS once.
"""

import contextvars
import json
import logging
import random
import threading
import time
import uuid
from typing import Any

from ministack.core import lambda_runtime
from ministack.core.arn import parse_arn
from ministack.core.responses import _request_account_id, _request_region
from ministack.services import lambda_svc, sns, sqs

from local.cloud.gaps.service_role import refusal

SERVICE = "lambda.amazonaws.com"
MAX_AGE_SECONDS = 21_600
RETRIES = 2
# Lambda waits one minute, then two, after a function error; a person at a laptop does not.
FIRST_RETRY_SECONDS = 1.0
FIRST_THROTTLE_SECONDS = 0.25
MAX_THROTTLE_SECONDS = 5.0
DESTINATION_ACTIONS = {
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "lambda": "lambda:InvokeFunction",
    "events": "events:PutEvents",
}
_log = logging.getLogger(__name__)


def install() -> None:
    """Take the place of MiniStack's asynchronous path, and have SNS take it too."""
    lambda_svc.invoke_async_with_retry = invoke
    sns._deliver_to_lambda = deliver_from_sns


def invoke(func: dict[str, Any], event: Any) -> None:
    """Invoke the function later; returns at once."""
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_run, func, event), name="lambda-async", daemon=True).start()


def deliver_from_sns(endpoint: str, envelope: str, _topic: str, subscription: str, *_: Any) -> None:
    """Invoke the function of a subscription with a message, as MiniStack's fan-out has it."""
    func, config, name = lambda_svc._get_func_record_for_ref(endpoint)
    if not func or not config:
        _log.warning("SNS: there is no function %s", name)
        return
    message = {"EventVersion": "1.0", "EventSubscriptionArn": subscription, "EventSource": "aws:sns"}
    record = lambda_svc._execution_record_for_config(func, config)
    invoke(record, {"Records": [{**message, "Sns": json.loads(envelope)}]})


def _run(func: dict[str, Any], event: Any) -> None:
    config = func.get("config") or func
    account, region = lambda_runtime._account_region_from_function_config(config)
    _request_account_id.set(account)
    _request_region.set(region)
    rules = func.get("event_invoke_config") or (func.get("event_invoke_configs") or {}).get("$LATEST") or {}
    retries = rules.get("MaximumRetryAttempts")
    deadline = time.monotonic() + int(rules.get("MaximumEventAgeInSeconds") or MAX_AGE_SECONDS)
    result = _attempts(func, event, RETRIES if retries is None else int(retries), deadline)
    if not result.get("error"):
        return
    destination = ((rules.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    if destination and _may_send(config, destination):
        lambda_svc._route_async_failure(destination, config["FunctionName"], event, result)
    if queue := (config.get("DeadLetterConfig") or {}).get("TargetArn"):
        _bury(queue, config, event, result)


def _attempts(func: dict[str, Any], event: Any, retries: int, deadline: float) -> dict[str, Any]:
    """Invoke until it succeeds or may not be tried again; the last result."""
    failures = throttles = 0
    while True:
        result: dict[str, Any] = lambda_svc._execute_function(func, event)
        if not result.get("error"):
            return result
        if result.get("throttle"):
            delay = min(FIRST_THROTTLE_SECONDS * 2**throttles, MAX_THROTTLE_SECONDS)
            throttles += 1
        else:
            delay = FIRST_RETRY_SECONDS * 2**failures
            failures += 1
        delay = random.uniform(delay / 2, delay)
        if failures > retries or time.monotonic() + delay > deadline:
            return result
        time.sleep(delay)


def _may_send(config: dict[str, Any], destination: str) -> bool:
    action = DESTINATION_ACTIONS.get(parse_arn(destination).service, "")
    reason = refusal(config.get("Role", ""), SERVICE, action, destination)
    if reason:
        _log.warning("%s: failure record not sent: %s", config["FunctionName"], reason)
    return reason is None


def _bury(target: str, config: dict[str, Any], event: Any, result: dict[str, Any]) -> None:
    """Send the event to the function's dead-letter queue or topic."""
    name = config["FunctionName"]
    service = parse_arn(target).service
    action = DESTINATION_ACTIONS.get(service, "")
    if reason := refusal(config.get("Role", ""), SERVICE, action, target):
        _log.warning("%s: dead letter not sent: %s", name, reason)
        return
    body = result.get("body")
    message = str(body.get("errorMessage", "")) if isinstance(body, dict) else ""
    texts = {"RequestID": str(uuid.uuid4()), "ErrorMessage": message[:1024] or "Unhandled"}
    attributes = {key: {"DataType": "String", "StringValue": value} for key, value in texts.items()}
    attributes["ErrorCode"] = {
        "DataType": "Number",
        "StringValue": "429" if result.get("throttle") else "200",
    }
    if service == "sns":
        sns.publish_internal(target, json.dumps(event), message_attributes=attributes)
    elif queue := sqs._queue_by_arn(target):
        sqs._act_send_message(
            {"MessageBody": json.dumps(event), "MessageAttributes": attributes}, queue["url"]
        )
    else:
        _log.warning("%s: dead-letter queue %s does not exist", name, target)
