"""Requests are checked and answers written by botocore's service models."""

import base64
import json
from typing import Any

import pytest

from local.aws_json import AwsServiceError, JsonService, call


@pytest.fixture(scope="module")
def sagemaker() -> JsonService:
    return JsonService("sagemaker")


def refused(service: JsonService, operation: str, document: Any) -> AwsServiceError:
    """The error for a request."""
    with pytest.raises(AwsServiceError) as caught:
        service.parse(operation, json.dumps(document).encode())
    return caught.value


def test_every_violation_is_told_with_its_place(sagemaker: JsonService) -> None:
    variant = {"ModelName": "m", "InitialInstanceCount": 0, "InstanceType": "ml.none"}

    error = refused(sagemaker, "CreateEndpointConfig", {"ProductionVariants": [variant]})

    assert error.code == "ValidationException"
    assert error.message.startswith("4 validation errors detected: ")
    place = "productionVariants.1.member"
    for text in (
        "Value null at 'endpointConfigName' failed to satisfy constraint: Member must not be null",
        f"Value null at '{place}.variantName' failed to satisfy constraint: Member must not be null",
        (
            f"Value '0' at '{place}.initialInstanceCount' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1"
        ),
        (
            f"Value 'ml.none' at '{place}.instanceType' failed to satisfy constraint: Member must satisfy "
            "enum "
            "value set: ["
        ),
    ):
        assert text in error.message


@pytest.mark.parametrize(
    "document",
    [
        [],
        "text",
        {"ModelName": 1},
        {"ModelName": ["m"]},
        {"MaxResults": "ten"},
        {"MaxResults": 1.5},
        {"MaxResults": True},
    ],
)
def test_wrong_type_is_a_serialization_exception(sagemaker: JsonService, document: Any) -> None:
    operation = "ListModels" if isinstance(document, dict) and "MaxResults" in document else "DescribeModel"

    assert refused(sagemaker, operation, document).code == "SerializationException"


def test_body_that_is_not_json_is_a_serialization_exception(sagemaker: JsonService) -> None:
    with pytest.raises(AwsServiceError) as caught:
        sagemaker.parse("DescribeModel", b"\xff{")
    assert caught.value.code == "SerializationException"


def test_unknown_members_are_dropped_and_null_ones_count_as_missing(sagemaker: JsonService) -> None:
    request = {"ModelName": "m", "Extra": 1, "Tags": None, "ExecutionRoleArn": None}

    assert sagemaker.parse("CreateModel", json.dumps(request).encode()) == {"ModelName": "m"}


def test_blobs_are_decoded_and_measured() -> None:
    rekognition = JsonService("rekognition")
    image = {"Image": {"Bytes": base64.b64encode(b"picture").decode()}}

    assert rekognition.parse("DetectFaces", json.dumps(image).encode()) == {"Image": {"Bytes": b"picture"}}
    assert (
        refused(rekognition, "DetectFaces", {"Image": {"Bytes": "no base64!"}}).code
        == "SerializationException"
    )
    big = {"Image": {"Bytes": base64.b64encode(bytes(5 * 2**20 + 1)).decode()}}
    assert "'image.bytes'" in refused(rekognition, "DetectFaces", big).message


def test_answer_holds_only_what_its_shape_knows_and_nothing_empty(sagemaker: JsonService) -> None:
    answer = sagemaker.render(
        "DescribeModel",
        {"ModelName": "m", "Secret": "s", "PrimaryContainer": {}, "VpcConfig": None, "CreationTime": 1.5},
    )

    assert json.loads(answer.body) == {"ModelName": "m", "CreationTime": 1.5}


def test_call_answers_with_the_operation_or_its_error(sagemaker: JsonService) -> None:
    def describe(request: dict[str, Any]) -> dict[str, Any]:
        if request["ModelName"] == "bug":
            raise KeyError("bug")
        raise AwsServiceError("ValidationException", "Could not find model.")

    def answer(target: str, name: str = "m") -> tuple[int, str]:
        done = call(sagemaker, {"DescribeModel": describe}, target, json.dumps({"ModelName": name}).encode())
        return done.status, json.loads(done.body)["__type"]

    assert answer("SageMaker.DescribeModel") == (400, "ValidationException")
    assert answer("SageMaker.DescribeModel", "bug") == (500, "InternalFailure")
    assert answer("SageMaker.CreateDomain") == (400, "UnknownOperationException")
    assert answer("SageMaker.NoSuchThing") == (400, "UnknownOperationException")
    assert answer("") == (400, "UnknownOperationException")
