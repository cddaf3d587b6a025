"""Models, endpoint configurations and tags: what is only written down until an endpoint uses it."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.aws_json import Operation
from local.sagemaker import errors
from local.sagemaker.artifacts import split_s3_uri
from local.sagemaker.deployment import container_of, model_data_uri
from local.sagemaker.errors import ArtifactError, ImageNotFoundError, validation_error
from local.sagemaker.images import ImageTable
from local.sagemaker.roles import RoleSessions
from local.sagemaker.settings import REGION, sagemaker_arn
from local.sagemaker.store import Resource, Store, new_resource, page

MODEL, CONFIG = "model", "endpoint configuration"


class Catalog:
    """The operations on models, endpoint configurations and tags."""

    def __init__(self, store: Store, images: ImageTable, roles: RoleSessions) -> None:
        self._store = store
        self._images = images
        self._roles = roles

    def operations(self) -> Mapping[str, Operation]:
        return {
            "CreateModel": self.create_model,
            "DescribeModel": self.describe_model,
            "DeleteModel": self.delete_model,
            "ListModels": self.list_models,
            "CreateEndpointConfig": self.create_endpoint_config,
            "DescribeEndpointConfig": self.describe_endpoint_config,
            "DeleteEndpointConfig": self.delete_endpoint_config,
            "ListEndpointConfigs": self.list_endpoint_configs,
            "AddTags": self.add_tags,
            "ListTags": self.list_tags,
            "DeleteTags": self.delete_tags,
        }

    def create_model(self, request: dict[str, Any]) -> dict[str, Any]:
        """Refuses, as AWS does, an image that does not exist and model data that the role can't read."""
        model = new_resource("model", request["ModelName"], request)
        containers = request.get("Containers", [])
        if bool(request.get("PrimaryContainer")) == bool(containers):
            raise validation_error("Exactly one of PrimaryContainer and Containers must be given.")
        if len(containers) > 1 or container_of(model).get("Mode", "SingleModel") != "SingleModel":
            raise validation_error("The local SageMaker hosts models of one container in SingleModel mode.")
        container = container_of(model)
        self._check_image(container)
        if model.name in self._store.models:
            raise errors.already_exists(MODEL, model.arn)
        self._check_model_data(model_data_uri(container), request.get("ExecutionRoleArn"))
        with self._store.lock:
            if self._store.models.setdefault(model.name, model) is not model:
                raise errors.already_exists(MODEL, model.arn)
            self._store.tag(model.arn, request.get("Tags", []))
            self._store.save()
        return {"ModelArn": model.arn}

    def _check_image(self, container: dict[str, Any]) -> None:
        if "Image" not in container:
            raise validation_error("The local SageMaker needs Image in a container definition.")
        try:
            self._images.find(container["Image"])
        except ImageNotFoundError as error:
            raise validation_error(f"Requested image {container['Image']} not found.") from error

    def _check_model_data(self, uri: str | None, role: str | None) -> None:
        if uri is None:
            return
        if role is None:
            raise validation_error("ExecutionRoleArn is needed to read the model data.")
        try:
            bucket, key = split_s3_uri(uri)
            self._roles.client("s3", role).head_object(Bucket=bucket, Key=key)
        except (ArtifactError, ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"] in (
                "404",
                "NoSuchKey",
                "NoSuchBucket",
            ):
                raise validation_error(f"Could not find model data at {uri}.") from error
            raise validation_error(
                f'Could not access model data at {uri}. Please ensure that the role "{role}" exists and that'
                " its trust "
                'relationship policy allows the action "sts:AssumeRole" for the service principal '
                '"sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" permissions and '
                "that the object "
                f"is located in {REGION}."
            ) from error

    def describe_model(self, request: dict[str, Any]) -> dict[str, Any]:
        model = self.model(request["ModelName"])
        enabled = {"EnableNetworkIsolation": False}
        return enabled | model.request | {"ModelArn": model.arn, "CreationTime": model.created}

    def delete_model(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._store.lock:
            model = self.model(request["ModelName"])
            self._forget(self._store.models, model)
        return {}

    def list_models(self, request: dict[str, Any]) -> dict[str, Any]:
        items = [
            {"ModelName": model.name, "ModelArn": model.arn, "CreationTime": model.created}
            for model in list(self._store.models.values())
        ]
        return page(items, request, "ModelName", "Models")

    def create_endpoint_config(self, request: dict[str, Any]) -> dict[str, Any]:
        config = new_resource("endpoint-config", request["EndpointConfigName"], request)
        self._check_variants(request)
        with self._store.lock:
            if self._store.configs.setdefault(config.name, config) is not config:
                raise errors.already_exists(CONFIG, config.arn)
            self._store.tag(config.arn, request.get("Tags", []))
            self._store.save()
        return {"EndpointConfigArn": config.arn}

    def _check_variants(self, request: dict[str, Any]) -> None:
        for member in ("AsyncInferenceConfig", "ShadowProductionVariants"):
            if member in request:
                raise validation_error(f"The local SageMaker does not offer {member}.")
        variants = request["ProductionVariants"]
        repeated = [name for name, times in Counter(v["VariantName"] for v in variants).items() if times > 1]
        if repeated:
            raise validation_error(f"Production variant names must be unique; {repeated[0]} is given twice.")
        for variant in variants:
            name = variant["VariantName"]
            if "ModelName" not in variant:
                raise validation_error(f"ModelName must be given for production variant {name}.")
            self.model(variant["ModelName"])
            serverless = "ServerlessConfig" in variant
            if serverless and (
                len(variants) > 1 or request.get("DataCaptureConfig", {}).get("EnableCapture")
            ):
                raise validation_error(
                    "A serverless endpoint has one production variant and no data capture."
                )
            if serverless == ("InstanceType" in variant):
                raise validation_error(
                    "Exactly one of InstanceType and ServerlessConfig must be given for production variant "
                    f"{name}."
                )

    def describe_endpoint_config(self, request: dict[str, Any]) -> dict[str, Any]:
        config = self.config(request["EndpointConfigName"])
        variants = [{"InitialVariantWeight": 1.0, **v} for v in config.request["ProductionVariants"]]
        shown = {
            "ProductionVariants": variants,
            "EndpointConfigArn": config.arn,
            "CreationTime": config.created,
        }
        return config.request | {"EnableNetworkIsolation": False} | shown

    def delete_endpoint_config(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._store.lock:
            config = self.config(request["EndpointConfigName"])
            self._forget(self._store.configs, config)
        return {}

    def list_endpoint_configs(self, request: dict[str, Any]) -> dict[str, Any]:
        items = [
            {"EndpointConfigName": c.name, "EndpointConfigArn": c.arn, "CreationTime": c.created}
            for c in list(self._store.configs.values())
        ]
        return page(items, request, "EndpointConfigName", "EndpointConfigs")

    def add_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._store.lock:
            self._store.tag(self._taggable(request["ResourceArn"]), request["Tags"])
            self._store.save()
        return self.list_tags(request)

    def list_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        tags = self._store.tags.get(self._taggable(request["ResourceArn"]), {})
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def delete_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._store.lock:
            tags = self._store.tags.get(self._taggable(request["ResourceArn"]), {})
            for key in request["TagKeys"]:
                tags.pop(key, None)
            self._store.save()
        return {}

    def _taggable(self, arn: str) -> str:
        store = self._store
        kinds = (store.models, store.configs, store.endpoints, store.training_jobs, store.processing_jobs)
        if not any(record.arn == arn for kind in kinds for record in list(kind.values())):  # type: ignore[attr-defined]
            raise validation_error(f"Could not find resource {arn}.")
        return arn

    def model(self, name: str) -> Resource:
        """The model of that name; AWS's ValidationException if there is none."""
        if name not in self._store.models:
            raise errors.not_found(MODEL, sagemaker_arn("model", name))
        return self._store.models[name]

    def config(self, name: str) -> Resource:
        """The endpoint configuration of that name; AWS's ValidationException if there is none."""
        if name not in self._store.configs:
            raise errors.not_found(CONFIG, sagemaker_arn("endpoint-config", name))
        return self._store.configs[name]

    def _forget(self, kind: dict[str, Resource], resource: Resource) -> None:
        del kind[resource.name]
        self._store.tags.pop(resource.arn, None)
        self._store.save()
