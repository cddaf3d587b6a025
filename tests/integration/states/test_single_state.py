"""TestState tests a state as the interpreter runs it."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.states.harness import Cloud, jsonata

PROCESSOR = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
INVOKE = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "QueryLanguage": "JSONata"}


def tried(cloud: Cloud, definition: dict[str, Any], given: Any = None, **members: Any) -> dict[str, Any]:
    found: dict[str, Any] = cloud.client("stepfunctions").test_state(
        definition=json.dumps(definition), input=json.dumps({} if given is None else given), **members
    )
    found.pop("ResponseMetadata")
    return found


def test_a_json_path_pass_shows_each_step(cloud: Cloud) -> None:
    state = {
        "Type": "Pass",
        "InputPath": "$.a",
        "Parameters": {"b.$": "$.b"},
        "ResultPath": "$.c",
        "Next": "On",
    }
    found = tried(cloud, state, {"a": {"b": 1}}, inspectionLevel="DEBUG")
    assert (found["status"], found["nextState"]) == ("SUCCEEDED", "On")
    assert json.loads(found["output"]) == {"a": {"b": 1}, "c": {"b": 1}}
    shown = {key: json.loads(value) for key, value in found["inspectionData"].items()}
    assert shown["input"] == {"a": {"b": 1}}
    assert shown["afterInputPath"] == {"b": 1}
    assert shown["afterParameters"] == {"b": 1}
    assert "inspectionData" not in tried(cloud, state, {"a": {"b": 1}})


def test_variables_and_context_are_given(cloud: Cloud) -> None:
    output = {"v": "{% $v + 1 %}", "id": "{% $states.context.Execution.Id %}"}
    state = {
        "Type": "Pass",
        "QueryLanguage": "JSONata",
        "Output": output,
        "Assign": {"w": "{% $v %}"},
        "End": True,
    }
    context = json.dumps({"Execution": {"Id": "mine"}})
    found = tried(cloud, state, variables='{"v": 4}', context=context, inspectionLevel="DEBUG")
    assert json.loads(found["output"]) == {"v": 5, "id": "mine"}
    assert "nextState" not in found
    assert json.loads(found["inspectionData"]["variables"]) == {"v": 4, "w": 4}


def test_a_state_of_a_machine_by_its_name(cloud: Cloud) -> None:
    choices = [{"Condition": "{% $states.input.n > 1 %}", "Next": "Many"}]
    machine = jsonata(
        {
            "Choose": {"Type": "Choice", "Choices": choices, "Default": "Few"},
            "Many": {"Type": "Succeed"},
            "Few": {"Type": "Fail", "Error": "Few", "Cause": "{% 'only ' & $states.input.n %}"},
        }
    )
    assert tried(cloud, machine, {"n": 2}, stateName="Choose")["nextState"] == "Many"
    found = tried(cloud, machine, {"n": 1}, stateName="Few")
    assert found == {"status": "FAILED", "error": "Few", "cause": "only 1"}


def test_a_mocked_result_goes_through_the_state(cloud: Cloud) -> None:
    state = {
        **INVOKE,
        "Arguments": {"FunctionName": "f", "Payload": "{% $states.input %}"},
        "Output": "{% $states.result.Payload.label %}",
        "Next": "On",
    }
    mock = {"result": json.dumps({"Payload": {"label": "seven"}})}
    found = tried(cloud, state, {"k": 1}, mock=mock, inspectionLevel="DEBUG")
    assert (found["status"], found["output"], found["nextState"]) == ("SUCCEEDED", '"seven"', "On")
    arguments = json.loads(found["inspectionData"]["afterArguments"])
    assert arguments == {"FunctionName": "f", "Payload": {"k": 1}}
    assert json.loads(found["inspectionData"]["result"]) == {"Payload": {"label": "seven"}}


BUSY: dict[str, Any] = {
    **INVOKE,
    "Arguments": {"FunctionName": "f"},
    "Retry": [
        {"ErrorEquals": ["Other"]},
        {"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 2},
    ],
    "Catch": [{"ErrorEquals": ["Busy"], "Output": "{% $states.errorOutput.Error %}", "Next": "Sorry"}],
    "End": True,
}
MOCK: dict[str, Any] = {"errorOutput": {"error": "Busy", "cause": "full"}}


class TestErrors:
    def test_what_a_retry_would_retry(self, cloud: Cloud) -> None:
        tries = {"retrierRetryCount": 2}
        found = tried(cloud, BUSY, mock=MOCK, stateConfiguration=tries, inspectionLevel="DEBUG")
        assert (found["status"], found["error"], found["cause"]) == ("RETRIABLE", "Busy", "full")
        details = found["inspectionData"]["errorDetails"]
        assert details == {"retryIndex": 1, "retryBackoffIntervalSeconds": 8}

    def test_what_a_catch_catches(self, cloud: Cloud) -> None:
        tries = {"retrierRetryCount": 3}
        found = tried(cloud, BUSY, mock=MOCK, stateConfiguration=tries)
        assert found == {
            "status": "CAUGHT_ERROR",
            "error": "Busy",
            "cause": "full",
            "output": '"Busy"',
            "nextState": "Sorry",
        }

    def test_what_nobody_catches(self, cloud: Cloud) -> None:
        found = tried(cloud, BUSY, mock={"errorOutput": {"error": "Bad", "cause": "c"}})
        assert (found["status"], found["error"], found["cause"]) == ("FAILED", "Bad", "c")


class TestMapsAndParallels:
    def test_a_map_takes_its_iterations_from_the_mock(self, cloud: Cloud) -> None:
        state = {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": PROCESSOR,
            "ResultPath": "$.r",
            "End": True,
        }
        found = tried(cloud, state, {"items": [1, 2]}, mock={"result": "[3, 4]"}, inspectionLevel="DEBUG")
        assert json.loads(found["output"]) == {"items": [1, 2], "r": [3, 4]}
        assert json.loads(found["inspectionData"]["afterItemsPath"]) == [1, 2]

    def test_a_parallel_its_branches(self, cloud: Cloud) -> None:
        output = "{% $states.result[0] %}"
        state = {"Type": "Parallel", "Branches": [PROCESSOR], "Output": output, "End": True}
        found = tried(cloud, {**state, "QueryLanguage": "JSONata"}, mock={"result": '["a"]'})
        assert found["output"] == '"a"'

    @pytest.mark.parametrize(
        "state",
        [
            {"Type": "Map", "ItemProcessor": PROCESSOR, "End": True},
            {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": True},
        ],
    )
    def test_they_and_jobs_need_one(self, cloud: Cloud, state: dict[str, Any]) -> None:
        with pytest.raises(ClientError, match="not supported without a mock"):
            tried(cloud, state)


def test_a_service_is_called_as_the_role(cloud: Cloud) -> None:
    state = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity", "End": True}
    role = cloud.role()
    found = tried(cloud, state, roleArn=role)
    assert role.rsplit("/", 1)[-1] in json.loads(found["output"])["Arn"]
    with pytest.raises(ClientError, match="RoleArn"):
        tried(cloud, state)
