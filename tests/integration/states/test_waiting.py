"""Tasks and machines time out, retry, wait for tokens and for other executions."""

import json
from itertools import pairwise
from typing import Any

import pytest

from tests.integration.states.harness import Cloud, jsonata, until

WAIT_LONG = {"Type": "Wait", "Seconds": 600}


def test_a_missing_heartbeat_is_a_timeout_that_can_be_caught_by_its_own_name(cloud: Cloud) -> None:
    queue = cloud.client("sqs").create_queue(QueueName="heartbeats")["QueueUrl"]
    ended = cloud.run(
        jsonata(
            {
                "Ask": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                    "HeartbeatSeconds": 1,
                    "TimeoutSeconds": 600,
                    "End": True,
                    "Arguments": {
                        "QueueUrl": queue,
                        "MessageBody": {"token": "{% $states.context.Task.Token %}"},
                    },
                    "Catch": [{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Silent"}],
                },
                "Silent": {"Type": "Pass"},
            }
        )
    )

    assert ended["status"] == "SUCCEEDED", ended


def test_a_machines_timeout_ends_it_timed_out(cloud: Cloud) -> None:
    ended = cloud.run(jsonata({"Wait": dict(WAIT_LONG)}, TimeoutSeconds=1))

    assert ended["status"] == "TIMED_OUT"


def test_a_tasks_timeout_is_caught_while_the_service_has_not_answered(cloud: Cloud) -> None:
    slow = cloud.function("import time\ndef handler(event, context):\n    time.sleep(10)\n")
    ended = cloud.run(
        jsonata(
            {
                "Slow": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::lambda:invoke",
                    "TimeoutSeconds": 1,
                    "End": True,
                    "Arguments": {"FunctionName": slow},
                    "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Late"}],
                },
                "Late": {"Type": "Pass"},
            }
        )
    )

    assert ended["output"]["Error"] == "States.Timeout"


def test_a_retry_waits_as_told_up_to_its_longest_delay(cloud: Cloud) -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:headBucket",
        "Arguments": {"Bucket": "no-such-bucket-here"},
        "Retry": [
            {
                "ErrorEquals": ["States.ALL"],
                "IntervalSeconds": 1,
                "BackoffRate": 100,
                "MaxDelaySeconds": 2,
                "MaxAttempts": 2,
            }
        ],
    }
    execution = cloud.start(cloud.machine(jsonata({"Ask": task})))

    cloud.ending(execution)
    starts = [
        event["timestamp"].timestamp() for event in cloud.history(execution) if event["type"] == "TaskStarted"
    ]

    pauses = [later - earlier for earlier, later in pairwise(starts)]
    assert len(pauses) == 2
    assert pauses[0] >= 1.0
    assert pauses[1] >= 2.0
    assert sum(pauses) < 90.0  # without the limit: 1 + 100


def test_a_task_token_is_answered_refused_and_kept_alive(cloud: Cloud) -> None:
    sqs, states = cloud.client("sqs"), cloud.client("stepfunctions")
    queue = sqs.create_queue(QueueName="tokens")["QueueUrl"]
    machine = cloud.machine(
        jsonata(
            {
                "Ask": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                    "TimeoutSeconds": 60,
                    "Arguments": {
                        "QueueUrl": queue,
                        "MessageBody": {"token": "{% $states.context.Task.Token %}"},
                    },
                }
            }
        )
    )

    def token() -> str:
        message = until(
            lambda: sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=2).get("Messages"), "a token"
        )[0]
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return str(json.loads(message["Body"])["token"])

    succeeding = cloud.start(machine)
    first = token()
    states.send_task_heartbeat(taskToken=first)
    states.send_task_success(taskToken=first, output='{"ok": true}')
    failing = cloud.start(machine)
    states.send_task_failure(taskToken=token(), error="Refused", cause="no")

    assert cloud.ending(succeeding)["output"] == {"ok": True}
    assert cloud.ending(failing)["error"] == "Refused"
    with pytest.raises(states.exceptions.TaskTimedOut):
        states.send_task_success(taskToken=first, output="{}")
    with pytest.raises(states.exceptions.InvalidToken):
        states.send_task_success(taskToken="made up", output="{}")


def test_an_execution_started_by_another_is_waited_for(cloud: Cloud) -> None:
    inner = cloud.machine(
        jsonata({"In": {"Type": "Pass", "Output": {"doubled": "{% $states.input.n * 2 %}"}}})
    )
    broken = cloud.machine(jsonata({"In": {"Type": "Fail", "Error": "Inner", "Cause": "c"}}))

    def outer(machine: str, **members: Any) -> dict[str, Any]:
        return jsonata(
            {
                "Call": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::states:startExecution.sync:2",
                    "Arguments": {"StateMachineArn": machine, "Input": {"n": 21}},
                    **members,
                }
            }
        )

    assert cloud.run(outer(inner, Output="{% $states.result.Output.doubled %}"))["output"] == 42
    failed = cloud.run(outer(broken))
    assert failed["error"] == "States.TaskFailed"
    assert '"Error":"Inner"' in failed["cause"]
