"""What recordings of real executions gave, where the local state language once differed."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.states.harness import Cloud, jsonata

IDENTITY = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity", "Arguments": {}}


def path(states: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A JSONPath machine."""
    return {**jsonata(states, **members), "QueryLanguage": "JSONPath"}


def trust(principal: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def refusal(cloud: Cloud, definition: dict[str, Any]) -> str:
    with pytest.raises(ClientError) as refused:
        cloud.machine(definition)
    return f"{refused.value.response['Error']['Code']}: {refused.value.response['Error']['Message']}"


class TestRoles:
    def test_a_role_may_trust_the_regional_service(self, cloud: Cloud) -> None:
        role = cloud.role(trust=trust({"Service": "states.us-east-1.amazonaws.com"}))
        assert cloud.run(jsonata({"P": {"Type": "Pass"}}), role=role)["status"] == "SUCCEEDED"

    def test_another_regions_service_is_not_trusted(self, cloud: Cloud) -> None:
        role = cloud.role(trust=trust({"Service": "states.eu-west-1.amazonaws.com"}))
        with pytest.raises(ClientError, match="regional one"):
            cloud.machine(jsonata({"P": {"Type": "Pass"}}), role)

    def test_a_task_takes_a_role_that_trusts_the_account(self, cloud: Cloud) -> None:
        other = cloud.role(trust=trust({"AWS": "arn:aws:iam::000000000000:root"}))
        found = cloud.run(jsonata({"T": {**IDENTITY, "Credentials": {"RoleArn": other}}}))
        assert other.rsplit("/", 1)[-1] in found["output"]["Arn"]

    def test_a_machine_that_may_not_assume_the_tasks_role_is_denied(self, cloud: Cloud) -> None:
        other = cloud.role(trust=trust({"AWS": "arn:aws:iam::000000000000:root"}))
        role = cloud.role({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
        found = cloud.run(jsonata({"T": {**IDENTITY, "Credentials": {"RoleArn": other}}}), role=role)
        assert (found["status"], found["error"]) == ("FAILED", "States.Permissions")


class TestTexts:
    @pytest.mark.parametrize("text", ['é\n"', "🆗", "back\\slash", "{% almost", "\t\u2028"])
    def test_literals_are_what_their_json_says(self, cloud: Cloud, text: str) -> None:
        found = cloud.run(
            jsonata(
                {"A": {"Type": "Pass", "Assign": {"v": text}}, "B": {"Type": "Pass", "Output": "{% $v %}"}}
            )
        )
        assert found["output"] == text

    def test_json_path_literals_too(self, cloud: Cloud) -> None:
        text = 'é\n"🆗\\'
        found = cloud.run(path({"A": {"Type": "Pass", "Parameters": {"v": text, 'k"é': 1}}}))
        assert found["output"] == {"v": text, 'k"é': 1}

    @pytest.mark.parametrize(
        ("expression", "value"),
        [
            (r"States.Format('it\'s {} \{\} \\', $.n)", "it's 7 {} \\"),
            ("States.Format('a\n\"é\" {}', $.n)", 'a\n"é" 7'),
            (r"States.Array('x, \'y\'', $.n)", ["x, 'y'", 7]),
        ],
    )
    def test_intrinsic_functions_know_four_escapes(self, cloud: Cloud, expression: str, value: Any) -> None:
        found = cloud.run(path({"A": {"Type": "Pass", "Parameters": {"v.$": expression}}}), {"n": 7})
        assert found.get("output") == {"v": value}, found

    def test_any_other_escape_is_refused(self, cloud: Cloud) -> None:
        definition = path({"A": {"Type": "Pass", "Parameters": {"v.$": r"States.Array('\q')"}}})
        assert refusal(cloud, definition).startswith("InvalidDefinition")

    @pytest.mark.parametrize(
        ("expression", "value"),
        [
            ("States.StringToJson($text)", {"a": 1}),
            ("States.JsonToString($list)", "[1,2]"),
            ("States.ArrayContains($list, 2)", True),
            ("States.MathAdd($number, 1)", 4),
            ("States.Format('{}-{}', $number, $text)", '3-{"a":1}'),
            ("States.Base64Encode($text)", "eyJhIjoxfQ=="),
        ],
    )
    def test_intrinsic_functions_take_variables(self, cloud: Cloud, expression: str, value: Any) -> None:
        assign = {"text": '{"a":1}', "list": [1, 2], "number": 3}
        states = {
            "A": {"Type": "Pass", "Assign": assign},
            "B": {"Type": "Pass", "Parameters": {"v.$": expression}},
        }
        found = cloud.run(path(states))
        assert found.get("output") == {"v": value}, found


class TestQueries:
    def test_a_failed_expression_names_its_field(self, cloud: Cloud) -> None:
        arn = cloud.start(cloud.machine(jsonata({"S0": {"Type": "Pass", "Output": {"x": ["{% $nope %}"]}}})))
        found = cloud.ending(arn)
        cause = (
            "An error occurred while executing the state 'S0' (entered at the event id #2). The JSONata "
            "expression '$nope' specified for the field 'Output/x/0' returned nothing (undefined)."
        )
        assert found["cause"] == cause
        details = [
            event["evaluationFailedEventDetails"]
            for event in cloud.history(arn)
            if event["type"] == "EvaluationFailed"
        ]
        error = "States.QueryEvaluationError"
        assert details == [{"error": error, "cause": cause, "location": "Output/x/0", "state": "S0"}]

    @pytest.mark.parametrize(
        "state",
        [
            {"Type": "Wait", "Timestamp": "{% '2020-01-01' %}"},
            {"Type": "Wait", "Seconds": "{% 'soon' %}"},
            {**IDENTITY, "TimeoutSeconds": "{% 0 %}"},
            {
                "Type": "Map",
                "Items": [1],
                "MaxConcurrency": "{% -1 %}",
                "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}},
            },
        ],
    )
    def test_a_value_its_field_cannot_take_is_a_query_error(
        self, cloud: Cloud, state: dict[str, Any]
    ) -> None:
        found = cloud.run(jsonata({"S": dict(state)}))
        assert (found["status"], found["error"]) == ("FAILED", "States.QueryEvaluationError")

    def test_one_number_of_a_range_is_no_list(self, cloud: Cloud) -> None:
        output = {"one": "{% $range(1,9,9) %}", "two": "{% $range(1,2,1) %}"}
        found = cloud.run(jsonata({"A": {"Type": "Pass", "Output": output}}))
        assert found["output"] == {"one": 1, "two": [1, 2]}

    def test_only_states_that_can_retry_have_a_retry_count(self, cloud: Cloud) -> None:
        count = "{% $exists($states.context.State.RetryCount) %}"
        states = {"A": {"Type": "Pass", "Output": count}, "B": {**IDENTITY, "Output": [count]}}
        arn = cloud.start(cloud.machine(jsonata(states)))
        assert cloud.ending(arn)["output"] == [True]
        exited = [e["stateExitedEventDetails"] for e in cloud.history(arn) if "stateExitedEventDetails" in e]
        assert exited[0]["output"] == "false"

    def test_states_all_catches_too_large_an_output(self, cloud: Cloud) -> None:
        catch = [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput.Error %}", "Next": "C"}]
        large = {**IDENTITY, "Output": "{% $pad('', 300000, 'x') %}", "Catch": catch}
        found = cloud.run(jsonata({"A": large, "C": {"Type": "Pass"}}))
        assert found["output"] == "States.DataLimitExceeded"

    def test_a_wait_past_the_longest_is_a_runtime_error(self, cloud: Cloud) -> None:
        found = cloud.run(path({"W": {"Type": "Wait", "SecondsPath": "$.s"}}), {"s": 24_856 * 86_400})
        assert (found["status"], found["error"]) == ("FAILED", "States.Runtime")


class TestDefinitions:
    def test_json_path_inside_a_json_ata_map_of_a_json_path_machine(self, cloud: Cloud) -> None:
        inner = {"Type": "Pass", "QueryLanguage": "JSONPath", "Parameters": {"v.$": "$"}, "End": True}
        processor = {"StartAt": "P", "States": {"P": inner}}
        state = {"Type": "Map", "QueryLanguage": "JSONata", "Items": [1, 2], "ItemProcessor": processor}
        assert cloud.run(path({"M": state}))["output"] == [{"v": 1}, {"v": 2}]

    def test_a_json_ata_machine_holds_no_json_path_state(self, cloud: Cloud) -> None:
        definition = jsonata({"P": {"Type": "Pass", "QueryLanguage": "JSONPath"}})
        assert refusal(cloud, definition).startswith("InvalidDefinition")

    def test_a_refused_definition_leaves_others_alone(self, cloud: Cloud) -> None:
        refusal(cloud, jsonata({"A": {"Type": "Pass", "Parameters": {}}}))
        assert cloud.run(path({"A": {"Type": "Pass", "Parameters": {"x": 1}}}))["output"] == {"x": 1}

    def test_deleting_none_and_describing_one(self, cloud: Cloud) -> None:
        states = cloud.client("stepfunctions")
        arn = "arn:aws:states:us-east-1:000000000000:stateMachine:nope"
        assert states.delete_state_machine(stateMachineArn=arn)["ResponseMetadata"]["HTTPStatusCode"] == 200
        assigned = {"A": {"Type": "Pass", "Assign": {"x": 1}}, "B": {"Type": "Pass", "OutputPath": "$x"}}
        found = states.describe_state_machine(stateMachineArn=cloud.machine(path(assigned)))
        assert found["tracingConfiguration"] == {"enabled": False}
        assert found["variableReferences"] == {"B": ["x"]}

    @pytest.mark.parametrize(
        ("action", "arguments"),
        [
            ("describe_state_machine", {"stateMachineArn": "no-arn"}),
            (
                "describe_state_machine",
                {"stateMachineArn": "arn:aws:states:us-east-1:000000000000:execution:a:b"},
            ),
            ("describe_execution", {"executionArn": "arn:aws:states:us-east-1:000000000000:stateMachine:a"}),
            ("start_execution", {"stateMachineArn": "arn:aws:lambda:us-east-1:000000000000:function:a"}),
            ("describe_map_run", {"mapRunArn": "map-run"}),
            ("list_executions", {"stateMachineArn": "machine"}),
        ],
    )
    def test_malformed_arns(self, cloud: Cloud, action: str, arguments: dict[str, Any]) -> None:
        with pytest.raises(ClientError) as refused:
            getattr(cloud.client("stepfunctions"), action)(**arguments)
        assert refused.value.response["Error"]["Code"] == "InvalidArn"


@pytest.fixture(scope="module")
def table(cloud: Cloud) -> str:
    key: Any = {"AttributeName": "id"}
    cloud.client("dynamodb").create_table(
        TableName="conformance",
        KeySchema=[{**key, "KeyType": "HASH"}],
        AttributeDefinitions=[{**key, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return "conformance"


def failed_as(cloud: Cloud, state: dict[str, Any], given: Any = None) -> str:
    found = cloud.run(jsonata({"S": {"Type": "Task", **state}}), given)
    assert found["status"] == "FAILED", found
    return str(found["error"])


class TestServices:
    @pytest.mark.parametrize(
        ("resource", "error"),
        [
            ("dynamodb:putItem", "DynamoDB.AmazonDynamoDBException"),
            ("aws-sdk:dynamodb:putItem", "DynamoDb.DynamoDbException"),
        ],
    )
    def test_null_is_no_argument(self, cloud: Cloud, table: str, resource: str, error: str) -> None:
        arguments = {"TableName": table, "Item": None}
        assert failed_as(cloud, {"Resource": f"arn:aws:states:::{resource}", "Arguments": arguments}) == error

    def test_an_execution_started_with_null(self, cloud: Cloud) -> None:
        arguments = {"StateMachineArn": cloud.machine(jsonata({"P": {"Type": "Pass"}})), "Input": None}
        state = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sfn:startExecution"}
        assert cloud.run(jsonata({"S": {**state, "Arguments": arguments}}))["status"] == "SUCCEEDED"

    def test_a_bad_token_comes_before_a_bad_output(self, cloud: Cloud) -> None:
        arguments = {"TaskToken": "nobody's", "Output": "no JSON"}
        state = {"Resource": "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess", "Arguments": arguments}
        assert failed_as(cloud, state) == "Sfn.InvalidTokenException"

    def test_an_event_that_fails_fails_the_task(self, cloud: Cloud) -> None:
        good = {"Source": "mine", "DetailType": "t", "Detail": {"a": 1}}
        entry = {**good, "Detail": "no JSON"}
        state = {"Type": "Task", "Resource": "arn:aws:states:::events:putEvents"}
        found = cloud.run(jsonata({"S": {**state, "Arguments": {"Entries": [entry, good]}}}))
        assert found.get("error") == "EventBridge.FailedEntry", found
        assert "Entries" in json.loads(found["cause"])
        found = cloud.run(jsonata({"S": {**state, "Arguments": {"Entries": [good]}}}))
        assert found["output"]["FailedEntryCount"] == 0

    def test_a_fifo_topic_wants_a_group(self, cloud: Cloud) -> None:
        topic = cloud.client("sns").create_topic(Name="ordered.fifo", Attributes={"FifoTopic": "true"})
        arguments = {"TopicArn": topic["TopicArn"], "Message": "m", "MessageDeduplicationId": "d"}
        state = {"Resource": "arn:aws:states:::sns:publish", "Arguments": arguments}
        assert failed_as(cloud, state) == "SNS.InvalidParameterException"

    def test_an_answered_token_ends_the_wait_for_an_execution(self, cloud: Cloud) -> None:
        child = cloud.machine(
            jsonata(
                {
                    "Answer": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess",
                        "Arguments": {"TaskToken": "{% $states.input.token %}", "Output": {"by": "token"}},
                    },
                    "Linger": {"Type": "Wait", "Seconds": 60},
                }
            )
        )
        arguments = {"StateMachineArn": child, "Input": {"token": "{% $states.context.Task.Token %}"}}
        state = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2"}
        assert cloud.run(jsonata({"S": {**state, "Arguments": arguments}}))["output"] == {"by": "token"}


class TestHistories:
    def test_a_failed_branch_aborts_the_other_ones_task(self, cloud: Cloud) -> None:
        slow = cloud.machine(jsonata({"W": {"Type": "Wait", "Seconds": 60}}))
        run = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": True}
        waiting = {"StartAt": "Run", "States": {"Run": {**run, "Arguments": {"StateMachineArn": slow}}}}
        failing = {
            "StartAt": "Soon",
            "States": {
                "Soon": {"Type": "Wait", "Seconds": 1, "Next": "No"},
                "No": {"Type": "Fail", "Error": "No"},
            },
        }
        arn = cloud.start(
            cloud.machine(jsonata({"Both": {"Type": "Parallel", "Branches": [waiting, failing]}}))
        )
        assert cloud.ending(arn)["error"] == "No"
        kinds = [event["type"] for event in cloud.history(arn)]
        assert kinds[-3:] == ["TaskStateAborted", "ParallelStateFailed", "ExecutionFailed"]

    @pytest.mark.parametrize("field", ["TimeoutSecondsPath", "HeartbeatSecondsPath", "MaxConcurrencyPath"])
    @pytest.mark.parametrize("value", ["text", -1, {}])
    def test_a_field_that_cannot_be_read_fails_once(self, cloud: Cloud, field: str, value: Any) -> None:
        if field == "MaxConcurrencyPath":
            processor = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
            state = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor}
        else:
            state = {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "Parameters": {"QueueUrl": "none", "MessageBody": "m"},
            }
        arn = cloud.start(cloud.machine(path({"S": {**state, field: "$.v"}})), {"v": value, "items": [1]})
        found = cloud.ending(arn)
        assert (found["status"], found.get("error")) == ("FAILED", "States.Runtime")
        kinds = [event["type"] for event in cloud.history(arn)]
        assert kinds.count("ExecutionFailed") == 1
        assert "MapStateFailed" not in kinds
