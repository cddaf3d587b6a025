"""What a trained model is hosted on: what the stack says, but for what the endpoint's owner has scaled.

SageMaker keeps a variant's instance count over an update if it is asked to (RetainAllVariantProperties), for
variants of the same name. It refuses an update that changes the instance type of a variant that is a target
of Application Auto Scaling.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from loupe_training.aws_errors import is_missing, translated
from loupe_training.settings import PlanSettings

DEFAULT_VARIANT = "AllTraffic"
SERVERLESS = "serverless"
HOSTING_KEYS = ("InstanceType", "ServerlessConfig")


@dataclass(frozen=True)
class LiveVariant:
    """The one variant that an endpoint serves, as its configuration has it; `scaled` by Auto Scaling."""

    config: Mapping[str, Any]
    scaled: bool

    @property
    def name(self) -> str:
        return str(self.config["VariantName"])


class LiveEndpoint:
    """SageMaker and Application Auto Scaling, asked for what serves now."""

    def __init__(self, sagemaker: Any, autoscaling: Any) -> None:
        self._sagemaker, self._autoscaling = sagemaker, autoscaling

    def variant(self, endpoint: str) -> LiveVariant | None:
        """None where there is no endpoint, or one with several variants: those cannot be carried over.

        Raises AccessDeniedError, ServiceUnavailableError.
        """
        try:
            with translated("sagemaker:DescribeEndpoint"):
                found = self._sagemaker.describe_endpoint(EndpointName=endpoint)
            with translated("sagemaker:DescribeEndpointConfig"):
                config = self._sagemaker.describe_endpoint_config(
                    EndpointConfigName=found["EndpointConfigName"]
                )
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        variants = config.get("ProductionVariants", [])
        if len(variants) != 1:
            return None
        return LiveVariant(variants[0], self._is_scaled(endpoint, variants[0]["VariantName"]))

    def _is_scaled(self, endpoint: str, variant: str) -> bool:
        with translated("application-autoscaling:DescribeScalableTargets"):
            answer = self._autoscaling.describe_scalable_targets(
                ServiceNamespace="sagemaker", ResourceIds=[f"endpoint/{endpoint}/variant/{variant}"]
            )
        return bool(answer["ScalableTargets"])


def endpoint_config(
    name: str, tags: list[dict[str, str]], settings: PlanSettings, live: LiveVariant | None
) -> dict[str, Any]:
    """CreateEndpointConfig's arguments. `name` is the configuration's and the model's.

    The variant keeps the name of the live one, since only then SageMaker keeps its instance count.
    """
    variant = {
        "VariantName": live.name if live else DEFAULT_VARIANT,
        "ModelName": name,
        "InitialVariantWeight": 1,
        **_hosting(settings, live),
    }
    config: dict[str, Any] = {"EndpointConfigName": name, "ProductionVariants": [variant], "Tags": tags}
    # A serverless endpoint captures no data.
    if "InstanceType" in variant and settings.data_capture_percentage:
        config["DataCaptureConfig"] = {
            "EnableCapture": True,
            "InitialSamplingPercentage": settings.data_capture_percentage,
            "DestinationS3Uri": f"s3://{settings.training_bucket}/captured",
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
        }
    return config


def _hosting(settings: PlanSettings, live: LiveVariant | None) -> dict[str, Any]:
    if live and live.scaled:
        kept = {key: live.config[key] for key in HOSTING_KEYS if key in live.config}
        count = {"InitialInstanceCount": settings.hosting_instance_count} if "InstanceType" in kept else {}
        return kept | count
    if settings.hosting_instance_type == SERVERLESS:
        memory, concurrency = settings.serverless_memory_mb, settings.serverless_concurrency
        return {"ServerlessConfig": {"MemorySizeInMB": memory, "MaxConcurrency": concurrency}}
    return {
        "InstanceType": settings.hosting_instance_type,
        "InitialInstanceCount": settings.hosting_instance_count,
    }
