"""The parts of the gaps that need no cloud."""

import json

import pytest

from local.cloud.forwarding import sagemaker_resource
from local.cloud.gaps.denials import denial
from local.cloud.gaps.limits import invocation_fault
from local.cloud.gaps.missing_keys import read_bucket
from local.cloud.gaps.object_events import complete
from local.cloud.gaps.pass_role import passed_roles
from local.cloud.gaps.yaml_definitions import as_json

PRINCIPAL = "arn:aws:sts::000000000000:assumed-role/r/s"
SAGEMAKER = "arn:aws:sagemaker:us-east-1:000000000000:"


@pytest.mark.parametrize(
    ("service", "action", "resource", "expected"),
    [
        ("lambda", "lambda:InvokeFunction", "arn:f", "lambda:InvokeFunction on resource: arn:f because"),
        ("s3", "s3:GetObject", "arn:b/k", 's3:GetObject on resource: "arn:b/k" because'),
        ("s3", "s3:ListAllMyBuckets", "*", "s3:ListAllMyBuckets because"),
        ("sns", "sns:Publish", "arn:t", "SNS:Publish on resource: arn:t because"),
    ],
)
def test_a_denial_is_worded_as_the_service_words_it(
    service: str, action: str, resource: str, expected: str
) -> None:
    message = denial(service, action, PRINCIPAL, resource, explicit=False)

    assert message.startswith(f"User: {PRINCIPAL} is not authorized to perform: {expected}")
    assert "explicit deny" in denial(service, action, PRINCIPAL, resource, explicit=True)


@pytest.mark.parametrize(
    ("method", "path", "headers", "bucket"),
    [
        ("GET", "/b/a/key", {}, "b"),
        ("HEAD", "/b/key", {}, "b"),
        ("GET", "/b", {}, None),
        ("GET", "/b/", {}, None),
        ("PUT", "/b/key", {}, None),
        ("PUT", "/b/key", {"x-amz-copy-source": "source/a%20key?versionId=1"}, "source"),
        ("DELETE", "/b/key", {}, None),
    ],
)
def test_the_bucket_that_is_read_from(
    method: str, path: str, headers: dict[str, str], bucket: str | None
) -> None:
    assert read_bucket(method, path, headers) == bucket


@pytest.mark.parametrize(
    ("kind", "size", "refused"),
    [("RequestResponse", 6_291_456, False), ("RequestResponse", 6_291_457, True), ("Event", 1_048_577, True)],
)
def test_a_payload_is_limited_by_its_invocation(kind: str, size: int, refused: bool) -> None:
    fault = invocation_fault({"x-amz-invocation-type": kind}, size)

    assert (fault is not None) == refused


@pytest.mark.parametrize(
    ("action", "body", "roles"),
    [
        ("states:CreateStateMachine", {"roleArn": "arn:r"}, [("arn:r", "states.amazonaws.com")]),
        ("sagemaker:CreateModel", {"ExecutionRoleArn": "arn:r"}, [("arn:r", "sagemaker.amazonaws.com")]),
        (
            "events:PutTargets",
            {"Targets": [{"RoleArn": "arn:1"}, {}, {"RoleArn": "arn:2"}]},
            [("arn:1", "events.amazonaws.com"), ("arn:2", "events.amazonaws.com")],
        ),
        (
            "scheduler:CreateSchedule",
            {"Target": {"RoleArn": "arn:r"}},
            [("arn:r", "scheduler.amazonaws.com")],
        ),
        ("states:StartExecution", {"roleArn": "arn:r"}, []),
        ("lambda:CreateFunction", {"Role": None}, []),
        ("lambda:CreateFunction", [1], []),
    ],
)
def test_the_roles_a_request_passes(action: str, body: object, roles: list[tuple[str, str]]) -> None:
    assert list(passed_roles(action, json.dumps(body).encode())) == roles


def test_a_body_that_is_not_json_passes_no_role() -> None:
    assert list(passed_roles("lambda:CreateFunction", b"{")) == []


@pytest.mark.parametrize(
    ("path", "target", "body", "resource"),
    [
        ("/endpoints/Loupe-1/invocations", "", b"\xff\xd8", f"{SAGEMAKER}endpoint/loupe-1"),
        ("/", "SageMaker.DescribeEndpoint", b'{"EndpointName": "Loupe"}', f"{SAGEMAKER}endpoint/loupe"),
        (
            "/",
            "SageMaker.CreateEndpoint",
            b'{"EndpointConfigName": "c", "EndpointName": "e"}',
            f"{SAGEMAKER}endpoint/e",
        ),
        (
            "/",
            "SageMaker.UpdateEndpointWeightsAndCapacities",
            b'{"EndpointName": "e"}',
            f"{SAGEMAKER}endpoint/e",
        ),
        (
            "/",
            "SageMaker.CreateEndpointConfig",
            b'{"EndpointConfigName": "c"}',
            f"{SAGEMAKER}endpoint-config/c",
        ),
        ("/", "SageMaker.StopTrainingJob", b'{"TrainingJobName": "t"}', f"{SAGEMAKER}training-job/t"),
        ("/", "SageMaker.ListEndpoints", b"{}", "*"),
        ("/", "SageMaker.AddTags", b'{"ResourceArn": "arn:x"}', "arn:x"),
        ("/", "SageMaker.DescribeEndpoint", b"not JSON", "*"),
    ],
)
def test_the_resource_of_a_sagemaker_request(path: str, target: str, body: bytes, resource: str) -> None:
    assert sagemaker_resource(path, target, body, "us-east-1", "000000000000") == resource


@pytest.mark.parametrize(("version", "present"), [("v1", True), (None, False), ("null", False)])
def test_an_event_names_the_version_there_is(version: str | None, present: bool) -> None:
    event = {"Detail": json.dumps({"object": {"key": "k"}}), "Time": "2026-01-01T00:00:00.123Z"}

    completed = complete(event, version)

    assert ("version-id" in json.loads(completed["Detail"])["object"]) == present
    assert completed["Time"] == "2026-01-01T00:00:00Z"


def test_a_definition_in_yaml_becomes_json_and_one_in_json_stays() -> None:
    definition = "StartAt: Wait\nStates:\n  Wait:\n    Type: Wait\n    Seconds: 1\n    End: true\n"
    assert json.loads(as_json(definition)) == {
        "StartAt": "Wait",
        "States": {"Wait": {"Type": "Wait", "Seconds": 1, "End": True}},
    }
    assert as_json('{"StartAt":  "Wait"}') == '{"StartAt":  "Wait"}'
    assert as_json("- [") == "- ["
