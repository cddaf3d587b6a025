"""Machines in JSONPath, the state language's older form, run too."""

from tests.integration.states.harness import Cloud


def test_paths_parameters_selectors_and_intrinsics(cloud: Cloud) -> None:
    function = cloud.function("def handler(event, context):\n    return {'statusCode': 200, 'body': event}\n")
    definition = {
        "StartAt": "Call",
        "States": {
            "Call": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {
                    "FunctionName": function,
                    "Payload": {"key.$": "$.key", "id.$": "$$.Execution.Name"},
                },
                "ResultSelector": {"key.$": "$.Payload.body.key", "status.$": "$.Payload.statusCode"},
                "ResultPath": "$.called",
                "Next": "Choose",
            },
            "Choose": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.called.status", "NumericEquals": 200, "Next": "Both"}],
                "Default": "Wrong",
            },
            "Both": {
                "Type": "Parallel",
                "InputPath": "$.called",
                "ResultPath": "$.both",
                "Branches": [
                    {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}},
                    {"StartAt": "B", "States": {"B": {"Type": "Pass", "Result": [1], "End": True}}},
                ],
                "Next": "Each",
            },
            "Each": {
                "Type": "Map",
                "ItemsPath": "$.items",
                "Parameters": {"n.$": "$$.Map.Item.Value", "key.$": "$.key"},
                "Iterator": {
                    "StartAt": "One",
                    "States": {
                        "One": {
                            "Type": "Pass",
                            "Parameters": {"text.$": "States.Format('{}-{}', $.key, $.n)"},
                            "OutputPath": "$.text",
                            "End": True,
                        }
                    },
                },
                "ResultPath": "$.each",
                "End": True,
            },
            "Wrong": {"Type": "Fail"},
        },
    }

    ended = cloud.run(definition, {"key": "k", "items": [1, 2]})

    assert ended["status"] == "SUCCEEDED", ended
    assert ended["output"] == {
        "key": "k",
        "items": [1, 2],
        "called": {"key": "k", "status": 200},
        "both": [{"key": "k", "status": 200}, [1]],
        "each": ["k-1", "k-2"],
    }


def test_a_caught_error_is_put_at_its_result_path(cloud: Cloud) -> None:
    definition = {
        "StartAt": "Call",
        "States": {
            "Call": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {"FunctionName": "nobody"},
                "Catch": [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.error", "Next": "Caught"}],
                "End": True,
            },
            "Caught": {
                "Type": "Pass",
                "Parameters": {"name.$": "$.error.Error", "kept.$": "$.kept"},
                "End": True,
            },
        },
    }

    ended = cloud.run(definition, {"kept": 1})

    assert ended["output"] == {"name": "Lambda.ResourceNotFoundException", "kept": 1}


def test_a_path_that_leads_nowhere_is_a_runtime_error(cloud: Cloud) -> None:
    definition = {
        "StartAt": "Pass",
        "States": {"Pass": {"Type": "Pass", "Parameters": {"a.$": "$.none"}, "End": True}},
    }

    ended = cloud.run(definition)

    assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")
    assert "could not be found in the input" in ended["cause"]
