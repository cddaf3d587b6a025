"""A failed execution goes on from the state it failed in."""

from typing import Any

import pytest

from tests.integration.states.harness import Cloud, jsonata, until


def definition(bucket: str) -> dict[str, Any]:
    return jsonata(
        {
            "Assign": {"Type": "Pass", "Assign": {"kept": "{% $states.input.n %}"}, "Output": {"step": 1}},
            "Ask": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:s3:headBucket",
                "Arguments": {"Bucket": bucket},
                "Output": {"step": "{% $states.input.step %}", "kept": "{% $kept %}"},
            },
        }
    )


def test_the_failed_state_runs_again_with_its_input_and_variables(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    execution = cloud.start(cloud.machine(definition("redrive-later")), {"n": 7})
    assert cloud.ending(execution)["status"] == "FAILED"
    cloud.client("s3").create_bucket(Bucket="redrive-later")

    states.redrive_execution(executionArn=execution)
    ended = cloud.ending(execution)

    assert (ended["status"], ended["output"]) == ("SUCCEEDED", {"step": 1, "kept": 7})
    assert (ended["redriveCount"], ended["redriveStatus"]) == (1, "NOT_REDRIVABLE")
    events = cloud.history(execution)
    types = [event["type"] for event in events]
    redriven = types.index("ExecutionRedriven")
    assert types[redriven - 1] == "ExecutionFailed"
    assert types[redriven + 1 : redriven + 3] == ["TaskStateEntered", "TaskScheduled"]
    assert types.count("PassStateEntered") == 1
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))


def test_an_execution_that_runs_or_succeeded_is_not_redriven(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    succeeded = cloud.start(cloud.machine(jsonata({"Pass": {"Type": "Pass"}})))
    cloud.ending(succeeded)
    running = cloud.start(cloud.machine(jsonata({"Wait": {"Type": "Wait", "Seconds": 600}})))

    for execution in (succeeded, running):
        with pytest.raises(states.exceptions.ExecutionNotRedrivable):
            states.redrive_execution(executionArn=execution)
    with pytest.raises(states.exceptions.ExecutionDoesNotExist):
        states.redrive_execution(executionArn=running + "x")
    states.stop_execution(executionArn=running)


def test_an_aborted_execution_waits_again_when_redriven(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    execution = cloud.start(cloud.machine(jsonata({"Wait": {"Type": "Wait", "Seconds": 600}})))
    until(lambda: len(cloud.history(execution)) == 2, "it waits")
    states.stop_execution(executionArn=execution)

    states.redrive_execution(executionArn=execution)

    until(
        lambda: [event["type"] for event in cloud.history(execution)].count("WaitStateEntered") == 2,
        "it waits again",
    )
    assert states.describe_execution(executionArn=execution)["status"] == "RUNNING"
    states.stop_execution(executionArn=execution)
    assert states.describe_execution(executionArn=execution)["status"] == "ABORTED"
