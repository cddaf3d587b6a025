"""Executions start once, end once, can be stopped, listed and followed."""

import json
from typing import Any

import pytest

from tests.integration.states.harness import Cloud, jsonata, until

INNER_WAITING = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}}
INNER_PASSING = {
    "StartAt": "Pass",
    "States": {"Pass": {"Type": "Pass", "Output": {"done": True}, "End": True}},
}
WAITING = {"QueryLanguage": "JSONata", **INNER_WAITING}
PASSING = {"QueryLanguage": "JSONata", **INNER_PASSING}


def test_the_same_start_again_returns_the_running_execution(cloud: Cloud) -> None:
    states, machine = cloud.client("stepfunctions"), cloud.machine(WAITING)
    first = states.start_execution(stateMachineArn=machine, name="once", input='{"a": 1}')

    again = states.start_execution(stateMachineArn=machine, name="once", input='{"a": 1}')

    assert again["executionArn"] == first["executionArn"]
    assert again["startDate"] == first["startDate"]
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        states.start_execution(stateMachineArn=machine, name="once", input='{"a": 2}')
    states.stop_execution(executionArn=first["executionArn"])
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        states.start_execution(stateMachineArn=machine, name="once", input='{"a": 1}')


def test_input_must_be_json_of_at_most_256_kib(cloud: Cloud) -> None:
    states, machine = cloud.client("stepfunctions"), cloud.machine(PASSING)

    with pytest.raises(states.exceptions.InvalidExecutionInput):
        states.start_execution(stateMachineArn=machine, input="{")
    with pytest.raises(states.exceptions.ClientError, match="262144"):
        states.start_execution(stateMachineArn=machine, input=json.dumps("x" * 262_144))
    with pytest.raises(states.exceptions.InvalidName):
        states.start_execution(stateMachineArn=machine, name="a b")
    with pytest.raises(states.exceptions.StateMachineDoesNotExist):
        states.start_execution(stateMachineArn=machine + "x")


@pytest.mark.parametrize("inner", ["wait", "parallel", "map", "task", "retry"])
def test_a_stopped_execution_is_aborted_whatever_it_does(cloud: Cloud, inner: str) -> None:
    slow = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {"FunctionName": "F"}}
    if inner == "task":
        slow["Arguments"] = {
            "FunctionName": cloud.function("import time\ndef handler(event, context):\n    time.sleep(10)\n")
        }
    definition = {
        "wait": WAITING,
        "parallel": jsonata({"P": {"Type": "Parallel", "Branches": [INNER_WAITING, INNER_PASSING]}}),
        "map": jsonata({"M": {"Type": "Map", "Items": [1, 2, 3], "ItemProcessor": INNER_WAITING}}),
        "task": jsonata({"T": slow}),
        "retry": jsonata({"T": {**slow, "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 600}]}}),
    }[inner]
    states = cloud.client("stepfunctions")
    execution = cloud.start(cloud.machine(definition))
    waiting_for = {
        "wait": "WaitStateEntered",
        "parallel": "WaitStateEntered",
        "map": "WaitStateEntered",
        "task": "TaskStarted",
        "retry": "TaskFailed",
    }[inner]
    until(lambda: waiting_for in [event["type"] for event in cloud.history(execution)], "it is under way")

    states.stop_execution(executionArn=execution, error="Enough", cause="the test said so")

    found = states.describe_execution(executionArn=execution)
    assert (found["status"], found["error"], found["cause"]) == ("ABORTED", "Enough", "the test said so")
    assert found["redriveStatus"] == "REDRIVABLE"
    last = cloud.history(execution)[-1]
    assert last["type"] == "ExecutionAborted"
    assert last["executionAbortedEventDetails"] == {"error": "Enough", "cause": "the test said so"}
    assert states.stop_execution(executionArn=execution)["stopDate"] == found["stopDate"]


def test_executions_are_listed_by_status(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    machine = cloud.machine(
        jsonata(
            {
                "End": {
                    "Type": "Choice",
                    "Choices": [{"Condition": "{% $states.input.fail %}", "Next": "Fail"}],
                    "Default": "Pass",
                },
                "Fail": {"Type": "Fail"},
                "Pass": {"Type": "Succeed"},
            }
        )
    )
    failed = [cloud.start(machine, {"fail": True}) for _ in range(2)]
    passed = [cloud.start(machine, {"fail": False}) for _ in range(3)]
    for execution in [*failed, *passed]:
        cloud.ending(execution)

    def listed(status: str) -> list[str]:
        found = states.list_executions(stateMachineArn=machine, statusFilter=status)["executions"]
        return sorted(item["executionArn"] for item in found)

    assert listed("FAILED") == sorted(failed)
    assert listed("SUCCEEDED") == sorted(passed)
    assert listed("RUNNING") == []


def test_the_history_can_be_read_while_the_execution_runs(cloud: Cloud) -> None:
    execution = cloud.start(
        cloud.machine(jsonata({"First": {"Type": "Pass"}, "Wait": {"Type": "Wait", "Seconds": 600}})),
        {"a": 1},
    )

    until(lambda: len(cloud.history(execution)) == 4, "four events")

    assert [event["type"] for event in cloud.history(execution)] == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "WaitStateEntered",
    ]
    events = cloud.history(execution)
    assert events[0]["executionStartedEventDetails"]["input"] == '{"a": 1}'
    assert events[3]["stateEnteredEventDetails"] == {
        "name": "Wait",
        "input": '{"a":1}',
        "inputDetails": {"truncated": False},
    }
    cloud.client("stepfunctions").stop_execution(executionArn=execution)


def test_each_status_is_an_event_on_the_default_bus(cloud: Cloud) -> None:
    sqs, events = cloud.client("sqs"), cloud.client("events")
    queue = sqs.create_queue(QueueName="statuses")["QueueUrl"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": "*",
            }
        ],
    }
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    machines = {
        "SUCCEEDED": cloud.machine(PASSING),
        "FAILED": cloud.machine(jsonata({"F": {"Type": "Fail", "Error": "E"}})),
        "TIMED_OUT": cloud.machine({**WAITING, "TimeoutSeconds": 1}),
        "ABORTED": cloud.machine(WAITING),
    }
    events.put_rule(
        Name="statuses",
        EventPattern=json.dumps(
            {
                "source": ["aws.states"],
                "detail-type": ["Step Functions Execution Status Change"],
                "detail": {"stateMachineArn": list(machines.values())},
            }
        ),
    )
    events.put_targets(
        Rule="statuses", Targets=[{"Id": "q", "Arn": "arn:aws:sqs:us-east-1:000000000000:statuses"}]
    )
    executions = {status: cloud.start(machine) for status, machine in machines.items()}
    cloud.client("stepfunctions").stop_execution(executionArn=executions["ABORTED"], error="Enough")
    seen: list[dict[str, Any]] = []

    def all_seen() -> bool:
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1).get(
            "Messages", []
        ):
            seen.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return len(seen) >= 8

    until(all_seen, "eight events")

    endings = {
        event["detail"]["status"]: event["detail"] for event in seen if event["detail"]["status"] != "RUNNING"
    }
    assert sorted(event["detail"]["status"] for event in seen).count("RUNNING") == 4
    assert {status: detail["executionArn"] for status, detail in endings.items()} == executions
    assert endings["SUCCEEDED"]["output"] == '{"done":true}'
    assert endings["FAILED"]["error"] == "E"
    assert endings["ABORTED"]["error"] == "Enough"
    assert [
        endings[status]["redriveStatus"] for status in ("SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT")
    ] == ["NOT_REDRIVABLE", "REDRIVABLE", "REDRIVABLE", "REDRIVABLE"]
    assert set(endings["FAILED"]) == {
        "executionArn",
        "stateMachineArn",
        "name",
        "status",
        "startDate",
        "stopDate",
        "input",
        "output",
        "inputDetails",
        "outputDetails",
        "error",
        "cause",
        "stateMachineVersionArn",
        "stateMachineAliasArn",
        "redriveCount",
        "redriveDate",
        "redriveStatus",
        "redriveStatusReason",
    }


def test_three_hundred_executions_at_once_all_end(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    machine = cloud.machine(
        jsonata(
            {
                "Wait": {"Type": "Wait", "Seconds": 1},
                "Both": {"Type": "Parallel", "Branches": [INNER_PASSING, INNER_PASSING]},
            }
        )
    )
    for number in range(300):
        cloud.start(machine, {"n": number})

    def ended() -> bool:
        found = states.list_executions(stateMachineArn=machine, statusFilter="SUCCEEDED")["executions"]
        return len(found) == 300

    until(ended, "300 successes", 120)
