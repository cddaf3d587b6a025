"""What SNS sends to people arrives: once each, in their protocol's words, within SNS's limits."""

import json
import smtplib
import urllib.request
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.cloud import running
from local.cloud.credentials import read_secret
from loupe.inbox import Inbox
from tests.integration.local.conftest import LocalCloud, failure
from tests.polling import WaitFor


@pytest.fixture
def topic(cloud: LocalCloud) -> str:
    arn: str = cloud.client("sns").create_topic(Name=f"topic-{uuid.uuid4().hex[:12]}")["TopicArn"]
    return arn


@pytest.fixture
def address() -> str:
    return f"{uuid.uuid4().hex[:12]}@example.com"


def messages(cloud: LocalCloud, to: str) -> list[dict[str, str]]:
    found = Inbox(cloud.url, cloud.state).messages()
    return [message.to_dict() for message in found if message.to == to]


def test_an_email_arrives_once_with_its_subject_and_body(
    cloud: LocalCloud, topic: str, address: str, wait_for: WaitFor
) -> None:
    sns = cloud.client("sns")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address)

    sns.publish(TopicArn=topic, Subject="Picture refused", Message="Größe: zu klein\n日本")
    sns.publish(TopicArn=topic, Message="the last one")

    wait_for(lambda: len(messages(cloud, address)) == 2, "two messages")
    first, last = messages(cloud, address)
    assert first["subject"] == "Picture refused"
    assert first["body"].startswith("Größe: zu klein\n日本\n")
    assert "unsubscribe" in first["body"]
    assert first["receivedAt"].endswith("Z")
    assert last["subject"] == "AWS Notification Message"


def test_each_protocol_gets_its_own_text(
    cloud: LocalCloud, topic: str, address: str, wait_for: WaitFor
) -> None:
    sns = cloud.client("sns")
    number = f"+1555{uuid.uuid4().int % 10**7:07}"
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address)
    sns.subscribe(TopicArn=topic, Protocol="email-json", Endpoint=f"json-{address}")
    sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint=number)
    texts = {"default": "anybody", "email": "a letter", "sms": "short"}

    sns.publish(TopicArn=topic, Subject="News", Message=json.dumps(texts), MessageStructure="json")

    letter = wait_for(lambda: messages(cloud, address), "the e-mail")
    text = wait_for(lambda: messages(cloud, number), "the text message")
    document = wait_for(lambda: messages(cloud, f"json-{address}"), "the JSON e-mail")
    assert letter[0]["body"].startswith("a letter\n")
    assert [(message["subject"], message["body"]) for message in text] == [("", "short")]
    envelope = json.loads(document[0]["body"])
    assert (envelope["Type"], envelope["Subject"], envelope["Message"]) == ("Notification", "News", "anybody")


def test_a_filter_policy_keeps_messages_away(
    cloud: LocalCloud, topic: str, address: str, wait_for: WaitFor
) -> None:
    sns = cloud.client("sns")
    policy = json.dumps({"kind": ["failure"]})
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address, Attributes={"FilterPolicy": policy})

    for kind in ("success", "failure"):
        attributes = {"kind": {"DataType": "String", "StringValue": kind}}
        sns.publish(TopicArn=topic, Message=kind, MessageAttributes=attributes)

    wait_for(lambda: messages(cloud, address), "the message")
    assert [message["body"].split("\n")[0] for message in messages(cloud, address)] == ["failure"]


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"Subject": "x" * 101, "Message": "m"}, "Subject"),
        ({"Subject": "two\nlines", "Message": "m"}, "Subject"),
        ({"Message": "x" * 262_145}, "Message too long"),
        ({"Message": "{}", "MessageStructure": "json"}, "No default entry in JSON message body"),
        ({"Message": "{", "MessageStructure": "json"}, "JSON message body failed to parse"),
    ],
    ids=["long subject", "line break", "long message", "no default", "not JSON"],
)
def test_a_message_over_the_limits_is_refused(
    cloud: LocalCloud, topic: str, arguments: dict[str, str], fault: str
) -> None:
    status, code, message = failure(lambda: cloud.client("sns").publish(TopicArn=topic, **arguments))

    assert (status, code) == (400, "InvalidParameter")
    assert fault in message


def test_a_message_at_the_limits_is_sent(
    cloud: LocalCloud, topic: str, address: str, wait_for: WaitFor
) -> None:
    sns = cloud.client("sns")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address)

    sns.publish(TopicArn=topic, Subject="x" * 100, Message="y" * 262_144)

    message = wait_for(lambda: messages(cloud, address), "the message")[0]
    assert message["subject"] == "x" * 100
    assert message["body"].count("y") >= 262_144


def test_a_text_message_without_a_topic_arrives(cloud: LocalCloud, wait_for: WaitFor) -> None:
    number = f"+1555{uuid.uuid4().int % 10**7:07}"

    cloud.client("sns").publish(PhoneNumber=number, Message="hello")

    assert wait_for(lambda: messages(cloud, number), "the text message")[0]["body"] == "hello"


def test_any_program_may_send_mail_to_the_inbox_but_not_too_much(cloud: LocalCloud, address: str) -> None:
    info = running(cloud.state)
    assert info is not None
    server = urlsplit(info.services["mail"].url)

    with smtplib.SMTP(str(server.hostname), server.port or 0, timeout=10) as connection:
        with pytest.raises(smtplib.SMTPSenderRefused):
            connection.sendmail("web@example.com", [address], "Subject: not let in\r\n\r\nhello\r\n")
        connection.login("loupe", read_secret(cloud.state))
        connection.sendmail("me@example.com", [address], "Subject: by hand\r\n\r\nhello\r\n")
        with pytest.raises(smtplib.SMTPException):
            connection.sendmail("me@example.com", [address], "Subject: big\r\n\r\n" + "x" * 2_000_000)

    assert [message["subject"] for message in messages(cloud, address)] == ["by hand"]


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An HTTP endpoint, and what was posted to it."""
    received: list[dict[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(json.loads(body) | {"header": self.headers["x-amz-sns-message-type"]})
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", received
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_webhook_of_a_stack_confirms_and_is_then_told(
    cloud: LocalCloud, webhook: tuple[str, list[dict[str, Any]]], wait_for: WaitFor
) -> None:
    url, received = webhook
    subscription = {"TopicArn": {"Ref": "Topic"}, "Protocol": "http", "Endpoint": url}
    template = {
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic"},
            "Hook": {"Type": "AWS::SNS::Subscription", "Properties": subscription},
        },
        "Outputs": {"Topic": {"Value": {"Ref": "Topic"}}},
    }
    cloudformation = cloud.client("cloudformation")
    cloudformation.create_stack(StackName="webhook", TemplateBody=json.dumps(template))
    asked = wait_for(lambda: received, "the request to confirm")[0]
    assert (asked["Type"], asked["header"]) == ("SubscriptionConfirmation", "SubscriptionConfirmation")
    wait_for(
        lambda: (
            cloudformation.describe_stacks(StackName="webhook")["Stacks"][0]["StackStatus"]
            == "CREATE_COMPLETE"
        ),
        "the stack",
    )
    topic = cloudformation.describe_stacks(StackName="webhook")["Stacks"][0]["Outputs"][0]["OutputValue"]
    sns = cloud.client("sns")
    sns.publish(TopicArn=topic, Message="before")

    with urllib.request.urlopen(asked["SubscribeURL"], timeout=10) as answer:
        assert answer.status == 200
    sns.publish(TopicArn=topic, Message="after")

    wait_for(lambda: len(received) > 1, "the notification")
    assert [(entry["Type"], entry["Message"]) for entry in received[1:]] == [("Notification", "after")]
