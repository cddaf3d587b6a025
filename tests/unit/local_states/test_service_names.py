"""Services, errors, members and matches are named as on AWS."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.states import matching, service_errors, service_names, shapes


def client_error(code: str, status: int = 400) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": "why"},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "r"},
    }
    return ClientError(answer, "Operation")


@pytest.mark.parametrize(
    ("spelled", "boto", "prefix"),
    [
        ("dynamodb", "dynamodb", "DynamoDb"),
        ("sfn", "stepfunctions", "Sfn"),
        ("s3", "s3", "S3"),
        ("sagemakerruntime", "sagemaker-runtime", "SageMakerRuntime"),
        ("sagemaker", "sagemaker", "SageMaker"),
        ("rekognition", "rekognition", "Rekognition"),
        ("cloudwatchlogs", "logs", "CloudWatchLogs"),
        ("eventbridge", "events", "EventBridge"),
        ("cognitoidentityprovider", "cognito-idp", "CognitoIdentityProvider"),
        ("sns", "sns", "Sns"),
        ("sqs", "sqs", "Sqs"),
        ("lambda", "lambda", "Lambda"),
        ("sesv2", "sesv2", "SesV2"),
        ("secretsmanager", "secretsmanager", "SecretsManager"),
        ("ec2", "ec2", "Ec2"),
        ("cloudwatch", "cloudwatch", "CloudWatch"),
        ("apigateway", "apigateway", "ApiGateway"),
        ("kms", "kms", "Kms"),
        ("ssm", "ssm", "Ssm"),
    ],
)
def test_services_have_javas_names(spelled: str, boto: str, prefix: str) -> None:
    assert service_names.boto_name(spelled) == boto
    assert service_names.error_prefix(boto) == prefix


def test_an_unknown_service_or_action_is_refused() -> None:
    with pytest.raises(service_names.UnknownServiceError):
        service_names.boto_name("nosuchservice")
    with pytest.raises(service_names.UnknownServiceError):
        service_names.operation("s3", "getObjects")


@pytest.mark.parametrize(
    ("service", "code", "name"),
    [
        ("dynamodb", "ConditionalCheckFailedException", "DynamoDb.ConditionalCheckFailedException"),
        ("dynamodb", "AccessDeniedException", "DynamoDb.DynamoDbException"),
        ("s3", "NoSuchKey", "S3.NoSuchKeyException"),
        ("s3", "NoSuchBucket", "S3.NoSuchBucketException"),
        ("s3", "AccessDenied", "S3.S3Exception"),
        ("s3", "SlowDown", "S3.S3Exception"),
        ("rekognition", "InvalidS3ObjectException", "Rekognition.InvalidS3ObjectException"),
        ("rekognition", "AccessDeniedException", "Rekognition.AccessDeniedException"),
        ("stepfunctions", "ExecutionAlreadyExists", "Sfn.ExecutionAlreadyExistsException"),
        ("sagemaker-runtime", "ModelError", "SageMakerRuntime.ModelErrorException"),
        ("sagemaker-runtime", "ValidationError", "SageMakerRuntime.ValidationErrorException"),
        ("sns", "NotFound", "Sns.NotFoundException"),
        ("sqs", "AWS.SimpleQueueService.NonExistentQueue", "Sqs.QueueDoesNotExistException"),
    ],
)
def test_errors_of_the_sdk_integration(service: str, code: str, name: str) -> None:
    error, cause = service_errors.sdk(service, client_error(code))

    assert error == name
    assert cause == f"why (Service: {name.split('.')[0]}, Status Code: 400, Request ID: r)"


@pytest.mark.parametrize(
    ("service", "code", "name"),
    [
        ("dynamodb", "ConditionalCheckFailedException", "DynamoDB.ConditionalCheckFailedException"),
        ("dynamodb", "ValidationException", "DynamoDB.AmazonDynamoDBException"),
        ("lambda", "AccessDeniedException", "Lambda.AWSLambdaException"),
        ("lambda", "TooManyRequestsException", "Lambda.TooManyRequestsException"),
        ("lambda", "ServiceException", "Lambda.ServiceException"),
        ("sns", "AuthorizationError", "SNS.AuthorizationErrorException"),
        ("sns", "NotFound", "SNS.NotFoundException"),
        ("sagemaker", "ResourceInUse", "SageMaker.ResourceInUseException"),
        ("sagemaker", "ValidationException", "SageMaker.AmazonSageMakerException"),
        ("states", "ExecutionAlreadyExists", "StepFunctions.ExecutionAlreadyExistsException"),
        ("sqs", "AWS.SimpleQueueService.NonExistentQueue", "SQS.QueueDoesNotExistException"),
    ],
)
def test_errors_of_the_optimised_integrations(service: str, code: str, name: str) -> None:
    error, cause = service_errors.optimised(service, client_error(code))

    assert error == name
    assert cause.endswith(f"Status Code: 400; Error Code: {code}; Request ID: r; Proxy: null)")


@pytest.mark.parametrize(
    ("wire", "shown"),
    [
        ("executionArn", "ExecutionArn"),
        ("ETag", "ETag"),
        ("S3Uri", "S3Uri"),
        ("TrainingJobName", "TrainingJobName"),
        ("VpcId", "VpcId"),
        ("BOOL", "Bool"),
    ],
)
def test_members_are_in_pascal_case(wire: str, shown: str) -> None:
    assert shapes.member_name(wire) == shown


def test_requests_match_members_whatever_their_case() -> None:
    shape = service_names.operation("stepfunctions", "startExecution").input_shape

    assert shapes.to_request({"StateMachineArn": "a", "Input": {"n": 1}}, shape) == {
        "stateMachineArn": "a",
        "input": '{"n":1}',
    }


def test_times_are_iso_8601_in_sdk_integrations_and_milliseconds_in_optimised_ones() -> None:
    shape = service_names.operation("stepfunctions", "startExecution").output_shape
    answer = {"executionArn": "a", "startDate": datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=1)))}

    assert shapes.from_response(answer, shape) == {"ExecutionArn": "a", "StartDate": "2026-01-01T23:00:00Z"}
    assert shapes.from_response(answer, shape, shapes.OPTIMISED)["StartDate"] == 1767308400000


def test_blobs_are_json_text() -> None:
    shape = service_names.operation("sagemaker-runtime", "invokeEndpoint").input_shape

    assert shapes.to_request({"EndpointName": "e", "Body": {"a": "é"}}, shape)["Body"] == '{"a":"é"}'.encode()


@pytest.mark.parametrize(
    ("equals", "error", "expected"),
    [
        (["States.ALL"], "Anything", True),
        (["States.ALL"], "States.Timeout", True),
        (["States.ALL"], "States.DataLimitExceeded", True),
        (["States.TaskFailed"], "States.DataLimitExceeded", False),
        (["States.ALL"], "States.Runtime", False),
        (["States.Runtime"], "States.Runtime", False),
        (["States.DataLimitExceeded"], "States.DataLimitExceeded", True),
        (["States.TaskFailed"], "Lambda.Unknown", True),
        (["States.TaskFailed"], "States.Timeout", False),
        (["States.TaskFailed"], "States.QueryEvaluationError", True),
        (["A", "B"], "B", True),
        (["A"], "a", False),
        (["States.HeartbeatTimeout"], "States.Timeout", False),
    ],
)
def test_matches(equals: list[Any], error: str, expected: bool) -> None:
    assert matching.matches(equals, error) is expected


def test_a_missing_heartbeat_is_matched_by_its_name_too() -> None:
    assert matching.matches(["States.HeartbeatTimeout"], "States.Timeout", heartbeat=True)
