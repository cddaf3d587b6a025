"""States follow each other, wait, branch, fail and are caught as the state language says."""

import pytest

from tests.integration.states.harness import Cloud, jsonata

WAIT_LONG = {"Type": "Wait", "Seconds": 600}


def test_queries_see_input_variables_and_context_in_every_field(cloud: Cloud) -> None:
    definition = jsonata(
        {
            "Assign Input": {
                "Type": "Pass",
                "Assign": {
                    "text": "{% $states.input.text %}",
                    "nothing": None,
                    "list": [1, "{% 1 + 1 %}"],
                    "whole": "{% 6 / 2 %}",
                },
            },
            "Choose": {
                "Type": "Choice",
                "Choices": [
                    {"Condition": "{% $text = 'no' %}", "Next": "Wrong"},
                    {
                        "Condition": "{% $count($list) = 2 and $nothing = null %}",
                        "Next": "Wait",
                        "Output": {"chosen": True},
                        "Assign": {"chosen": "{% $states.input.text %}"},
                    },
                ],
            },
            "Wait": {"Type": "Wait", "Seconds": "{% 0 %}", "Output": "{% $states.input.chosen %}"},
            "Branches": {
                "Type": "Parallel",
                "Arguments": {"n": "{% $whole %}"},
                "Branches": [
                    jsonata({"Left": {"Type": "Pass", "Output": "{% $states.input.n + $list[1] %}"}}),
                    jsonata({"Right": {"Type": "Pass", "Output": "{% $text & $chosen %}"}}),
                ],
                "Output": {
                    "left": "{% $states.result[0] %}",
                    "right": "{% $states.result[1] %}",
                    "given": "{% $states.input %}",
                },
            },
            "Each": {
                "Type": "Map",
                "Items": "{% ['a', 'b'] %}",
                "MaxConcurrency": 1,
                "ItemSelector": {"value": "{% $states.context.Map.Item.Value %}", "n": "{% $whole %}"},
                "ItemProcessor": jsonata(
                    {
                        "One": {
                            "Type": "Pass",
                            "Output": {
                                "is": "{% $states.input.value & $string($states.input.n) %}",
                                "at": "{% $states.context.Map.Item.Index %}",
                            },
                        }
                    }
                ),
                "Output": {
                    "before": "{% $states.input %}",
                    "each": "{% $states.result %}",
                    "name": "{% $states.context.Execution.Name %}",
                },
            },
            "Wrong": {"Type": "Fail"},
        }
    )
    definition["States"]["Each"].update(Next="Done")
    definition["States"]["Done"] = {"Type": "Succeed"}
    text = 'quote " newline \n back\\slash é 😀'

    execution = cloud.start(cloud.machine(definition), {"text": text}, name="queries")
    ended = cloud.ending(execution)

    assert ended["status"] == "SUCCEEDED", ended
    assert ended["output"] == {
        "before": {"left": 5, "right": text + text, "given": True},
        "name": "queries",
        "each": [{"is": "a3", "at": 0}, {"is": "b3", "at": 1}],
    }


def test_a_variable_is_assigned_after_the_states_own_output(cloud: Cloud) -> None:
    ended = cloud.run(
        jsonata(
            {
                "First": {"Type": "Pass", "Assign": {"n": 1}},
                "Second": {"Type": "Pass", "Assign": {"n": 2}, "Output": {"then": "{% $n %}"}},
                "Third": {"Type": "Pass", "Output": {"then": "{% $states.input.then %}", "now": "{% $n %}"}},
            }
        )
    )

    assert ended["output"] == {"then": 1, "now": 2}


def test_a_branch_reads_outer_variables_and_keeps_its_own(cloud: Cloud) -> None:
    ended = cloud.run(
        jsonata(
            {
                "Outer": {"Type": "Pass", "Assign": {"n": 1}},
                "Both": {
                    "Type": "Parallel",
                    "Branches": [
                        jsonata(
                            {
                                "A": {"Type": "Pass", "Assign": {"own": "{% $n + 1 %}"}},
                                "B": {"Type": "Pass", "Output": "{% $own %}"},
                            }
                        )
                    ],
                },
                "After": {"Type": "Pass", "Output": "{% [$states.input, $exists($own)] %}"},
            }
        )
    )

    assert ended["output"] == [2, False]


@pytest.mark.parametrize(
    ("expression", "cause"),
    [
        ("$states.input.none", "returned nothing (undefined)"),
        ("1 + 'a'", "threw an error during evaluation"),
        ("$sum", "returned an unsupported result type"),
    ],
)
def test_a_query_that_fails_is_a_query_evaluation_error(cloud: Cloud, expression: str, cause: str) -> None:
    execution = cloud.start(
        cloud.machine(jsonata({"Ask": {"Type": "Pass", "Output": {"x": f"{{% {expression} %}}"}}}))
    )

    ended = cloud.ending(execution)

    assert ended["error"] == "States.QueryEvaluationError"
    assert cause in ended["cause"]
    assert "An error occurred while executing the state 'Ask' (entered at the event id #2)." in ended["cause"]
    assert [event["type"] for event in cloud.history(execution)][-2:] == [
        "EvaluationFailed",
        "ExecutionFailed",
    ]


def test_an_error_in_a_tasks_output_can_be_caught(cloud: Cloud) -> None:
    cloud.client("sns").create_topic(Name="caught")
    ended = cloud.run(
        jsonata(
            {
                "List": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::aws-sdk:sns:listTopics",
                    "Arguments": {},
                    "Output": "{% $states.result.Nothing %}",
                    "End": True,
                    "Catch": [
                        {
                            "ErrorEquals": ["States.QueryEvaluationError"],
                            "Next": "Caught",
                            "Assign": {"error": "{% $states.errorOutput.Error %}"},
                        }
                    ],
                },
                "Caught": {"Type": "Pass", "Output": "{% $error %}"},
            }
        )
    )

    assert ended["output"] == "States.QueryEvaluationError"


def test_a_fail_state_ends_with_error_and_cause(cloud: Cloud) -> None:
    ended = cloud.run(
        jsonata({"End": {"Type": "Fail", "Error": "{% $states.input.name %}", "Cause": "why"}}),
        {"name": "ImageNotFoundError"},
    )

    assert (ended["status"], ended["error"], ended["cause"]) == ("FAILED", "ImageNotFoundError", "why")


def test_a_choice_that_matches_nothing_is_named_so(cloud: Cloud) -> None:
    ended = cloud.run(
        jsonata(
            {
                "Choose": {"Type": "Choice", "Choices": [{"Condition": "{% false %}", "Next": "Never"}]},
                "Never": {"Type": "Succeed"},
            }
        )
    )

    assert ended["error"] == "States.NoChoiceMatched"


def test_the_context_tells_times_that_queries_can_read(cloud: Cloud) -> None:
    ended = cloud.run(
        jsonata(
            {
                "Look": {
                    "Type": "Pass",
                    "Output": {
                        "entered": "{% $toMillis($states.context.State.EnteredTime) > 0 %}",
                        "started": "{% $toMillis($states.context.Execution.StartTime) > 0 %}",
                        "name": "{% $states.context.State.Name %}",
                    },
                }
            }
        )
    )

    assert ended["output"] == {"entered": True, "started": True, "name": "Look"}


def test_a_long_cause_is_shortened(cloud: Cloud) -> None:
    ended = cloud.run(jsonata({"End": {"Type": "Fail", "Error": "E", "Cause": "{% $pad('', 40000, 'x') %}"}}))

    assert len(ended["cause"]) == 32_768


def test_a_failing_branch_stops_the_others_and_is_caught_by_its_error(cloud: Cloud) -> None:
    ended = cloud.run(
        jsonata(
            {
                "Both": {
                    "Type": "Parallel",
                    "End": True,
                    "Branches": [
                        jsonata({"Slow": dict(WAIT_LONG)}),
                        jsonata({"Bad": {"Type": "Fail", "Error": "Broken", "Cause": "c"}}),
                    ],
                    "Catch": [
                        {"ErrorEquals": ["Broken"], "Next": "Caught", "Output": "{% $states.errorOutput %}"}
                    ],
                },
                "Caught": {"Type": "Pass"},
            }
        )
    )

    assert ended["output"] == {"Error": "Broken", "Cause": "c"}


def test_more_than_256_kib_is_a_data_limit_error_that_states_all_catches(cloud: Cloud) -> None:
    machine = cloud.machine(
        jsonata(
            {
                "Grow": {
                    "Type": "Parallel",
                    "End": True,
                    "Branches": [
                        jsonata({"Big": {"Type": "Pass", "Output": "{% $pad('', $states.input.n, 'x') %}"}})
                    ],
                    "Catch": [
                        {"ErrorEquals": ["States.TaskFailed"], "Next": "Never"},
                        {
                            "ErrorEquals": ["States.ALL"],
                            "Next": "Caught",
                            "Output": "{% $states.errorOutput %}",
                        },
                    ],
                },
                "Caught": {"Type": "Pass", "End": True},
                "Never": {"Type": "Fail"},
            }
        )
    )

    fits = cloud.ending(cloud.start(machine, {"n": 262_100}))
    too_big = cloud.ending(cloud.start(machine, {"n": 262_200}))

    assert fits["status"] == "SUCCEEDED"
    assert too_big["output"]["Error"] == "States.DataLimitExceeded"


def test_a_map_of_many_items_keeps_their_order(cloud: Cloud) -> None:
    ended = cloud.run(
        jsonata(
            {
                "Each": {
                    "Type": "Map",
                    "Items": "{% $range(1, 700, 1) %}",
                    "ItemProcessor": jsonata({"One": {"Type": "Pass", "Output": "{% $states.input * 2 %}"}}),
                }
            }
        ),
        seconds=90,
    )

    assert ended["output"] == list(range(2, 1401, 2))
