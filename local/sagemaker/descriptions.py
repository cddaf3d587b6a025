"""What DescribeEndpoint shows of an endpoint."""

from typing import Any

from local.sagemaker.deployment import container_of, instance_count
from local.sagemaker.store import Endpoint, Resource


def variants_of(endpoint: Endpoint) -> list[dict[str, Any]]:
    """The production variants that serve now, with their present weights and counts."""
    return endpoint.deployed["config"]["ProductionVariants"] if endpoint.deployed else []


def describe(endpoint: Endpoint) -> dict[str, Any]:
    """The members of DescribeEndpointOutput; what it runs is shown once something does."""
    shown: dict[str, Any] = {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "EndpointConfigName": endpoint.config,
        "EndpointStatus": endpoint.status,
        "FailureReason": endpoint.failure_reason,
        "CreationTime": endpoint.created,
        "LastModifiedTime": endpoint.modified,
    }
    if endpoint.pending:
        pending = {"EndpointConfigName": endpoint.pending, "StartTime": endpoint.modified}
        shown["PendingDeploymentSummary"] = pending
    if endpoint.deployed:
        shown["ProductionVariants"] = [
            _variant_summary(v, endpoint.deployed, endpoint.modified) for v in variants_of(endpoint)
        ]
        shown["DataCaptureConfig"] = _capture_summary(endpoint.deployed["config"].get("DataCaptureConfig"))
    return shown


def _variant_summary(settings: dict[str, Any], deployed: dict[str, Any], since: float) -> dict[str, Any]:
    image = container_of(Resource(**deployed["models"][settings["ModelName"]]))["Image"]
    weight, count = settings.get("InitialVariantWeight", 1.0), instance_count(settings)
    summary = {
        "VariantName": settings["VariantName"],
        "DeployedImages": [{"SpecifiedImage": image, "ResolvedImage": image, "ResolutionTime": since}],
        "CurrentWeight": weight,
        "DesiredWeight": weight,
    }
    if "ServerlessConfig" in settings:
        serverless = settings["ServerlessConfig"]
        return summary | {"CurrentServerlessConfig": serverless, "DesiredServerlessConfig": serverless}
    return summary | {"CurrentInstanceCount": count, "DesiredInstanceCount": count}


def _capture_summary(config: dict[str, Any] | None) -> dict[str, Any] | None:
    if not config:
        return None
    enabled = config.get("EnableCapture", False)
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled else "Stopped",
        "CurrentSamplingPercentage": config["InitialSamplingPercentage"],
        "DestinationS3Uri": config["DestinationS3Uri"],
        "KmsKeyId": config.get("KmsKeyId", ""),
    }
