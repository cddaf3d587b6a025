"""Host the model to start with, so that a fresh stack has an endpoint to classify with."""

import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, WaiterError

from loupe.aws import Cloud
from loupe.console import step, working
from loupe.errors import CloudError
from loupe.stack import Stack
from loupe.training.tags import NAME, STACK
from model.package import build_package

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

STARTER = Path("model", "artifacts", "digits")
IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/loupe-model:latest"
"""Names a container for SageMaker's sake; the local cloud runs the server that would be in it."""
WAITER: Any = {"Delay": 1, "MaxAttempts": 120}


def host_starter_model(cloud: Cloud, stack: Stack, root: Path) -> None:
    """Create the stack's endpoint with the digits model, unless it serves one: whatever it serves is left as
    it is.
    """
    sagemaker: SageMakerClient = cloud.client("sagemaker")
    endpoint = stack.output("EndpointName")
    status = _status(sagemaker, endpoint)
    if status == "InService":
        step("Endpoint is in service", endpoint)
        return
    with working(
        f"Hosting the digits model on the endpoint {endpoint}", f"Endpoint {endpoint} is in service"
    ):
        if status == "Failed":
            sagemaker.delete_endpoint(EndpointName=endpoint)
            sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=endpoint, WaiterConfig=WAITER)
            status = None
        if status is None:
            config = _create_config(cloud, stack, root)
            sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=config)
        _wait(sagemaker, endpoint)


def _create_config(cloud: Cloud, stack: Stack, root: Path) -> str:
    """Upload the model, create it and its endpoint configuration; gives the configuration's name."""
    sagemaker: SageMakerClient = cloud.client("sagemaker")
    with tempfile.TemporaryDirectory() as folder:
        archive = build_package(root / STARTER, Path(folder, "model.tar.gz"))
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()[:12]
        bucket, key = stack.output("ModelsBucketName"), f"starter/digits-{digest}/model.tar.gz"
        cloud.client("s3").upload_file(str(archive), bucket, key)
    name = f"digits-{digest}"
    for create in (
        lambda: sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn=stack.output("WorkflowRoleArn"),
            PrimaryContainer={"Image": IMAGE, "ModelDataUrl": f"s3://{bucket}/{key}"},
            # As the training workflow tags its models: `loupe models` lists it with them.
            Tags=[{"Key": STACK, "Value": stack.name}, {"Key": NAME, "Value": "digits-starter"}],
        ),
        lambda: sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[
                {
                    "VariantName": "AllTraffic",
                    "ModelName": name,
                    "InitialInstanceCount": 1,
                    "InstanceType": "ml.t2.medium",
                }
            ],
        ),
    ):
        try:
            create()
        except ClientError as error:
            if "already exist" not in str(error):
                raise
    return name


def _status(sagemaker: "SageMakerClient", endpoint: str) -> str | None:
    try:
        return sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"]
    except ClientError as error:
        if "Could not find" in str(error):
            return None
        raise


def _wait(sagemaker: "SageMakerClient", endpoint: str) -> None:
    try:
        sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint, WaiterConfig=WAITER)
    except WaiterError as error:
        said = sagemaker.describe_endpoint(EndpointName=endpoint)
        reason = said.get("FailureReason") or said["EndpointStatus"]
        raise CloudError(f"The endpoint {endpoint} did not come into service: {reason}") from error
