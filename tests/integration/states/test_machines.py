"""State machines are refused, logged and run by type as on AWS."""

import json
from typing import Any

import pytest

from tests.integration.states.harness import Cloud, jsonata, until

PASSING = jsonata({"Pass": {"Type": "Pass", "Output": {"done": "{% $states.input.n %}"}}})
DELIVERY = {
    "Effect": "Allow",
    "Resource": "*",
    "Action": [
        "logs:CreateLogDelivery",
        "logs:GetLogDelivery",
        "logs:UpdateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:DescribeResourcePolicies",
        "logs:DescribeLogGroups",
    ],
}

BROKEN = {
    "dangling Next": (jsonata({"A": {"Type": "Pass", "Next": "B"}}), "/States/A/Next"),
    "dangling StartAt": ({**PASSING, "StartAt": "B"}, "/StartAt"),
    "dangling Catch": (
        jsonata(
            {
                "A": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::lambda:invoke",
                    "Arguments": {},
                    "Catch": [{"ErrorEquals": ["E"], "Next": "B"}],
                }
            }
        ),
        "/States/A/Catch/0/Next",
    ),
    "broken JSONata": (jsonata({"A": {"Type": "Pass", "Output": {"x": "{% 1 + %}"}}}), "/States/A/Output/x"),
    "$eval": (jsonata({"A": {"Type": "Pass", "Output": "{% $eval('1') %}"}}), "/States/A/Output"),
    "unreachable state": (jsonata({"A": {"Type": "Succeed"}, "B": {"Type": "Succeed"}}), "/States/B"),
    "neither Next nor End": ({"StartAt": "A", "States": {"A": {"Type": "Pass"}}}, "/States/A"),
    "dangling Next in a branch": (
        jsonata(
            {
                "P": {
                    "Type": "Parallel",
                    "Branches": [{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "P"}}}],
                }
            }
        ),
        "/States/P/Branches/0/States/A/Next",
    ),
    "unknown SDK action": (
        jsonata(
            {"A": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:getObjects", "Arguments": {}}}
        ),
        "/States/A/Resource",
    ),
    "unknown field": (jsonata({"A": {"Type": "Pass", "Frobnicate": 1}}), "/"),
    "no states": ({"StartAt": "A"}, "/"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_definition_is_refused_with_its_place(cloud: Cloud, name: str) -> None:
    definition, location = BROKEN[name]
    states = cloud.client("stepfunctions")
    good = cloud.machine(PASSING)

    with pytest.raises(states.exceptions.InvalidDefinition):
        cloud.machine(definition)
    with pytest.raises(states.exceptions.InvalidDefinition):
        states.update_state_machine(stateMachineArn=good, definition=json.dumps(definition))
    found = states.validate_state_machine_definition(definition=json.dumps(definition))

    assert found["result"] == "FAIL"
    assert found["diagnostics"][0]["location"] == location
    assert json.loads(states.describe_state_machine(stateMachineArn=good)["definition"]) == PASSING


def test_a_right_definition_is_valid(cloud: Cloud) -> None:
    found = cloud.client("stepfunctions").validate_state_machine_definition(definition=json.dumps(PASSING))

    assert (found["result"], found["diagnostics"]) == ("OK", [])


def test_a_stack_with_a_broken_definition_fails(cloud: Cloud) -> None:
    formation = cloud.client("cloudformation")
    template = {
        "Resources": {
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "RoleArn": cloud.role(),
                    "DefinitionString": json.dumps(BROKEN["dangling Next"][0]),
                },
            }
        }
    }

    formation.create_stack(
        StackName="broken-machine", TemplateBody=json.dumps(template), OnFailure="DO_NOTHING"
    )

    def status() -> Any:
        found = formation.describe_stacks(StackName="broken-machine")["Stacks"][0]["StackStatus"]
        return None if found.endswith("IN_PROGRESS") else found

    assert until(status, "the stack's end") == "CREATE_FAILED"


def logged(
    cloud: Cloud, group: str, level: str, data: bool, definition: dict[str, Any], kind: str = "STANDARD"
) -> str:
    cloud.client("logs").create_log_group(logGroupName=group)
    return cloud.machine(
        definition,
        type=kind,
        loggingConfiguration={
            "level": level,
            "includeExecutionData": data,
            "destinations": [
                {
                    "cloudWatchLogsLogGroup": {
                        "logGroupArn": f"arn:aws:logs:us-east-1:000000000000:log-group:{group}:*"
                    }
                }
            ],
        },
    )


def lines(cloud: Cloud, group: str) -> list[dict[str, Any]]:
    events = cloud.client("logs").filter_log_events(logGroupName=group)["events"]
    return [json.loads(event["message"]) for event in events]


def test_logs_follow_level_and_include_execution_data(cloud: Cloud) -> None:
    failing = jsonata({"Pass": {"Type": "Pass"}, "Fail": {"Type": "Fail", "Error": "E"}})
    everything = logged(cloud, "/states/all", "ALL", True, failing)
    errors = logged(cloud, "/states/error", "ERROR", False, failing)

    execution = cloud.start(everything, {"secret": 1})
    cloud.start(errors, {"secret": 1})

    until(lambda: len(lines(cloud, "/states/all")) == 5, "five lines")
    until(lambda: len(lines(cloud, "/states/error")) == 2, "two lines")
    first = lines(cloud, "/states/all")[0]
    assert [line["type"] for line in lines(cloud, "/states/all")] == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "FailStateEntered",
        "ExecutionFailed",
    ]
    assert first["execution_arn"] == execution
    assert first["details"]["input"] == '{"secret": 1}'
    assert [line["type"] for line in lines(cloud, "/states/error")] == ["FailStateEntered", "ExecutionFailed"]
    assert "secret" not in json.dumps(lines(cloud, "/states/error"))


def test_logging_needs_a_role_that_may_deliver_logs(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    configuration = {
        "level": "ALL",
        "destinations": [
            {
                "cloudWatchLogsLogGroup": {
                    "logGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:/states/denied:*"
                }
            }
        ],
    }
    denied = cloud.role({"Effect": "Allow", "Action": "logs:CreateLogDelivery", "Resource": "*"})
    unlogged = cloud.machine(PASSING, denied)

    for refused in (
        lambda: cloud.machine(PASSING, denied, loggingConfiguration=configuration),
        lambda: states.update_state_machine(stateMachineArn=unlogged, loggingConfiguration=configuration),
    ):
        with pytest.raises(
            states.exceptions.ClientError, match="not authorized to access the Log Destination"
        ) as caught:
            refused()
        assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    assert cloud.machine(PASSING, cloud.role(DELIVERY), loggingConfiguration=configuration)


def test_an_express_machine_answers_synchronously(cloud: Cloud) -> None:
    states, machine = cloud.client("stepfunctions"), cloud.machine(PASSING, type="EXPRESS")

    found = states.start_sync_execution(stateMachineArn=machine, input='{"n": 7}', name="sync")

    assert (found["status"], json.loads(found["output"]), found["name"]) == ("SUCCEEDED", {"done": 7}, "sync")
    assert ":express:" in found["executionArn"]
    assert found["billingDetails"]["billedDurationInMilliseconds"] % 100 == 0


def test_a_failing_express_machine_tells_error_and_cause(cloud: Cloud) -> None:
    machine = cloud.machine(jsonata({"F": {"Type": "Fail", "Error": "E", "Cause": "c"}}), type="EXPRESS")

    found = cloud.client("stepfunctions").start_sync_execution(stateMachineArn=machine)

    assert (found["status"], found["error"], found["cause"]) == ("FAILED", "E", "c")
    assert "output" not in found


def test_express_executions_are_seen_in_their_logs_only(cloud: Cloud) -> None:
    states = cloud.client("stepfunctions")
    machine = logged(cloud, "/states/express", "ALL", True, PASSING, "EXPRESS")

    execution = cloud.start(machine, {"n": 1})

    until(
        lambda: "ExecutionSucceeded" in [line["type"] for line in lines(cloud, "/states/express")],
        "its end is logged",
    )
    assert lines(cloud, "/states/express")[0]["execution_arn"] == execution
    with pytest.raises(states.exceptions.InvalidArn):
        states.describe_execution(executionArn=execution)
    with pytest.raises(states.exceptions.StateMachineTypeNotSupported):
        states.list_executions(stateMachineArn=machine)


@pytest.mark.parametrize("pattern", [".sync:2", ".waitForTaskToken"])
def test_an_express_machine_cannot_wait_for_jobs_or_tokens(cloud: Cloud, pattern: str) -> None:
    states = cloud.client("stepfunctions")
    task = {"Type": "Task", "Resource": f"arn:aws:states:::states:startExecution{pattern}", "Arguments": {}}

    with pytest.raises(states.exceptions.InvalidDefinition, match="Express state machine does not support"):
        cloud.machine(jsonata({"Ask": task}), type="EXPRESS")


def test_a_standard_machine_cannot_be_run_synchronously(cloud: Cloud) -> None:
    states, machine = cloud.client("stepfunctions"), cloud.machine(PASSING)

    with pytest.raises(states.exceptions.StateMachineTypeNotSupported):
        states.start_sync_execution(stateMachineArn=machine)


def test_a_version_runs_the_definition_it_was_published_with(cloud: Cloud) -> None:
    states, machine = cloud.client("stepfunctions"), cloud.machine(PASSING)
    version = states.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
    states.update_state_machine(
        stateMachineArn=machine, definition=json.dumps(jsonata({"Pass": {"Type": "Pass", "Output": "new"}}))
    )

    old, new = (cloud.ending(cloud.start(arn, {"n": 1})) for arn in (version, machine))

    assert (old["output"], new["output"]) == ({"done": 1}, "new")
    assert old["stateMachineVersionArn"] == version


def waiting_for(resource: str) -> dict[str, Any]:
    job = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": {}, "End": True}
    branches = [{"StartAt": "Job", "States": {"Job": job}}]
    return jsonata({"Both": {"Type": "Parallel", "Branches": branches}})


@pytest.mark.parametrize(
    ("resource", "rule"),
    [
        ("sagemaker:createTrainingJob.sync", "SageMakerTrainingJobs"),
        ("states:startExecution.sync:2", "StepFunctionsExecution"),
    ],
)
def test_waiting_for_a_job_needs_leave_to_make_the_rule_that_tells_of_its_end(
    cloud: Cloud, resource: str, rule: str
) -> None:
    events = {"Effect": "Allow", "Action": ["events:PutTargets", "events:PutRule", "events:DescribeRule"]}
    ours = {**events, "Resource": f"arn:aws:events:*:*:rule/StepFunctionsGetEventsFor{rule}Rule"}
    other = {**events, "Resource": "arn:aws:events:*:*:rule/another"}
    refusal = cloud.client("stepfunctions").exceptions.ClientError

    with pytest.raises(refusal, match=r"AccessDeniedException.*not authorized to create managed-rule"):
        cloud.machine(waiting_for(resource), cloud.role(other))

    made = cloud.machine(waiting_for(resource), cloud.role(ours))
    with pytest.raises(refusal, match="managed-rule"):
        cloud.client("stepfunctions").update_state_machine(stateMachineArn=made, roleArn=cloud.role(other))
    assert cloud.machine(waiting_for(resource.partition(".")[0]), cloud.role(other))
