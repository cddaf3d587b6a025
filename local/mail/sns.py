"""SNS to people: e-mail by SMTP, text messages into the same inbox, and the limits that Publish has on AWS.

AWS: every confirmed e-mail and SMS subscription gets its protocol's text once; a subject over 100 characters
or with control characters is refused as InvalidParameter, as is a JSON message structure without a default;
an HTTP endpoint that a template subscribes is asked to confirm. Stock MiniStack: only logs e-mail and SMS,
takes any subject, and never asks the endpoints of a template's subscriptions.
"""

import asyncio
import json
import re
import threading
from collections.abc import Callable
from typing import Any

from ministack.services import sns
from ministack.services.cloudformation import provisioners

from local.mail.delivery import MailSender

MAX_SUBJECT = 100
_SUBJECT = re.compile(r"[!-~][ -~]*")
_DEFAULT_SUBJECT = "AWS Notification Message"
_FOOTER = """

--
If you wish to stop receiving notifications from this topic, please click or visit the link below \
to unsubscribe:
{url}

Please do not reply directly to this email. If you have any questions or comments regarding this email, \
please contact us at https://aws.amazon.com/support
"""


def install(sender: MailSender) -> None:
    """Deliver what SNS sends to people by the sender, and refuse what SNS refuses."""
    sns._publish = _checked(sns._publish, sender)
    sns._fanout = _delivering(sns._fanout, sender)
    for kind in ("AWS::SNS::Subscription", "AWS::SNS::Topic"):
        handler = provisioners._RESOURCE_HANDLERS[kind]
        handler["create"] = _confirming(handler["create"])


def publish_fault(params: dict[str, Any]) -> str | None:
    """Why SNS refuses this Publish, in its words, or None. `params` are the request's, each a list of one."""
    subject, message = sns._p(params, "Subject"), sns._p(params, "Message")
    if subject and (len(subject) > MAX_SUBJECT or not _SUBJECT.fullmatch(subject)):
        return "Invalid parameter: Subject"
    if not message:
        return "Invalid parameter: Empty message"
    if sns._p(params, "MessageStructure") != "json":
        return None
    try:
        texts = json.loads(message)
    except ValueError:
        return "Invalid parameter: Message Structure - JSON message body failed to parse"
    if not isinstance(texts, dict) or not isinstance(texts.get("default"), str):
        return "Invalid parameter: Message Structure - No default entry in JSON message body"
    return None


def _checked(publish: Callable[[Any], Any], sender: MailSender) -> Callable[[Any], Any]:
    def checked(params: dict[str, Any]) -> Any:
        if fault := publish_fault(params):
            return sns._error("InvalidParameter", fault, 400)
        answer = publish(params)
        phone = sns._p(params, "PhoneNumber")
        if phone and not sns._p(params, "TopicArn") and answer[0] < 400:
            text = sns._resolve_message_for_protocol(
                sns._p(params, "Message"), sns._p(params, "MessageStructure"), "sms"
            )
            sender.text(phone, text)
        return answer

    return checked


def _delivering(fanout: Callable[..., Any], sender: MailSender) -> Callable[..., Any]:
    def deliver(
        topic_arn: str,
        message_id: str,
        message: str,
        subject: str,
        structure: str = "",
        attributes: dict[str, Any] | None = None,
        *rest: Any,
        **named: Any,
    ) -> Any:
        topic = sns._topic_by_arn_any_scope(topic_arn) or {}
        for subscription in list(topic.get("subscriptions", [])):
            protocol = subscription.get("protocol")
            if protocol not in ("email", "email-json", "sms") or not subscription.get("confirmed"):
                continue
            text = sns._resolve_message_for_protocol(message, structure, protocol)
            if not sns._matches_filter_policy(subscription, attributes or {}, text):
                continue
            if protocol == "sms":
                sender.text(subscription["endpoint"], text)
                continue
            if protocol == "email-json":
                body = sns._build_envelope(topic_arn, message_id, text, subject, attributes or {}, False)
            else:
                body = text + _FOOTER.format(url=_unsubscribe_url(subscription))
            sender.mail(subscription["endpoint"], subject or _DEFAULT_SUBJECT, body)
        return fanout(topic_arn, message_id, message, subject, structure, attributes, *rest, **named)

    return deliver


def _unsubscribe_url(subscription: dict[str, Any]) -> str:
    return f"http://{sns._HOST}:{sns._PORT}/?Action=Unsubscribe&SubscriptionArn={subscription['arn']}"


def _confirming(create: Callable[..., Any]) -> Callable[..., Any]:
    """Ask the HTTP endpoints that the resource subscribes to confirm, as Subscribe does."""

    def create_and_ask(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        answer = create(logical_id, properties, stack)
        topic_arn = properties.get("TopicArn") or answer[0]
        topic = sns._topic_by_arn_any_scope(topic_arn) or {}
        for subscription in topic.get("subscriptions", []):
            if subscription.get("confirmed") or subscription.get("token"):
                continue
            subscription["token"] = sns.new_uuid()
            asking = sns._send_subscription_confirmation(topic_arn, subscription)
            threading.Thread(target=asyncio.run, args=(asking,), daemon=True).start()
        return answer

    return create_and_ask
