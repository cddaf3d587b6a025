"""Bringing an endpoint's variants up: artefacts from S3, processes, the first ping."""

import uuid
from pathlib import Path
from typing import Any

from local.sagemaker import artifacts
from local.sagemaker.containers import Container, base_environment
from local.sagemaker.credentials import CredentialsPaths
from local.sagemaker.errors import ArtifactError, DeploymentError, ImageNotFoundError
from local.sagemaker.fleet import Fleet, Variant, stop_all
from local.sagemaker.images import Image, ImageTable
from local.sagemaker.instances import Instance
from local.sagemaker.logs import LogStream, pump
from local.sagemaker.roles import RoleSessions
from local.sagemaker.settings import Settings
from local.sagemaker.store import Resource

_COMPLETE = ".complete"


class Deployer:
    """Turns an endpoint configuration into a running fleet."""

    def __init__(
        self, settings: Settings, images: ImageTable, roles: RoleSessions, paths: CredentialsPaths
    ) -> None:
        self._settings = settings
        self._images = images
        self._roles = roles
        self._paths = paths

    def folder(self, endpoint: str, generation: int) -> Path:
        """Where a deployment keeps its model and logs."""
        return self._settings.state / "endpoints" / endpoint / str(generation)

    def bring_up(
        self, endpoint: str, generation: int, config: dict[str, Any], models: dict[str, Resource]
    ) -> Fleet:
        """A fleet whose every instance has answered a ping; DeploymentError with AWS's reason if that fails.

        `models` holds the models that the config names. A deployment whose artefacts are still on disk (the
        service was restarted) does not fetch them again.
        """
        variants: list[Variant] = []
        try:
            for settings in config["ProductionVariants"]:
                variants.append(self._variant(endpoint, generation, settings, models[settings["ModelName"]]))
            for variant in variants:
                self.grow(endpoint, generation, variant, instance_count(variant.settings), models)
        except DeploymentError:
            Fleet(endpoint, variants, None).stop()
            raise
        return Fleet(endpoint, variants, config.get("DataCaptureConfig"))

    def grow(
        self, endpoint: str, generation: int, variant: Variant, count: int, models: dict[str, Resource]
    ) -> None:
        """Add or take away instances until there are `count`; new ones must answer a ping first."""
        container = container_of(models[variant.settings["ModelName"]])
        image = self._images.find(variant.image)
        added = [
            self._instance(endpoint, generation, variant, image, container)
            for _ in range(count - len(variant.instances))
        ]
        if not all(instance.await_first_start() for instance in added):
            stop_all(added)
            raise DeploymentError(
                f"The primary container for production variant {variant.name} did not pass the ping health "
                "check. "
                "Please check CloudWatch logs for this endpoint."
            )
        surplus = variant.instances[count:]
        variant.instances = [*variant.instances[:count], *added]
        stop_all(surplus)

    def _variant(self, endpoint: str, generation: int, settings: dict[str, Any], model: Resource) -> Variant:
        container = container_of(model)
        role = model.request.get("ExecutionRoleArn", "")
        variant = Variant(settings, role, container["Image"])
        try:
            self._images.find(container["Image"]).entry("serve")
        except ImageNotFoundError as error:
            raise DeploymentError(
                "Please make sure all images included in the model for the production variant "
                f"{variant.name} exist, "
                "and that the execution role used to create the model has permissions to access them."
            ) from error
        self._fetch_model(self.folder(endpoint, generation) / variant.name, container, role)
        return variant

    def _fetch_model(self, base: Path, container: dict[str, Any], role: str) -> None:
        uri = model_data_uri(container)
        if (base / _COMPLETE).exists():
            return
        artifacts.fresh_folder(base)
        (base / "model").mkdir()
        if uri is not None:
            archive = base / "model.tar.gz"
            try:
                artifacts.download(self._roles.client("s3", role), uri, archive)
            except ArtifactError as error:
                raise DeploymentError(
                    f'Failed to download model data for container "container_1" from URL: "{uri}". Please '
                    "ensure that "
                    "there is an object located at the URL and that the role passed to CreateModel has "
                    "permissions to "
                    "download the object."
                ) from error
            try:
                artifacts.extract(archive, base / "model")
            except ArtifactError as error:
                raise DeploymentError(
                    f'Failed to extract model data archive for container "container_1" from URL "{uri}". '
                    "Please ensure "
                    "that the object located at the URL is a valid tar.gz archive."
                ) from error
            archive.unlink()
        (base / _COMPLETE).touch()

    def _instance(
        self, endpoint: str, generation: int, variant: Variant, image: Image, container: dict[str, Any]
    ) -> Instance:
        instance_id = f"i-{uuid.uuid4().hex[:17]}"
        base = self.folder(endpoint, generation) / variant.name
        stream = LogStream(
            lambda: self._roles.client("logs", variant.role_arn),
            f"/aws/sagemaker/Endpoints/{endpoint}",
            f"{variant.name}/{instance_id}",
        )
        variant.logs[instance_id] = stream
        environment = (
            base_environment(self._settings, self._paths.path(variant.role_arn))
            | dict(image.env)
            | container.get("Environment", {})
            | {"SAGEMAKER_BASE_DIR": str(base)}
        )

        def launch(port: int) -> Container:
            env = environment | {"SAGEMAKER_BIND_TO_PORT": str(port)}
            process = Container(image.entry("serve"), env, base)
            pump(process.output, base / f"{instance_id}.log", stream.put)
            return process

        seconds = variant.settings.get(
            "ContainerStartupHealthCheckTimeoutInSeconds", self._settings.startup_seconds
        )
        return Instance(instance_id, launch, seconds)


def container_of(model: Resource) -> dict[str, Any]:
    """The model's one container."""
    request = model.request
    container: dict[str, Any] = request.get("PrimaryContainer") or request["Containers"][0]
    return container


def model_data_uri(container: dict[str, Any]) -> str | None:
    """Where a container's model.tar.gz is, in either form of the API."""
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    uri: str | None = container.get("ModelDataUrl") or source.get("S3Uri")
    return uri


def instance_count(settings: dict[str, Any]) -> int:
    """How many instances a variant starts with: a serverless one has one process."""
    return 1 if "ServerlessConfig" in settings else int(settings.get("InitialInstanceCount", 1))
