"""What a failed service call is named and how its cause reads.

AWS, optimised integrations (`arn:aws:states:::lambda:invoke`): named like the Java SDK 1's exceptions. A
modelled error is `DynamoDB.ConditionalCheckFailedException`; one the service's model doesn't know, access
denied among them, is its base exception: `Lambda.AWSLambdaException`, `DynamoDB.AmazonDynamoDBException`;
SNS models it as `SNS.AuthorizationErrorException`.
AWS, SDK integrations (`aws-sdk:…`): named like the Java SDK 2's: `S3.NoSuchKeyException`, else
`S3.S3Exception`. A call that got no answer is `….SdkClientException`.
moto: `Sqs.…`-like guesses, `Lambda.AccessDeniedException`, no answer is States.Runtime.
"""

from dataclasses import dataclass
from typing import Any, cast

from botocore.exceptions import ClientError
from botocore.model import ServiceModel

from local.states import service_names


@dataclass(frozen=True)
class Integration:
    """An optimised integration's words: errors' prefix, the service's name in causes, its base exception."""

    prefix: str
    service: str
    base: str


OPTIMISED = {
    "lambda": Integration("Lambda", "AWSLambda", "AWSLambdaException"),
    "dynamodb": Integration("DynamoDB", "AmazonDynamoDBv2", "AmazonDynamoDBException"),
    "sns": Integration("SNS", "AmazonSNS", "AmazonSNSException"),
    "sqs": Integration("SQS", "AmazonSQS", "AmazonSQSException"),
    "sagemaker": Integration("SageMaker", "AmazonSageMaker", "AmazonSageMakerException"),
    "states": Integration("StepFunctions", "AWSStepFunctions", "AWSStepFunctionsException"),
    "events": Integration("Events", "AmazonCloudWatchEvents", "AmazonCloudWatchEventsException"),
    "ecs": Integration("ECS", "AmazonECS", "AmazonECSException"),
    "glue": Integration("Glue", "AWSGlue", "AWSGlueException"),
    "batch": Integration("Batch", "AWSBatch", "AWSBatchException"),
    "codebuild": Integration("CodeBuild", "AWSCodeBuild", "AWSCodeBuildException"),
    "athena": Integration("Athena", "AmazonAthena", "AmazonAthenaException"),
}
# Younger in the models than the names that Step Functions gives.
_UNMODELLED = {("s3", "AccessDenied")}
# Codes that the service's model calls otherwise.
_SHAPES = {("sqs", "AWS.SimpleQueueService.NonExistentQueue"): "QueueDoesNotExist"}


def exceptions(described: ServiceModel) -> set[str]:
    """The classes of all errors that the service's model has."""
    service = described.service_name
    names = {shape.name for shape in described.error_shapes}
    return {service_names.java_exception(name) for name in names if (service, name) not in _UNMODELLED}


def modelled(described: ServiceModel, code: str) -> str | None:
    """The exception's class of an error code that the service's model has."""
    if (described.service_name, code) in _UNMODELLED:
        return None
    shape = _SHAPES.get((described.service_name, code))
    if shape is None:
        known = described.shape_for_error_code(cast(Any, code)) if code else None
        shape = known.name if known is not None else None
        if shape is None and code in {error.name for error in described.error_shapes}:
            shape = code  # SNS's code is InvalidParameter, some answer with the shape's name
    return service_names.java_exception(shape) if shape else None


def _answer(error: ClientError) -> tuple[str, str, int, str, str]:
    metadata = error.response.get("ResponseMetadata", {})
    body = error.response.get("Error", {})
    return (
        body.get("Code", ""),
        body.get("Message", ""),
        int(metadata.get("HTTPStatusCode", 0)),
        str(metadata.get("RequestId") or "local"),
        str(metadata.get("HostId") or ""),
    )


def optimised(service: str, error: ClientError) -> tuple[str, str]:
    """Name and cause of an optimised integration's failure; `service` as in the resource."""
    words = OPTIMISED[service]
    code, message, status, request, _ = _answer(error)
    # Lambda's model has no AccessDeniedException, SNS says AuthorizationError where others say AccessDenied.
    if service == "sns" and code in ("AccessDenied", "AccessDeniedException"):
        code = "AuthorizationError"
    name = modelled(service_names.model(service_names.boto_name(service)), code)
    cause = (
        f"{message} (Service: {words.service}; Status Code: {status}; Error Code: {code}; "
        f"Request ID: {request}; Proxy: null)"
    )
    return f"{words.prefix}.{name or words.base}", cause


def sdk(boto_service: str, error: ClientError) -> tuple[str, str]:
    """Name and cause of an SDK integration's failure; `boto_service` by boto3's name."""
    prefix = service_names.error_prefix(boto_service)
    code, message, status, request, host = _answer(error)
    name = modelled(service_names.model(boto_service), code) or f"{prefix}Exception"
    extended = f", Extended Request ID: {host}" if host else ""
    return (
        f"{prefix}.{name}",
        f"{message} (Service: {prefix}, Status Code: {status}, Request ID: {request}{extended})",
    )
