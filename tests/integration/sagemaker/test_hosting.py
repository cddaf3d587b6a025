"""Hosting as boto3 sees it: models, configurations, endpoints and their life."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.sagemaker.conftest import IMAGE, Lab, archive


def refusal(call: Any, **parameters: Any) -> tuple[str, str]:
    """The code and message with which AWS refuses a call."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_endpoint_serves_its_model_and_boto3_waits_for_it(lab: Lab) -> None:
    config = lab.new_config(lab.new_model(answer="it is a cat"))
    endpoint = lab.new_endpoint(config, wait=False)
    lab.sagemaker.get_waiter("endpoint_in_service").wait(
        EndpointName=endpoint, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )

    answer = lab.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=endpoint,
        Body=b"picture",
        ContentType="image/jpeg",
        Accept="application/json",
        CustomAttributes="a=1",
    )

    assert answer["Body"].read() == b"it is a cat"
    assert answer["ContentType"] == "application/json"
    assert answer["InvokedProductionVariant"] == "v1"
    assert answer["CustomAttributes"] == "seen a=1"
    described = lab.sagemaker.describe_endpoint(EndpointName=endpoint)
    assert described["EndpointArn"] == f"arn:aws:sagemaker:us-east-1:000000000000:endpoint/{endpoint}"
    assert described["EndpointConfigName"] == config
    [variant] = described["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["CurrentWeight"]) == (1, 1.0)
    assert variant["DeployedImages"][0]["SpecifiedImage"] == IMAGE


def test_container_sees_its_environment_and_not_the_services(lab: Lab) -> None:
    endpoint = lab.new_endpoint(lab.new_config(lab.new_model(environment={"COLOUR": "green"})))

    environment = json.loads(lab.invoke(endpoint, b"env"))

    assert environment["COLOUR"] == "green"
    assert environment["AWS_ENDPOINT_URL"] == lab.gateway
    assert "SAGEMAKER_BASE_DIR" in environment
    assert not {"AWS_ACCESS_KEY_ID", "LOUPE_STATE", "LOUPE_SAGEMAKER_IMAGES"} & set(environment)


def test_container_acts_as_its_execution_role(lab: Lab) -> None:
    lab.client("s3").put_object(Bucket=lab.bucket, Key="secret.txt", Body=b"open sesame")
    role = lab.new_role()
    endpoint = lab.new_endpoint(lab.new_config(lab.new_model(role)))

    assert lab.invoke(endpoint, f"read s3://{lab.bucket}/secret.txt".encode()) == "open sesame"


def test_wrong_requests_are_refused_in_awss_words(lab: Lab) -> None:
    sm = lab.sagemaker
    config = lab.new_config(lab.new_model())
    arn = "arn:aws:sagemaker:us-east-1:000000000000"

    assert refusal(sm.describe_endpoint, EndpointName="Nobody") == (
        "ValidationException",
        f'Could not find endpoint "{arn}:endpoint/nobody".',
    )
    assert refusal(sm.describe_model, ModelName="nobody")[1] == f'Could not find model "{arn}:model/nobody".'
    assert refusal(sm.create_endpoint, EndpointName="x", EndpointConfigName="nobody")[1] == (
        f'Could not find endpoint configuration "{arn}:endpoint-config/nobody".'
    )
    assert refusal(sm.describe_endpoint, EndpointName="no_underscore")[1] == (
        "1 validation error detected: Value 'no_underscore' at 'endpointName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"
    )
    variant = {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.huge", "InitialInstanceCount": 1}
    code, message = refusal(sm.create_endpoint_config, EndpointConfigName="c", ProductionVariants=[variant])
    assert code == "ValidationException"
    assert (
        "Value 'ml.huge' at 'productionVariants.1.member.instanceType' failed to satisfy constraint"
        in message
    )
    variant["InstanceType"], variant["ModelName"] = "ml.t2.medium", lab.new_model()
    shadowed = {
        "ProductionVariants": [variant],
        "ShadowProductionVariants": [{**variant, "VariantName": "w"}],
    }
    assert refusal(sm.create_endpoint_config, EndpointConfigName="c", **shadowed)[1] == (
        "The local SageMaker does not offer ShadowProductionVariants."
    )
    twice = [variant, variant]
    assert (
        "v is given twice"
        in refusal(sm.create_endpoint_config, EndpointConfigName="c", ProductionVariants=twice)[1]
    )
    endpoint = lab.new_endpoint(config)
    assert refusal(sm.create_endpoint, EndpointName=endpoint, EndpointConfigName=config) == (
        "ValidationException",
        f'Cannot create already existing endpoint "{arn}:endpoint/{endpoint}".',
    )


def test_model_of_unknown_image_or_unreadable_data_is_refused(lab: Lab) -> None:
    create = lab.sagemaker.create_model
    unknown = "000000000000.dkr.ecr.us-east-1.amazonaws.com/no-such:1"
    there, not_there = lab.upload_model(), f"s3://{lab.bucket}/none.tar.gz"
    blind = lab.new_role(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    )

    def of(image: str, url: str, role: str) -> dict[str, Any]:
        return {
            "ModelName": lab.name(),
            "PrimaryContainer": {"Image": image, "ModelDataUrl": url},
            "ExecutionRoleArn": role,
        }

    assert refusal(create, **of(unknown, there, lab.role))[1] == f"Requested image {unknown} not found."
    assert (
        refusal(create, **of(IMAGE, not_there, lab.role))[1] == f"Could not find model data at {not_there}."
    )
    assert refusal(create, **of(IMAGE, there, blind))[1].startswith(
        f'Could not access model data at {there}. Please ensure that the role "{blind}" exists'
    )


def test_endpoint_fails_when_its_role_lost_the_right_to_read_the_model(lab: Lab) -> None:
    role = lab.new_role()
    config = lab.new_config(lab.new_model(role))
    lab.client("iam").delete_role_policy(RoleName=role.rsplit("/", 1)[1], PolicyName="all")

    described = lab.settled(lab.new_endpoint(config, wait=False))

    assert described["EndpointStatus"] == "Failed"
    assert described["FailureReason"].startswith(
        f'Failed to download model data for container "container_1" from URL: "s3://{lab.bucket}/models/'
    )


@pytest.mark.parametrize(
    "behaviour", [{"exit_at_start": 1}, {"ping": 500}], ids=["it exits", "ping answers 500"]
)
def test_endpoint_fails_when_the_container_does_not_pass_the_ping(
    lab: Lab, behaviour: dict[str, Any]
) -> None:
    described = lab.settled(lab.new_endpoint(lab.new_config(lab.new_model(**behaviour)), wait=False))

    assert described["EndpointStatus"] == "Failed"
    assert described["FailureReason"] == (
        "The primary container for production variant v1 did not pass the ping health check. "
        "Please check CloudWatch logs for this endpoint."
    )


def test_archive_that_is_broken_or_leads_out_of_its_folder_fails_the_endpoint(lab: Lab) -> None:
    for content in (b"not a tar", archive({"../../escaped.json": {}})):
        model = lab.new_model()
        url = lab.sagemaker.describe_model(ModelName=model)["PrimaryContainer"]["ModelDataUrl"]
        bucket, key = url.removeprefix("s3://").split("/", 1)
        lab.client("s3").put_object(Bucket=bucket, Key=key, Body=content)

        described = lab.settled(lab.new_endpoint(lab.new_config(model), wait=False))

        assert described["EndpointStatus"] == "Failed"
        assert described["FailureReason"].startswith("Failed to extract model data archive")
    assert not list(lab.state.rglob("escaped.json"))


def test_update_switches_without_a_failed_request(lab: Lab) -> None:
    endpoint = lab.new_endpoint(lab.new_config(lab.new_model(answer="old")))
    new_config = lab.new_config(lab.new_model(answer="new"))

    lab.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=new_config)
    assert refusal(lab.sagemaker.update_endpoint, EndpointName=endpoint, EndpointConfigName=new_config)[
        1
    ] == (
        f'Cannot update in-progress endpoint "arn:aws:sagemaker:us-east-1:000000000000:endpoint/{endpoint}".'
    )
    answers: list[str] = []

    def invoke_until_new(_: int) -> None:
        while not answers or answers[-1] != "new":
            answers.append(lab.invoke(endpoint))

    # Four callers at once; an exception in any of them fails the test.
    with ThreadPoolExecutor(4) as callers:
        list(callers.map(invoke_until_new, range(4), timeout=60))

    assert set(answers) == {"old", "new"}
    assert lab.settled(endpoint)["EndpointConfigName"] == new_config


def test_update_that_fails_rolls_back_and_says_why(lab: Lab) -> None:
    good = lab.new_config(lab.new_model(answer="still me"))
    endpoint = lab.new_endpoint(good)

    lab.sagemaker.update_endpoint(
        EndpointName=endpoint, EndpointConfigName=lab.new_config(lab.new_model(exit_at_start=1))
    )

    described = lab.settled(endpoint)
    assert described["EndpointStatus"] == "InService"
    assert described["EndpointConfigName"] == good
    assert "did not pass the ping health check" in described["FailureReason"]
    assert lab.invoke(endpoint) == "still me"


def test_two_variants_share_by_weight_and_can_be_targeted(lab: Lab) -> None:
    endpoint = lab.new_endpoint(lab.new_config(lab.new_model(answer="one"), lab.new_model(answer="two")))
    assert {lab.invoke(endpoint) for _ in range(40)} == {"one", "two"}

    weights = [{"VariantName": "v1", "DesiredWeight": 0.0}, {"VariantName": "v2", "DesiredInstanceCount": 2}]
    lab.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=endpoint, DesiredWeightsAndCapacities=weights
    )
    described = lab.settled(endpoint)

    counts = {
        v["VariantName"]: (v["CurrentWeight"], v["CurrentInstanceCount"])
        for v in described["ProductionVariants"]
    }
    assert counts == {"v1": (0.0, 1), "v2": (1.0, 2)}
    assert {lab.invoke(endpoint) for _ in range(20)} == {"two"}
    assert len({lab.invoke(endpoint, b"pid") for _ in range(6)}) == 2
    assert lab.invoke(endpoint, TargetVariant="v1") == "one"


def test_deleted_endpoint_is_gone_with_its_process(lab: Lab) -> None:
    endpoint = lab.new_endpoint(lab.new_config(lab.new_model()))
    lab.sagemaker.delete_endpoint(EndpointName=endpoint)
    lab.sagemaker.get_waiter("endpoint_deleted").wait(
        EndpointName=endpoint, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )

    assert refusal(lab.invoke, endpoint=endpoint) == (
        "ValidationError",
        f"Endpoint {endpoint} of account 000000000000 not found.",
    )
    assert not (lab.state / "sagemaker" / "endpoints" / endpoint).exists()


def test_config_and_model_may_go_while_their_endpoint_serves(lab: Lab) -> None:
    model = lab.new_model(answer="orphan")
    config = lab.new_config(model)
    endpoint = lab.new_endpoint(config)

    lab.sagemaker.delete_endpoint_config(EndpointConfigName=config)
    lab.sagemaker.delete_model(ModelName=model)

    assert lab.invoke(endpoint) == "orphan"
    assert (
        refusal(lab.sagemaker.describe_endpoint_config, EndpointConfigName=config)[0] == "ValidationException"
    )


def test_lists_are_filtered_sorted_and_paged(lab: Lab) -> None:
    mark = lab.name("list")
    uri = lab.upload_model()
    for i in range(3):
        container = {"Image": IMAGE, "ModelDataUrl": uri}
        lab.sagemaker.create_model(
            ModelName=f"{mark}-{i}", PrimaryContainer=container, ExecutionRoleArn=lab.role
        )

    pages = lab.sagemaker.get_paginator("list_models").paginate(
        NameContains=mark, SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 2}
    )

    assert [[m["ModelName"] for m in found["Models"]] for found in pages] == [
        [f"{mark}-0", f"{mark}-1"],
        [f"{mark}-2"],
    ]


def test_tags_are_kept_until_their_resource_goes(lab: Lab) -> None:
    arn = lab.sagemaker.describe_model(ModelName=lab.new_model())["ModelArn"]
    lab.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    lab.sagemaker.delete_tags(ResourceArn=arn, TagKeys=["a"])

    assert lab.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]


def test_endpoints_come_back_after_a_restart(lab: Lab) -> None:
    endpoint = lab.new_endpoint(lab.new_config(lab.new_model(answer="back")))

    lab.stop()
    lab.start()

    assert lab.settled(endpoint)["EndpointStatus"] == "InService"
    assert lab.invoke(endpoint) == "back"
