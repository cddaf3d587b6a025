"""What an endpoint's owner has scaled stays over an update that the training workflow makes."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from loupe_training.deployment import Deployment, Progress
from loupe_training.hosting import LiveEndpoint
from tests.integration.sagemaker.conftest import Lab


def scale(lab: Lab, endpoint: str, count: int) -> None:
    lab.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=endpoint,
        DesiredWeightsAndCapacities=[{"VariantName": "v1", "DesiredInstanceCount": count}],
    )
    lab.settled(endpoint)


def register(lab: Lab, endpoint: str) -> None:
    lab.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId=f"endpoint/{endpoint}/variant/v1",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        MinCapacity=1,
        MaxCapacity=4,
    )


def deploy(lab: Lab, endpoint: str, config: str) -> Any:
    """The endpoint's description once the configuration is live."""
    deployment = Deployment(lab.sagemaker, endpoint, config, "loupe")
    steps = [Progress()]

    def advanced() -> Progress:
        steps.append(deployment.advance(steps[-1]))
        return steps[-1]

    lab.until(advanced, lambda progress: progress.live, 60)
    return lab.sagemaker.describe_endpoint(EndpointName=endpoint)


def test_a_deployment_keeps_the_instance_count_and_takes_the_new_capture(lab: Lab) -> None:
    endpoint = lab.new_endpoint(lab.new_config(lab.new_model(answer="old")))
    scale(lab, endpoint, 2)
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 50,
        "DestinationS3Uri": f"s3://{lab.bucket}/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }

    described = deploy(lab, endpoint, lab.new_config(lab.new_model(answer="new"), DataCaptureConfig=capture))

    (variant,) = described["ProductionVariants"]
    assert variant["CurrentInstanceCount"] == 2
    assert described["DataCaptureConfig"]["CurrentSamplingPercentage"] == 50
    assert lab.invoke(endpoint) == "new"


def test_what_is_captured_is_retained_too_unless_it_is_excluded(lab: Lab) -> None:
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 50,
        "DestinationS3Uri": f"s3://{lab.bucket}/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    endpoint = lab.new_endpoint(lab.new_config(lab.new_model(), DataCaptureConfig=capture))
    after = lab.new_config(lab.new_model())

    lab.sagemaker.update_endpoint(
        EndpointName=endpoint, EndpointConfigName=after, RetainAllVariantProperties=True
    )
    pending = lab.sagemaker.describe_endpoint(EndpointName=endpoint).get("PendingDeploymentSummary")
    described = lab.settled(endpoint)

    assert pending is None or pending["EndpointConfigName"] == after
    assert described["DataCaptureConfig"]["CurrentSamplingPercentage"] == 50
    assert "PendingDeploymentSummary" not in described


def test_a_variant_that_is_scaled_automatically_is_known_and_its_instance_type_stays(lab: Lab) -> None:
    endpoint = lab.new_endpoint(lab.new_config(lab.new_model(answer="old")))
    live = LiveEndpoint(lab.sagemaker, lab.client("application-autoscaling"))
    before = live.variant(endpoint)
    register(lab, endpoint)
    after = live.variant(endpoint)
    larger, name = lab.new_model(), lab.name("config")
    variant = {
        "VariantName": "v1",
        "ModelName": larger,
        "InstanceType": "ml.m5.xlarge",
        "InitialInstanceCount": 1,
    }
    lab.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])

    with pytest.raises(ClientError, match="must be deregistered as a scalable target"):
        lab.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=name)

    assert before is not None
    assert after is not None
    assert (before.scaled, after.scaled) == (False, True)
    assert deploy(lab, endpoint, lab.new_config(lab.new_model()))["EndpointStatus"] == "InService"
    lab.client("application-autoscaling").deregister_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId=f"endpoint/{endpoint}/variant/v1",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
    )
    assert deploy(lab, endpoint, name)["EndpointStatus"] == "InService"


def test_an_endpoint_that_is_not_there_has_no_variant(lab: Lab) -> None:
    assert LiveEndpoint(lab.sagemaker, lab.client("application-autoscaling")).variant("none") is None
