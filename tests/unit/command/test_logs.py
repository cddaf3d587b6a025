"""Finding, reading and following log events."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

import pytest
from moto import mock_aws

from loupe.aws import Cloud
from loupe.errors import InputError
from loupe.logs import (
    JOB_GROUPS,
    LogEvent,
    find_groups,
    follow_events,
    parse_since,
    read_events,
    short_name,
    training_groups,
)
from loupe.stack import Stack
from loupe.target import Target, local_session

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
GROUPS = {
    "serialize_image_data": "/aws/lambda/loupe-serialize-image-data",
    "classify_image": "/aws/vendedlogs/states/loupe-classify-image",
}
TEMPLATE = "Resources:\n" + "".join(
    f"  Logs{i}:\n    Type: AWS::Logs::LogGroup\n    Properties: {{LogGroupName: {group}}}\n"
    for i, group in enumerate(GROUPS.values())
)


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with mock_aws():
        cloud = Cloud(Target(None, local=False, region="us-east-1"), local_session())
        cloud.client("cloudformation").create_stack(StackName="loupe", TemplateBody=TEMPLATE)
        yield cloud


STACK = Stack("loupe", "CREATE_COMPLETE", {"EndpointName": "loupe-classifier"})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (None, ["serialize_image_data", "classify_image"]),
        ("workflow", ["classify_image"]),
        ("serialize_image_data", ["serialize_image_data"]),
        ("SerializeImageDataFunction", ["serialize_image_data"]),
        ("serialize", ["serialize_image_data"]),
    ],
)
def test_log_groups_are_found_by_the_names_that_people_use(
    cloud: Cloud, name: str | None, expected: list[str]
) -> None:
    assert set(find_groups(cloud, STACK, name)) == set(expected)


def test_an_unknown_name_lists_those_there_are(cloud: Cloud) -> None:
    with pytest.raises(InputError, match="workflow, endpoint, serialize_image_data, classify_image"):
        find_groups(cloud, STACK, "teapot")


def test_the_endpoint_has_the_log_that_sagemaker_makes(cloud: Cloud) -> None:
    assert find_groups(cloud, STACK, "endpoint") == {"endpoint": "/aws/sagemaker/Endpoints/loupe-classifier"}


def test_of_the_accounts_jobs_a_training_shows_its_own(cloud: Cloud) -> None:
    logs = cloud.client("logs")
    start = int(datetime.now(UTC).timestamp() * 1000)
    for group in JOB_GROUPS.values():
        logs.create_log_group(logGroupName=group)
        for job in ("pets-train", "pets-two-train", "petsitter-train", "others"):
            logs.create_log_stream(logGroupName=group, logStreamName=f"{job}/algo-1")
            entries = [{"timestamp": start, "message": job}]
            logs.put_log_events(logGroupName=group, logStreamName=f"{job}/algo-1", logEvents=entries)

    events = read_events(cloud, training_groups("pets-two"), start, "pets-two")

    assert [(event.source, event.message) for event in events] == [
        ("processing job", "pets-two-train"),
        ("training job", "pets-two-train"),
    ]


def test_short_names_leave_the_stack_out() -> None:
    assert short_name("/aws/lambda/my-stack-annotate-image", "my-stack") == "annotate_image"


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("2h", 7200), ("1d", 86400), ("2026-01-31T11:59", 60)]
)
def test_since_is_a_span_or_a_time(text: str, seconds: int) -> None:
    assert parse_since(text, NOW) == (NOW.timestamp() - seconds) * 1000


@pytest.mark.parametrize("text", ["yesterday", "10", "-5m", ""])
def test_since_that_is_neither_says_what_it_may_be(text: str) -> None:
    with pytest.raises(InputError, match="span"):
        parse_since(text, NOW)


def test_events_of_all_groups_are_merged_by_time(cloud: Cloud) -> None:
    logs = cloud.client("logs")
    start = int(datetime.now(UTC).timestamp() * 1000)
    for offset, group in ((5, GROUPS["serialize_image_data"]), (3, GROUPS["classify_image"])):
        logs.create_log_stream(logGroupName=group, logStreamName="one")
        entries = [{"timestamp": start + offset, "message": f"at {offset}\n"}]
        logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=entries)

    events = read_events(cloud, GROUPS | {"gone": "/aws/lambda/gone"}, start)

    assert [(event.source, event.message) for event in events] == [
        ("classify_image", "at 3"),
        ("serialize_image_data", "at 5"),
    ]


def test_a_follower_prints_late_events_and_each_once() -> None:
    first, second, late = (LogEvent(timestamp, "f", f"at {timestamp}") for timestamp in (1000, 3000, 2000))
    looks = iter([[first], [first, second], [first, late, second], []])

    printed = list(islice(follow_events(lambda since: next(looks), 0, wait=lambda seconds: None), 3))

    assert printed == [first, second, late]
