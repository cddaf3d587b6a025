"""The endpoint: what it serves, and serving another configuration."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from loupe.aws import Cloud
from loupe.aws_errors import translate_errors
from loupe.errors import CommandError, InputError, ModelNotFoundError
from loupe.pictures import S3Location, parse_s3_uri
from loupe.training.tags import PREVIOUS, tags_of

POLL_SECONDS = 1.0
UPDATE_SECONDS = 3600.0
CHANGING = ("Updating", "SystemUpdating", "RollingBack")


@dataclass(frozen=True)
class Live:
    """What an endpoint serves: its configuration, each model's share of the traffic, where it is captured."""

    endpoint: str
    status: str
    config: str
    shares: dict[str, float] = field(default_factory=dict)
    capture: S3Location | None = None


class Endpoint:
    """One SageMaker endpoint and the endpoint configurations that it may serve."""

    def __init__(self, cloud: Cloud, name: str) -> None:
        self.name = name
        self._where = cloud.where
        self._sagemaker = cloud.client("sagemaker")

    def live(self) -> Live | None:
        """What it serves; None when there is no such endpoint."""
        with translate_errors(self._where):
            try:
                said = self._sagemaker.describe_endpoint(EndpointName=self.name)
            except ClientError as error:
                if "Could not find" in str(error):
                    return None
                raise
            config = self._config_if_there(said["EndpointConfigName"])
        capture = said.get("DataCaptureConfig") or {}
        uri = capture.get("DestinationS3Uri") if capture.get("EnableCapture") else None
        return Live(
            self.name,
            said["EndpointStatus"],
            said["EndpointConfigName"],
            _shares(config.get("ProductionVariants", []), said.get("ProductionVariants", [])),
            parse_s3_uri(uri) if uri else None,
        )

    def in_service(self) -> Live:
        """What it serves. CommandError when it is not in service, and so can't be changed."""
        live = self.live()
        if live is None:
            raise CommandError(f"There is no endpoint {self.name}. `loupe train` makes it.")
        if live.status != "InService":
            raise CommandError(f"The endpoint {self.name} is {live.status} and can't be changed now; wait.")
        return live

    def variant(self, live: Live) -> dict[str, Any] | None:
        """The first production variant of what is live; None where its configuration was deleted."""
        with translate_errors(self._where):
            variants = self._config_if_there(live.config).get("ProductionVariants", [])
        return dict(variants[0]) if variants else None

    def config_before(self, live: Live) -> str:
        """The configuration that the live one replaced. ModelNotFoundError when there is none."""
        another = "`loupe rollback --to MODEL` takes any of `loupe models`."
        with translate_errors(self._where):
            previous = tags_of(self._sagemaker, self._config(live.config)["EndpointConfigArn"]).get(PREVIOUS)
            if not previous:
                raise ModelNotFoundError(
                    f"Nothing was live on {self.name} before {live.config}: there is nothing to go back to. "
                    f"{another}"
                )
            try:
                self._config(previous)
            except ClientError as error:
                if "Could not find" not in str(error):
                    raise
                raise ModelNotFoundError(
                    f"The endpoint configuration {previous} has been deleted. {another}"
                ) from error
        return previous

    def config_of(self, model: str) -> str:
        """The newest configuration that serves this model alone. ModelNotFoundError without any."""
        for name in self.configs_of(model):
            return name
        raise ModelNotFoundError(f"No endpoint configuration serves {model} any more; train it again.")

    def configs_of(self, model: str) -> Iterator[str]:
        """The configurations that serve this model alone, the newest first."""
        with translate_errors(self._where):
            pages = self._sagemaker.get_paginator("list_endpoint_configs").paginate(
                SortBy="CreationTime", SortOrder="Descending"
            )
            for page in pages:
                for each in page["EndpointConfigs"]:
                    name = str(each["EndpointConfigName"])
                    variants = self._config(name).get("ProductionVariants", [])
                    if [variant["ModelName"] for variant in variants] == [model]:
                        yield name

    def switch(
        self, live: Live, config: str, remember: bool, wait: Callable[[float], None] = time.sleep
    ) -> Live:
        """UpdateEndpoint, and wait until it is in service with the configuration.

        With `remember` a later rollback comes back to what is live now. CommandError when the endpoint does
        not take it: SageMaker has then gone back by itself.
        """
        if config == live.config:
            raise InputError(f"The endpoint {self.name} serves {config} already.")
        with translate_errors(self._where):
            if remember:
                tag = {"Key": PREVIOUS, "Value": live.config}
                self._sagemaker.add_tags(ResourceArn=self._config(config)["EndpointConfigArn"], Tags=[tag])
            self._sagemaker.update_endpoint(EndpointName=self.name, EndpointConfigName=config)
            deadline = time.monotonic() + UPDATE_SECONDS
            said = self._sagemaker.describe_endpoint(EndpointName=self.name)
            while said["EndpointStatus"] in CHANGING and time.monotonic() < deadline:
                wait(POLL_SECONDS)
                said = self._sagemaker.describe_endpoint(EndpointName=self.name)
        if said["EndpointStatus"] != "InService" or said["EndpointConfigName"] != config:
            state = f"it is {said['EndpointStatus']} with {said['EndpointConfigName']}"
            raise CommandError(
                f"The endpoint {self.name} did not take {config}: {said.get('FailureReason') or state}"
            )
        return self.in_service()

    def _config_if_there(self, name: str) -> dict[str, Any]:
        """Somebody may have deleted what an endpoint serves; it goes on serving it."""
        try:
            return self._config(name)
        except ClientError as error:
            if "Could not find" not in str(error):
                raise
            return {}

    def _config(self, name: str) -> dict[str, Any]:
        said: dict[str, Any] = self._sagemaker.describe_endpoint_config(EndpointConfigName=name)
        return said


def _shares(configured: list[dict[str, Any]], running: list[dict[str, Any]]) -> dict[str, float]:
    """Each model's share of the traffic; weights may have been moved since the endpoint was made."""
    weights = {each["VariantName"]: float(each.get("InitialVariantWeight", 1)) for each in configured}
    weights |= {
        each["VariantName"]: float(each["CurrentWeight"]) for each in running if "CurrentWeight" in each
    }
    whole = sum(weights.values()) or 1.0
    shares: dict[str, float] = {}
    for each in configured:
        share = weights[each["VariantName"]] / whole
        shares[each["ModelName"]] = shares.get(each["ModelName"], 0.0) + share
    return shares
