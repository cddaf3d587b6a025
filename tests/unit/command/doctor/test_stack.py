"""`loupe doctor` on a deployed stack: every check where all is well, and where something is wrong."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from loupe.doctor.findings import OK, PROBLEM, WARNING
from loupe.doctor.stack import (
    PENDING_INDEX,
    PENDING_PARTITIONS,
    check_alarms,
    check_deployed,
    check_endpoint,
    check_pending,
    check_queues,
    check_stack,
    check_subscriptions,
)
from loupe_core import records
from tests.unit.command.doctor.fake_cloud import STACK, FakeCloud
from tests.unit.command.doctor.found import by_check

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "said so"}}, "Operation")


def resources(kind: str, **physical: str) -> Any:
    def list_them(**given: str) -> dict[str, Any]:
        found = [
            {"LogicalResourceId": logical, "PhysicalResourceId": each, "ResourceType": kind}
            for logical, each in physical.items()
        ]
        return {"StackResourceSummaries": found if given["StackName"] == "loupe" else []}

    return {"list_stack_resources": list_them}


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("CREATE_COMPLETE", OK),
        ("UPDATE_IN_PROGRESS", WARNING),
        ("ROLLBACK_COMPLETE", PROBLEM),
        ("UPDATE_ROLLBACK_FAILED", PROBLEM),
    ],
)
def test_a_stacks_status_is_judged(status: str, state: str) -> None:
    found = by_check(check_deployed(FakeCloud({"loupe": "CREATE_COMPLETE", "loupe-site": status}), "loupe"))

    assert found["loupe"].state == OK
    assert found["loupe-site"].state == state
    assert found["loupe-training"].state == OK  # who does not train needs none


def test_a_stack_that_is_not_there_is_the_one_problem() -> None:
    found = list(check_stack(FakeCloud({}), "loupe"))

    assert [each.state for each in found if each.state != OK] == [PROBLEM]
    assert by_check(found)["loupe"].state == PROBLEM


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ({"EndpointStatus": "InService"}, OK),
        ({"EndpointStatus": "Updating"}, WARNING),
        ({"EndpointStatus": "Creating"}, WARNING),
        ({"EndpointStatus": "Failed", "FailureReason": "no image"}, PROBLEM),
        ({"EndpointStatus": "OutOfService"}, PROBLEM),
        (refusal("ValidationException"), PROBLEM),
    ],
)
def test_the_endpoints_status_is_judged(answer: Any, state: str) -> None:
    [finding] = check_endpoint(FakeCloud(sagemaker={"describe_endpoint": answer}), STACK)

    assert finding.state == state
    assert ("loupe model deploy" in finding.advice) == (state == PROBLEM)


def test_a_function_in_the_endpoints_place_needs_no_endpoint() -> None:
    [finding] = check_endpoint(FakeCloud(), replace(STACK, parameters={"ClassifierFunctionArn": "arn:f"}))

    assert finding.state == OK


@pytest.mark.parametrize(
    ("arn", "protocol", "state"),
    [
        ("arn:aws:sns:us-east-1:123456789012:results:1", "email", OK),
        ("PendingConfirmation", "email", WARNING),
        ("arn:aws:sns:us-east-1:123456789012:results:2", "lambda", WARNING),
    ],
)
def test_who_hears_of_results_and_alarms_is_judged(arn: str, protocol: str, state: str) -> None:
    subscription = {"SubscriptionArn": arn, "Protocol": protocol, "Endpoint": "a@example.com"}
    cloud = FakeCloud(sns={"list_subscriptions_by_topic": {"Subscriptions": [subscription]}})

    assert {each.state for each in check_subscriptions(cloud, STACK)} == {state}


def test_alarms_of_the_stacks_that_ring_are_problems_and_those_of_others_are_not() -> None:
    ringing = [{"AlarmName": "loupe-Pending-1", "StateReason": "1 pending"}, {"AlarmName": "another's"}]
    ours = resources("AWS::CloudWatch::Alarm", PendingAlarm="loupe-Pending-1", DefectsAlarm="loupe-Defects-2")

    [finding] = check_alarms(
        FakeCloud(cloudformation=ours, cloudwatch={"describe_alarms": {"MetricAlarms": ringing}}), STACK
    )
    assert finding.state == PROBLEM
    assert "PendingAlarm" in finding.says
    assert "1 pending" in finding.says

    [finding] = check_alarms(
        FakeCloud(cloudformation=ours, cloudwatch={"describe_alarms": {"MetricAlarms": ringing[1:]}}), STACK
    )
    assert finding.state == OK


def test_pictures_pending_past_their_lease_and_some_rounds_are_a_problem() -> None:
    asked: list[dict[str, Any]] = []

    def query(**given: Any) -> dict[str, int]:
        values = given["ExpressionAttributeValues"]
        asked.append(values)
        return {"Count": 2 if values[":partition"]["S"] == "a" else 0}

    [finding] = check_pending(FakeCloud(dynamodb={"query": query}), STACK, NOW)

    assert finding.state == PROBLEM
    assert finding.says.startswith("2 pictures")
    assert {each[":before"]["S"] for each in asked} == {"2026-11-28T11:55:00.000Z"}
    assert [each[":partition"]["S"] for each in asked] == list(PENDING_PARTITIONS)


def test_nothing_pending_is_well() -> None:
    [finding] = check_pending(FakeCloud(dynamodb={"query": {"Count": 0}}), STACK, NOW)

    assert finding.state == OK


def test_the_index_of_pending_pictures_is_the_functions_own() -> None:
    assert (PENDING_INDEX, PENDING_PARTITIONS) == (records.PENDING_INDEX, records.PENDING_PARTITIONS)


@pytest.mark.parametrize(
    ("queue", "messages", "state"),
    [
        ("OutcomesQueue", "0", OK),
        ("OutcomesQueue", "3", WARNING),
        ("UndeliveredEvents", "0", OK),
        ("UndeliveredEvents", "1", PROBLEM),
        ("OtherQueue", "1", WARNING),
    ],
)
def test_messages_in_the_queues_are_judged_by_what_the_queue_is_for(
    queue: str, messages: str, state: str
) -> None:
    cloud = FakeCloud(
        cloudformation=resources("AWS::SQS::Queue", **{queue: "https://sqs/queue"}),
        sqs={"get_queue_attributes": {"Attributes": {"ApproximateNumberOfMessages": messages}}},
    )

    [finding] = check_queues(cloud, STACK)

    assert finding.state == state


def test_a_check_that_is_refused_is_a_problem_and_the_others_go_on() -> None:
    denied = dict.fromkeys(["describe_endpoint"], refusal("AccessDeniedException"))
    cloud = FakeCloud(
        sagemaker=denied,
        sns={"list_subscriptions_by_topic": {"Subscriptions": []}},
        cloudformation=resources("none"),
        cloudwatch={"describe_alarms": {}},
        dynamodb={"query": {"Count": 0}},
        functions={"get_account_settings": {"AccountLimit": {"ConcurrentExecutions": 1000}}},
    )

    found = by_check(check_stack(cloud, "loupe", NOW))

    assert found["endpoint"].state == PROBLEM
    assert "may not" in found["endpoint"].says
    assert found["concurrency"].state == OK
