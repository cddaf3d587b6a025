"""Tasks call services as the machine's role, fail by AWS's names, and are retried and caught by them."""

import json
import uuid
from typing import Any

import pytest

from tests.integration.states.harness import Cloud, jsonata

ECHO = "def handler(event, context):\n    return {'got': event}\n"
RAISES = "def handler(event, context):\n    raise ValueError('no such luck')\n"


def lambda_task(function: str, payload: Any, **members: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": function, "Payload": payload},
        **members,
    }


def test_a_function_gets_its_payload_and_its_answer_is_parsed(cloud: Cloud) -> None:
    definition = jsonata(
        {
            "Call": lambda_task(
                cloud.function(ECHO), "{% $states.input %}", Output="{% $states.result.Payload.got.n + 1 %}"
            )
        }
    )

    ended = cloud.run(definition, {"n": 41})

    assert (ended["status"], ended["output"]) == ("SUCCEEDED", 42)


def test_the_whole_result_of_a_function_has_status_version_and_metadata(cloud: Cloud) -> None:
    ended = cloud.run(jsonata({"Call": lambda_task(cloud.function(ECHO), {"a": 1})}))

    assert ended["output"]["StatusCode"] == 200
    assert ended["output"]["Payload"] == {"got": {"a": 1}}
    assert ended["output"]["SdkHttpMetadata"]["HttpStatusCode"] == 200


def test_a_functions_error_can_be_caught_by_its_type(cloud: Cloud) -> None:
    function = cloud.function(RAISES)
    task = lambda_task(
        function,
        {},
        Catch=[
            {
                "ErrorEquals": ["ValueError", "Runtime.HandlerError"],
                "Next": "Caught",
                "Output": {"cause": "{% $parse($states.errorOutput.Cause).errorMessage %}"},
            }
        ],
    )

    ended = cloud.run(jsonata({"Call": {**task, "End": True}, "Caught": {"Type": "Pass"}}))

    assert ended["output"]["cause"] == "no such luck"


def test_a_function_that_the_role_may_not_invoke_is_an_aws_lambda_exception(cloud: Cloud) -> None:
    role = cloud.role({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})

    ended = cloud.run(jsonata({"Call": lambda_task(cloud.function(ECHO), {})}), role=role)

    assert (ended["status"], ended["error"]) == ("FAILED", "Lambda.AWSLambdaException")
    assert "is not authorized to perform: lambda:InvokeFunction" in ended["cause"]
    assert "Service: AWSLambda; Status Code: 403; Error Code: AccessDeniedException" in ended["cause"]


def test_a_missing_function_is_a_resource_not_found_exception(cloud: Cloud) -> None:
    ended = cloud.run(jsonata({"Call": lambda_task("nobody", {})}))

    assert ended["error"] == "Lambda.ResourceNotFoundException"


@pytest.fixture
def table(cloud: Cloud) -> str:
    dynamodb = cloud.client("dynamodb")
    name = f"table-{uuid.uuid4().hex[:12]}"
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    return name


def put(table: str, **members: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:putItem",
        "Arguments": {
            "TableName": table,
            "Item": {"id": {"S": "{% $states.input.id %}"}, "seen": {"BOOL": True}},
            "ConditionExpression": "attribute_not_exists(id)",
        },
        **members,
    }


def test_an_optimised_dynamodb_item_keeps_dynamodbs_types(cloud: Cloud, table: str) -> None:
    get = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:getItem",
        "Arguments": {"TableName": table, "Key": {"id": {"S": "a"}}},
        "Output": "{% $states.result.Item %}",
    }

    ended = cloud.run(jsonata({"Put": put(table), "Get": get}), {"id": "a"})

    assert ended["output"] == {"id": {"S": "a"}, "seen": {"BOOL": True}}


def test_a_failed_condition_is_named_by_the_kind_of_integration(cloud: Cloud, table: str) -> None:
    optimised = cloud.machine(jsonata({"Put": put(table)}))
    sdk = cloud.machine(jsonata({"Put": put(table, Resource="arn:aws:states:::aws-sdk:dynamodb:putItem")}))

    first = cloud.ending(cloud.start(optimised, {"id": "b"}))
    errors = [cloud.ending(cloud.start(machine, {"id": "b"})) for machine in (optimised, sdk)]

    assert first["status"] == "SUCCEEDED"
    assert [found["error"] for found in errors] == [
        "DynamoDB.ConditionalCheckFailedException",
        "DynamoDb.ConditionalCheckFailedException",
    ]
    assert (
        "(Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ConditionalCheckFailedException"
        in errors[0]["cause"]
    )
    assert "(Service: DynamoDb, Status Code: 400, Request ID: " in errors[1]["cause"]


def test_access_denied_by_dynamodb_is_its_base_exception(cloud: Cloud, table: str) -> None:
    role = cloud.role({"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"})
    optimised = cloud.run(jsonata({"Put": put(table)}), {"id": "c"}, role=role)
    sdk = cloud.run(
        jsonata({"Put": put(table, Resource="arn:aws:states:::aws-sdk:dynamodb:putItem")}),
        {"id": "c"},
        role=role,
    )

    assert optimised["error"] == "DynamoDB.AmazonDynamoDBException"
    assert sdk["error"] == "DynamoDb.DynamoDbException"
    assert "is not authorized to perform: dynamodb:PutItem" in optimised["cause"]


def test_a_message_is_published_as_text_and_refused_by_its_name(cloud: Cloud) -> None:
    sns, sqs = cloud.client("sns"), cloud.client("sqs")
    topic = sns.create_topic(Name="t1")["TopicArn"]
    queue = sqs.create_queue(QueueName="q1")["QueueUrl"]
    sqs.set_queue_attributes(
        QueueUrl=queue,
        Attributes={
            "Policy": json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "sns.amazonaws.com"},
                            "Action": "sqs:SendMessage",
                            "Resource": "*",
                        }
                    ],
                }
            )
        },
    )
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:000000000000:q1")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Arguments": {"TopicArn": topic, "Subject": "Loupe", "Message": {"label": "{% 'se\"ven' %}"}},
    }

    sent = cloud.run(jsonata({"Tell": dict(task)}))
    refused = cloud.run(
        jsonata({"Tell": dict(task)}),
        role=cloud.role({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}),
    )

    assert sent["output"]["MessageId"]
    body = json.loads(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"][0]["Body"])
    assert json.loads(body["Message"]) == {"label": 'se"ven'}
    assert refused["error"] == "SNS.AuthorizationErrorException"
    assert "is not authorized to perform: sns:publish" in refused["cause"].lower()


def test_s3_errors_of_the_sdk_integration_have_javas_names(cloud: Cloud) -> None:
    cloud.client("s3").create_bucket(Bucket="bucket-errors")
    head = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
        "Arguments": {"Bucket": "bucket-errors", "Key": "none"},
    }

    missing = cloud.run(jsonata({"Get": dict(head)}))
    denied = cloud.run(
        jsonata({"Get": dict(head)}), role=cloud.role({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"})
    )

    assert missing["error"] == "S3.NoSuchKeyException"
    assert denied["error"] == "S3.S3Exception"
    assert "Status Code: 403" in denied["cause"]


def test_a_role_that_step_functions_may_not_assume_is_refused(cloud: Cloud) -> None:
    role = cloud.role(
        trust={
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                }
            ],
        }
    )

    with pytest.raises(cloud.client("stepfunctions").exceptions.ClientError, match=r"states\.amazonaws\.com"):
        cloud.machine(jsonata({"A": {"Type": "Pass"}}), role)


def test_an_attempt_and_its_retry_stand_in_the_history(cloud: Cloud) -> None:
    task = lambda_task(
        cloud.function(RAISES),
        {},
        Retry=[
            {
                "ErrorEquals": ["States.TaskFailed"],
                "IntervalSeconds": 1,
                "MaxAttempts": 1,
                "JitterStrategy": "FULL",
            }
        ],
    )
    execution = cloud.start(cloud.machine(jsonata({"Call": task})))

    ended = cloud.ending(execution)
    events = cloud.history(execution)

    assert ended["status"] == "FAILED"
    assert [event["type"] for event in events] == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskFailed",
        "TaskScheduled",
        "TaskStarted",
        "TaskFailed",
        "ExecutionFailed",
    ]
    assert events[4]["taskFailedEventDetails"]["resourceType"] == "lambda"
    assert events[4]["taskFailedEventDetails"]["resource"] == "invoke"
    assert events[8]["executionFailedEventDetails"]["error"] == ended["error"]


def test_the_source_of_a_copy_is_url_encoded_by_the_machine(cloud: Cloud) -> None:
    s3, key = cloud.client("s3"), "an odd/é +%20.txt"
    s3.create_bucket(Bucket="copies")
    s3.put_object(Bucket="copies", Key=key, Body=b"odd")
    copy = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:copyObject",
        "Arguments": {
            "Bucket": "copies",
            "Key": "even.txt",
            "CopySource": "{% 'copies/' & $encodeUrlComponent($states.input.key) %}",
        },
    }

    ended = cloud.run(jsonata({"Copy": copy}), {"key": key})

    assert ended["status"] == "SUCCEEDED", ended
    assert s3.get_object(Bucket="copies", Key="even.txt")["Body"].read() == b"odd"
