"""EventBridge delivers with permission, again after a failure, and at last to the dead-letter queue.

AWS: a rule acts on a state machine as the target's role and on queues, topics and functions by their own
policies. A throttled or failing target is tried again, with back-off, as the target's RetryPolicy allows; a
missing permission or resource is not. What cannot be delivered goes to the target's dead-letter queue with
attributes that say why. Stock MiniStack: delivers once, asks no permission, and only logs a failure.
"""

import contextvars
import json
import logging
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy
from ministack.services import eventbridge, lambda_svc, sns, sqs, stepfunctions

from local.cloud.gaps.service_role import refusal

SERVICE = "events.amazonaws.com"
DEFAULT_ATTEMPTS = 185
DEFAULT_AGE_SECONDS = 86_400
FIRST_DELAY_SECONDS = 1.0
MAX_DELAY_SECONDS = 60.0
_log = logging.getLogger(__name__)
_workers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="event-delivery")


class DeliveryError(Exception):
    """A delivery failed. `code` is the dead-letter message's ERROR_CODE; `again` whether trying again may
    help.
    """

    def __init__(self, code: str, message: str, again: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.again = again


@dataclass
class Delivery:
    """One event on its way to one target."""

    target: dict[str, Any]
    rule_arn: str
    payload: str
    event: str
    started: float
    attempts: int = 0

    @property
    def arn(self) -> str:
        """The target's ARN."""
        return str(self.target.get("Arn", ""))

    def exhausted(self) -> str | None:
        """Which limit of the retry policy is reached, by its name in the dead-letter message."""
        policy = self.target.get("RetryPolicy") or {}
        if self.attempts > int(policy.get("MaximumRetryAttempts", DEFAULT_ATTEMPTS)):
            return "MaximumRetryAttempts"
        if time.time() - self.started > int(policy.get("MaximumEventAgeInSeconds", DEFAULT_AGE_SECONDS)):
            return "MaximumEventAgeInSeconds"
        return None


def install() -> None:
    """Deliver to state machines, functions, queues and topics by this module."""
    eventbridge._invoke_target = _replacing(eventbridge._invoke_target)


def _replacing(stock: Callable[..., Any]) -> Callable[..., Any]:
    def invoke_target(
        target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None
    ) -> None:
        try:
            service = parse_arn(target.get("Arn", "")).service
        except ArnParseError:
            service = ""
        if service not in _SENDERS:
            stock(target, event, rule, view)
            return
        view = view or eventbridge._pattern_event_view(event)
        original = json.dumps(view.event_with_detail())
        delivery = Delivery(
            target, rule.get("Arn", ""), _payload(target, rule, view, original), original, time.time()
        )
        _submit(delivery)

    return invoke_target


def _submit(delivery: Delivery) -> None:
    # Threads start with an empty context, which would be another account's.
    context = contextvars.copy_context()
    _workers.submit(context.run, _attempt, delivery)


def _payload(target: dict[str, Any], rule: dict[str, Any], view: Any, original: str) -> str:
    if target.get("InputTransformer"):
        transformed = eventbridge._apply_input_transformer(target["InputTransformer"], rule, view)
        return original if transformed is None else str(transformed)
    if target.get("Input"):
        return str(target["Input"])
    value = json.loads(original)
    for part in str(target.get("InputPath") or "").lstrip("$").split("."):
        if part and not isinstance(value, dict):
            return original
        if part:
            value = value.get(part)
    return json.dumps(value)


def _attempt(delivery: Delivery) -> None:
    delivery.attempts += 1
    try:
        _SENDERS[parse_arn(delivery.arn).service](delivery)
    except DeliveryError as error:
        limit = delivery.exhausted() if error.again else None
        if error.again and limit is None:
            delay = min(FIRST_DELAY_SECONDS * 2 ** (delivery.attempts - 1), MAX_DELAY_SECONDS)
            timer = threading.Timer(
                random.uniform(delay / 2, delay), contextvars.copy_context().run, (_submit, delivery)
            )
            timer.daemon = True
            timer.start()
        else:
            _bury(delivery, error, limit)
    except Exception:
        _log.exception("delivery to %s broke", delivery.arn)


def _bury(delivery: Delivery, error: DeliveryError, limit: str | None) -> None:
    """Send the event to the target's dead-letter queue, if it has one that lets EventBridge."""
    queue = (delivery.target.get("DeadLetterConfig") or {}).get("Arn")
    _log.warning("event not delivered to %s: %s", delivery.arn, error)
    if not queue or not sqs.queue_policy_allows(
        queue, SERVICE, delivery.rule_arn, parse_arn(queue).account_id
    ):
        return
    attributes = {
        "RULE_ARN": delivery.rule_arn,
        "TARGET_ARN": delivery.arn,
        "ERROR_CODE": error.code,
        "ERROR_MESSAGE": str(error),
    }
    if limit:
        attributes["RETRY_ATTEMPTS"] = str(delivery.attempts - 1)
        attributes["EXHAUSTED_RETRY_CONDITION"] = limit
    url = sqs._queue_by_arn(queue)["url"]
    message = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
    sqs._act_send_message({"MessageBody": delivery.event, "MessageAttributes": message}, url)


def _start_execution(delivery: Delivery) -> None:
    if stepfunctions._resolve_state_machine_arn(delivery.arn) is None:
        raise DeliveryError("NO_RESOURCE", f"State machine {delivery.arn} does not exist")
    role = delivery.target.get("RoleArn", "")
    if reason := refusal(role, SERVICE, "states:StartExecution", delivery.arn):
        raise DeliveryError("NO_PERMISSIONS", reason)
    status, _, body = stepfunctions._start_execution(
        {"stateMachineArn": delivery.arn, "input": delivery.payload}
    )
    if status >= 400:
        answer = json.loads(body)
        code = str(answer.get("__type", "")).rpartition("#")[2]
        throttled = code in ("ExecutionLimitExceeded", "ThrottlingException", "ServiceUnavailable")
        raise DeliveryError(
            "THROTTLING" if throttled else "SDK_CLIENT_ERROR",
            f"{code}: {answer.get('message', '')}",
            again=throttled or status >= 500,
        )


def _invoke_function(delivery: Delivery) -> None:
    func, config, name = lambda_svc._get_func_record_for_ref(delivery.arn)
    if not func or not config:
        raise DeliveryError("NO_RESOURCE", f"Function {name} does not exist")
    # The function's own record holds the policies of its aliases, too; a version's record holds none.
    policy = lambda_svc.function_policy_for_arn(delivery.arn)
    if policy is None or not _permits(policy[0], delivery):
        raise DeliveryError(
            "NO_PERMISSIONS", f"{SERVICE} is not authorized to perform: lambda:InvokeFunction"
        )
    record = lambda_svc._execution_record_for_config(func, config)
    lambda_svc.invoke_async_with_retry(record, json.loads(delivery.payload))


def _permits(policy: Any, delivery: Delivery) -> bool:
    """Whether a function's policy lets this rule invoke it."""
    document = json.loads(policy) if isinstance(policy, str) else policy
    context = _as_eventbridge(delivery, "lambda:InvokeFunction")
    return bool(evaluate_resource_policy(document, context, service=SERVICE).decision == "Allow")


def _as_eventbridge(delivery: Delivery, action: str) -> Any:
    """The request of EventBridge itself, as policies see it."""
    spec = parse_arn(delivery.arn)
    return EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=delivery.arn,
        region=spec.region,
        service_context={"aws:sourcearn": delivery.rule_arn, "aws:sourceaccount": spec.account_id},
    )


def _send_to_queue(delivery: Delivery) -> None:
    spec = parse_arn(delivery.arn)
    if sqs._queue_by_arn(delivery.arn) is None:
        raise DeliveryError("NO_RESOURCE", f"Queue {delivery.arn} does not exist")
    if not sqs.queue_policy_allows(delivery.arn, SERVICE, delivery.rule_arn, spec.account_id):
        raise DeliveryError("NO_PERMISSIONS", f"{SERVICE} is not authorized to perform: sqs:SendMessage")
    eventbridge._dispatch_to_sqs(spec, delivery.payload, delivery.target.get("SqsParameters") or {})


def _publish(delivery: Delivery) -> None:
    if not sns._topic_by_arn_any_scope(delivery.arn):
        raise DeliveryError("NO_RESOURCE", f"Topic {delivery.arn} does not exist")
    policy = sns.topic_policy_for_arn(delivery.arn)
    context = _as_eventbridge(delivery, "sns:Publish")
    if evaluate_resource_policy(policy[0] if policy else None, context, service=SERVICE).decision != "Allow":
        raise DeliveryError("NO_PERMISSIONS", f"{SERVICE} is not authorized to perform: SNS:Publish")
    sns.publish_internal(delivery.arn, delivery.payload)


_SENDERS: dict[str, Callable[[Delivery], None]] = {
    "states": _start_execution,
    "lambda": _invoke_function,
    "sqs": _send_to_queue,
    "sns": _publish,
}
