"""Is a deployed stack whole, does it classify, and does anybody hear of it?"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from loupe.aws import Cloud
from loupe.aws_errors import error_code, translate_errors
from loupe.doctor.findings import STACK, Check, Finding, guarded
from loupe.doctor.quotas import check_concurrency, check_instances
from loupe.errors import StackNotFoundError
from loupe.stack import Stack, physical_ids
from loupe.stacks import STACKS

PENDING_INDEX = "pending-leaseUntil-index"
# The first digit of a picture's id: layers/core/loupe_core/records.py.
PENDING_PARTITIONS = "0123456789abcdef"
# finalize_images looks every minute: what a few rounds did not finish, it cannot.
PENDING_GRACE = timedelta(minutes=5)
OUTCOMES, DEAD_LETTERS = "OutcomesQueue", "UndeliveredEvents"


def check_stack(cloud: Cloud, core: str, now: datetime | None = None) -> Iterator[Finding]:
    """All of this module's checks; only whether the stacks are there where the core is not."""
    yield from guarded(Check(STACK, "deployed"), lambda: check_deployed(cloud, core))
    try:
        stack = cloud.stack(core)
    except StackNotFoundError:
        return
    checks = {
        "endpoint": lambda: check_endpoint(cloud, stack),
        "subscriptions": lambda: check_subscriptions(cloud, stack),
        "alarms": lambda: check_alarms(cloud, stack),
        "pending": lambda: check_pending(cloud, stack, now or datetime.now(UTC)),
        "queues": lambda: check_queues(cloud, stack),
        "concurrency": lambda: check_concurrency(cloud),
        "instances": lambda: check_instances(cloud, core),
    }
    for name, look in checks.items():
        yield from guarded(Check(STACK, name), look)


def check_deployed(cloud: Cloud, core: str) -> Iterator[Finding]:
    for source in STACKS:
        name = source.stack_name(core)
        check = Check(STACK, name)
        try:
            stack = cloud.single_stack(name)
        except StackNotFoundError:
            if source.is_core:
                yield check.problem(
                    f"The stack {name} is not deployed at {cloud.where}.",
                    "Deploy it (`loupe up` locally, `make deploy` on AWS), or name another with --stack.",
                )
            else:
                yield check.ok(f"{name} is not deployed; what it is for is not there.")
            continue
        if stack.deployed:
            yield check.ok(f"{name} is {stack.status}.")
        elif stack.status.endswith("_IN_PROGRESS"):
            yield check.warning(f"{name} is {stack.status}.", "Wait until CloudFormation is through.")
        else:
            yield check.problem(
                f"{name} is {stack.status}.",
                f"The first failure says why: aws cloudformation describe-stack-events --stack-name {name}",
            )


def check_endpoint(cloud: Cloud, stack: Stack) -> Iterator[Finding]:
    """The endpoint that classifies; none where a function does so in its place."""
    check = Check(STACK, "endpoint")
    if classifier := stack.parameters.get("ClassifierFunctionArn"):
        yield check.ok(f"{classifier} classifies in an endpoint's place.")
        return
    name = stack.output("EndpointName")
    bring = "Bring a model: loupe model deploy photos"
    with translate_errors(cloud.where):
        try:
            said = cloud.client("sagemaker").describe_endpoint(EndpointName=name)
        except ClientError as error:
            # As SageMaker says that there is none.
            if error_code(error) != "ValidationException":
                raise
            yield check.problem(f"There is no endpoint {name}, so that every picture fails.", bring)
            return
    status = said["EndpointStatus"]
    if status == "InService":
        yield check.ok(f"The endpoint {name} is in service.")
    elif status in ("Updating", "SystemUpdating", "RollingBack"):
        yield check.warning(
            f"The endpoint {name} is {status}; it classifies meanwhile.", "Wait until it is through."
        )
    elif status == "Creating":
        yield check.warning(f"The endpoint {name} is being created; pictures fail until then.", "Wait.")
    else:
        why = f" ({said['FailureReason']})" if said.get("FailureReason") else ""
        yield check.problem(f"The endpoint {name} is {status}{why}.", bring)


def check_subscriptions(cloud: Cloud, stack: Stack) -> Iterator[Finding]:
    """Who hears of results and of alarms. What is not confirmed gets nothing."""
    for what, output in (("results", "NotificationsTopicArn"), ("alarms", "AlarmsTopicArn")):
        check = Check(STACK, f"subscriptions to {what}")
        pages = cloud.client("sns").get_paginator("list_subscriptions_by_topic")
        with translate_errors(cloud.where):
            found = [
                each
                for page in pages.paginate(TopicArn=stack.output(output))
                for each in page["Subscriptions"]
            ]
        waiting = [each["Endpoint"] for each in found if each["SubscriptionArn"] == "PendingConfirmation"]
        # finalize_images listens to the results, too, to see that SNS took them.
        people = [each for each in found if each["Protocol"] not in ("lambda", "sqs")]
        if waiting:
            yield check.warning(
                f"Not confirmed, and so without {what}: {', '.join(waiting)}.",
                "Follow the link in AWS's mail; after three days deploy the address anew.",
            )
        elif people:
            yield check.ok(f"{len(people)} confirmed for {what}.")
        else:
            yield check.warning(f"Nobody is notified of {what}.", "Deploy with NotificationEmail=ADDRESS.")


def check_alarms(cloud: Cloud, stack: Stack) -> Iterator[Finding]:
    """Those of the stacks that ring now."""
    check = Check(STACK, "alarms")
    with translate_errors(cloud.where):
        ours = {
            physical: logical
            for name in stack.all_names
            for kind in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
            for logical, physical in physical_ids(cloud.client("cloudformation"), name, kind).items()
        }
        pages = (
            cloud.client("cloudwatch")
            .get_paginator("describe_alarms")
            .paginate(StateValue="ALARM", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        )
        ringing = [
            each
            for page in pages
            for each in (*page.get("MetricAlarms", []), *page.get("CompositeAlarms", []))
            if each["AlarmName"] in ours
        ]
    for each in ringing:
        name = ours[each["AlarmName"]]
        yield check.problem(
            f"{name} rings: {each.get('StateReason', '')}".rstrip(": "),
            "docs/operating.md, “When an alarm rings”, says what to do.",
        )
    if not ringing:
        yield check.ok(f"None of {len(ours)} alarms rings.")


def check_pending(cloud: Cloud, stack: Stack, now: datetime) -> Iterator[Finding]:
    """Pictures whose outcome should long have been recorded and notified."""
    check = Check(STACK, "pending")
    before = (now - PENDING_GRACE).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    late = sum(_late_in(cloud, stack.output("ImagesTableName"), each, before) for each in PENDING_PARTITIONS)
    if late:
        yield check.problem(
            f"{late} picture{'' if late == 1 else 's'} pending past the lease: not recorded or not notified.",
            "The log of finalize_images says what it was refused: loupe logs finalize_images",
        )
    else:
        yield check.ok("No picture is pending past its lease.")


def _late_in(cloud: Cloud, table: str, partition: str, before: str) -> int:
    pages = (
        cloud.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=table,
            IndexName=PENDING_INDEX,
            KeyConditionExpression="pending = :partition AND leaseUntil < :before",
            ExpressionAttributeValues={":partition": {"S": partition}, ":before": {"S": before}},
            Select="COUNT",
        )
    )
    with translate_errors(cloud.where):
        return sum(page["Count"] for page in pages)


def check_queues(cloud: Cloud, stack: Stack) -> Iterator[Finding]:
    """Outcomes that wait to be finalized, and events that nobody could deliver."""
    for name in stack.all_names:
        with translate_errors(cloud.where):
            queues = physical_ids(cloud.client("cloudformation"), name, "AWS::SQS::Queue")
        for logical, url in queues.items():
            check = Check(STACK, f"{name}'s {logical}")
            messages = _messages(cloud, url)
            says = f"{messages} message{'' if messages == 1 else 's'} in {logical}."
            if not messages:
                yield check.ok(says)
            elif logical == OUTCOMES:
                yield check.warning(
                    says, "They go within minutes; where they do not, the log of finalize_images says why."
                )
            elif logical == DEAD_LETTERS:
                yield check.problem(
                    says, "docs/operating.md says what to do with them (UndeliveredEventsAlarm)."
                )
            else:
                yield check.warning(says, "Look whether the function that takes them fails.")


def _messages(cloud: Cloud, url: str) -> int:
    names: Any = [f"ApproximateNumberOfMessages{each}" for each in ("", "NotVisible", "Delayed")]
    with translate_errors(cloud.where):
        said = cloud.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(said.get(name, 0)) for name in names)
