"""What Step Functions calls AWS's services, in resources and in errors.

AWS: `aws-sdk:<service>` and the prefix of its errors are the names of the AWS SDK for Java 2
(`sagemakerruntime`, `SageMakerRuntime`; `cloudwatchlogs`, `CloudWatchLogs`; `dynamodb`, `DynamoDb`), which
follow from the service's id.
moto: boto3's names only, and a prefix for DynamoDB and Step Functions only.
"""

import os
import re
from functools import lru_cache

import botocore.session
from botocore import xform_name
from botocore.model import OperationModel, ServiceModel

# Java's names that are more than boto3's name without its hyphens.
_BOTO_NAMES = {
    "applicationdiscovery": "discovery",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "cognitosync": "cognito-sync",
    "costandusagereport": "cur",
    "costexplorer": "ce",
    "databasemigration": "dms",
    "directory": "ds",
    "elasticloadbalancing": "elb",
    "elasticloadbalancingv2": "elbv2",
    "elasticsearch": "es",
    "eventbridge": "events",
    "iotdataplane": "iot-data",
    "lexmodelbuilding": "lex-models",
    "lexruntime": "lex-runtime",
    "migrationhub": "mgh",
    "resourcegroupstaggingapi": "resourcegroupstaggingapi",
    "servicecatalogappregistry": "servicecatalog-appregistry",
    "sfn": "stepfunctions",
    "states": "stepfunctions",
    "transcribe": "transcribe",
    "waf": "waf",
}


# Whoever runs the local cloud may have profiles and settings for AWS: they are none of its business.
_SETTINGS = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
session = botocore.session.Session(session_vars=_SETTINGS)


class UnknownServiceError(Exception):
    """No such service or action."""


@lru_cache(maxsize=1)
def _available() -> dict[str, str]:
    return {name.replace("-", ""): name for name in session.get_available_services()}


def boto_name(service: str) -> str:
    """boto3's name of a service as a state machine spells it; UnknownServiceError if there is none."""
    key = service.lower()
    name = _BOTO_NAMES.get(key) or _available().get(key.replace("-", ""))
    if name is None:
        raise UnknownServiceError(f"The service '{service}' is not known.")
    return name


@lru_cache(maxsize=64)
def model(service: str) -> ServiceModel:
    """The service's model by boto3's name."""
    return session.get_service_model(service)


@lru_cache(maxsize=256)
def operation(service: str, action: str) -> OperationModel:
    """The operation by boto3's service name and the action as a resource spells it (`createTrainingJob`)."""
    described = model(service)
    wanted = xform_name(action)
    for name in described.operation_names:
        if name.lower() == action.lower() or xform_name(name) == wanted:
            return described.operation_model(name)
    raise UnknownServiceError(f"The action '{action}' of the service '{service}' is not known.")


def error_prefix(service: str) -> str:
    """The prefix of an SDK integration's errors, by boto3's service name: `DynamoDb`, `SageMakerRuntime`."""
    return java_name(str(model(service).metadata["serviceId"]))


def java_name(service_id: str) -> str:
    """A service id in the pascal case of the Java SDK: acronyms keep their first letter only (`DynamoDB` →
    `DynamoDb`).
    """
    words: list[str] = []
    for part in re.split(r"[^0-9A-Za-z]+", service_id):
        spaced = re.sub(r"^([A-Z]{2,})(v\d)$", r"\1 \2", part)  # SESv2 → SES v2
        spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", spaced)
        spaced = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", spaced)
        words.extend(spaced.split())
    return "".join(word[:1].upper() + word[1:].lower() for word in words)


def java_exception(shape: str) -> str:
    """The class of a modelled error: `NoSuchKey` → `NoSuchKeyException`, `DBInstanceNotFoundFault` →
    `…Exception`.
    """
    if shape.endswith("Exception"):
        return shape
    return shape.removesuffix("Fault") + "Exception"
