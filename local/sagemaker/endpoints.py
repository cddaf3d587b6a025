"""Endpoints: created, updated without downtime, scaled, deleted, brought back after a restart."""

import copy
import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from local.aws_json import AwsServiceError, Operation
from local.sagemaker import autoscaling, errors
from local.sagemaker.catalog import Catalog
from local.sagemaker.deployment import Deployer
from local.sagemaker.descriptions import describe, variants_of
from local.sagemaker.errors import DeploymentError, validation_error
from local.sagemaker.fleet import Fleet
from local.sagemaker.settings import sagemaker_arn
from local.sagemaker.store import Endpoint, Resource, Store, page

_log = logging.getLogger(__name__)
# By UpdateEndpoint's VariantPropertyType.
_RETAINED = {"DesiredInstanceCount": "InitialInstanceCount", "DesiredWeight": "InitialVariantWeight"}
_BUSY = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")


class Endpoints:
    """The operations on endpoints, and the fleets that serve them."""

    def __init__(self, store: Store, catalog: Catalog, deployer: Deployer, drain_seconds: float) -> None:
        self._store = store
        self._catalog = catalog
        self._deployer = deployer
        self._drain_seconds = drain_seconds
        self._fleets: dict[str, Fleet] = {}
        self._closed = False

    def operations(self) -> Mapping[str, Operation]:
        return {
            "CreateEndpoint": self.create_endpoint,
            "DescribeEndpoint": self.describe_endpoint,
            "UpdateEndpoint": self.update_endpoint,
            "UpdateEndpointWeightsAndCapacities": self.update_weights_and_capacities,
            "DeleteEndpoint": self.delete_endpoint,
            "ListEndpoints": self.list_endpoints,
        }

    def fleet(self, name: str) -> Fleet | None:
        """What serves the endpoint now, if anything does."""
        return self._fleets.get(name)

    def starting_again(self, name: str) -> bool:
        """Whether the endpoint served before this service was restarted and is coming back."""
        endpoint = self._store.endpoints.get(name)
        return endpoint is not None and endpoint.status == "SystemUpdating"

    def create_endpoint(self, request: dict[str, Any]) -> dict[str, Any]:
        name, now = request["EndpointName"], time.time()
        arn = sagemaker_arn("endpoint", name)
        with self._store.lock:
            if name in self._store.endpoints:
                raise errors.already_exists("endpoint", arn)
            target = self._plan(request["EndpointConfigName"])
            config = request["EndpointConfigName"]
            endpoint = Endpoint(name, arn, now, now, "Creating", config, pending=config)
            self._store.endpoints[name] = endpoint
            self._store.tag(arn, request.get("Tags", []))
            self._store.save()
        self._background(self._deploy, endpoint, target, request["EndpointConfigName"])
        return {"EndpointArn": arn}

    def update_endpoint(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._store.lock:
            endpoint = self._changeable(request["EndpointName"])
            target = self._plan(request["EndpointConfigName"])
            variants = target["config"]["ProductionVariants"]
            autoscaling.check_update(self._store, endpoint.name, variants_of(endpoint), variants)
            if request.get("RetainAllVariantProperties"):
                excluded = request.get("ExcludeRetainedVariantProperties", [])
                _retain(target, endpoint.deployed, {each["VariantPropertyType"] for each in excluded})
            endpoint.pending = request["EndpointConfigName"]
            self._set_status(endpoint, "Updating")
        self._background(self._deploy, endpoint, target, request["EndpointConfigName"])
        return {"EndpointArn": endpoint.arn}

    def update_weights_and_capacities(self, request: dict[str, Any]) -> dict[str, Any]:
        wanted = {item["VariantName"]: item for item in request["DesiredWeightsAndCapacities"]}
        with self._store.lock:
            endpoint = self._changeable(request["EndpointName"])
            unknown = set(wanted) - {variant["VariantName"] for variant in variants_of(endpoint)}
            if unknown:
                raise validation_error(
                    f"Could not find variant(s) {sorted(unknown)} in endpoint {endpoint.arn}."
                )
            self._set_status(endpoint, "Updating")
        self._background(self._scale, endpoint, wanted)
        return {"EndpointArn": endpoint.arn}

    def describe_endpoint(self, request: dict[str, Any]) -> dict[str, Any]:
        return describe(self._endpoint(request["EndpointName"]))

    def delete_endpoint(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._store.lock:
            endpoint = self._endpoint(request["EndpointName"])
            if endpoint.status in _BUSY:
                raise errors.in_progress(endpoint.arn)
            self._set_status(endpoint, "Deleting")
            fleet = self._fleets.pop(endpoint.name, None)
        self._background(self._remove, endpoint, fleet)
        return {}

    def list_endpoints(self, request: dict[str, Any]) -> dict[str, Any]:
        items = [
            {
                "EndpointName": endpoint.name,
                "EndpointArn": endpoint.arn,
                "EndpointStatus": endpoint.status,
                "CreationTime": endpoint.created,
                "LastModifiedTime": endpoint.modified,
            }
            for endpoint in list(self._store.endpoints.values())
        ]
        return page(items, request, "EndpointName", "Endpoints")

    def resume(self) -> None:
        """Bring back what served, and finish what was under way, when the service stopped."""
        with self._store.lock:
            for endpoint in list(self._store.endpoints.values()):
                if endpoint.status == "Deleting":
                    self._background(self._remove, endpoint, None)
                elif endpoint.deployed:
                    self._set_status(endpoint, "SystemUpdating")
                    self._background(self._restart, endpoint, endpoint.deployed)
                elif endpoint.status == "Creating":
                    self._background(self._deploy_by_name, endpoint)

    def close(self) -> None:
        """Take every process down; the records stay as they are."""
        with self._store.lock:
            self._closed = True
            fleets = list(self._fleets.values())
            self._fleets.clear()
        threads = [threading.Thread(target=fleet.stop) for fleet in fleets]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _deploy(self, endpoint: Endpoint, target: dict[str, Any], config_name: str) -> None:
        """Bring the target up beside what serves; switch over only if every instance is healthy."""
        generation = endpoint.generation + 1
        try:
            fleet = self._bring_up(endpoint, generation, target)
        except DeploymentError as error:
            self._fail(endpoint, str(error), generation)
            return
        with self._store.lock:
            before, old_generation = self._install(endpoint, fleet), endpoint.generation
            endpoint.deployed, endpoint.config, endpoint.generation = target, config_name, generation
            endpoint.failure_reason = None
            self._set_status(endpoint, "InService")
        if before is not None:
            before.retire(self._drain_seconds)
            shutil.rmtree(self._deployer.folder(endpoint.name, old_generation), ignore_errors=True)

    def _deploy_by_name(self, endpoint: Endpoint) -> None:
        try:
            target = self._plan(endpoint.config)
        except AwsServiceError as error:
            self._fail(endpoint, error.message, endpoint.generation + 1)
            return
        self._deploy(endpoint, target, endpoint.config)

    def _restart(self, endpoint: Endpoint, deployed: dict[str, Any]) -> None:
        try:
            fleet = self._bring_up(endpoint, endpoint.generation, deployed)
        except DeploymentError as error:
            with self._store.lock:
                endpoint.failure_reason = str(error)
                self._set_status(endpoint, "Failed")
            return
        with self._store.lock:
            self._install(endpoint, fleet)
            self._set_status(endpoint, "InService")

    def _scale(self, endpoint: Endpoint, wanted: dict[str, dict[str, Any]]) -> None:
        fleet, deployed = self._fleets.get(endpoint.name), endpoint.deployed
        if fleet is None or deployed is None:
            return
        try:
            for settings in deployed["config"]["ProductionVariants"]:
                change = wanted.get(settings["VariantName"], {})
                variant = fleet.variants[settings["VariantName"]]
                if "DesiredInstanceCount" in change and "ServerlessConfig" not in settings:
                    count = change["DesiredInstanceCount"]
                    self._deployer.grow(endpoint.name, endpoint.generation, variant, count, _models(deployed))
                    settings["InitialInstanceCount"] = count
                if "DesiredWeight" in change:
                    variant.weight = settings["InitialVariantWeight"] = change["DesiredWeight"]
        except DeploymentError as error:
            self._fail(endpoint, str(error), None)
            return
        with self._store.lock:
            endpoint.failure_reason = None
            self._set_status(endpoint, "InService")

    def _bring_up(self, endpoint: Endpoint, generation: int, target: dict[str, Any]) -> Fleet:
        return self._deployer.bring_up(endpoint.name, generation, target["config"], _models(target))

    def _install(self, endpoint: Endpoint, fleet: Fleet) -> Fleet | None:
        """Make `fleet` the one that serves; the one that did, or `fleet` itself if the service is closing."""
        if self._closed:
            return fleet
        before = self._fleets.get(endpoint.name)
        self._fleets[endpoint.name] = fleet
        return before

    def _fail(self, endpoint: Endpoint, reason: str, generation: int | None) -> None:
        """What serves goes on serving (a rollback); an endpoint that never served is Failed."""
        _log.warning("endpoint %s: %s", endpoint.name, reason)
        with self._store.lock:
            endpoint.failure_reason = reason
            self._set_status(endpoint, "InService" if endpoint.deployed else "Failed")
        if generation is not None and not endpoint.deployed:
            return  # the logs of an endpoint that never came up are worth keeping until it is deleted
        if generation is not None:
            shutil.rmtree(self._deployer.folder(endpoint.name, generation), ignore_errors=True)

    def _remove(self, endpoint: Endpoint, fleet: Fleet | None) -> None:
        if fleet is not None:
            fleet.retire(self._drain_seconds)
        shutil.rmtree(self._deployer.folder(endpoint.name, 0).parent, ignore_errors=True)
        with self._store.lock:
            self._store.endpoints.pop(endpoint.name, None)
            self._store.tags.pop(endpoint.arn, None)
            self._store.save()

    def _plan(self, config_name: str) -> dict[str, Any]:
        """What a deployment of this configuration consists of, a copy that later changes can't reach."""
        config = copy.deepcopy(self._catalog.config(config_name).request)
        names = {variant["ModelName"] for variant in config["ProductionVariants"]}
        return {"config": config, "models": {name: asdict(self._catalog.model(name)) for name in names}}

    def _endpoint(self, name: str) -> Endpoint:
        if name not in self._store.endpoints:
            raise errors.not_found("endpoint", sagemaker_arn("endpoint", name))
        return self._store.endpoints[name]

    def _changeable(self, name: str) -> Endpoint:
        endpoint = self._endpoint(name)
        if endpoint.status in _BUSY:
            raise errors.in_progress(endpoint.arn)
        if endpoint.status == "Failed":
            raise validation_error(f'Cannot update failed endpoint "{endpoint.arn}".')
        return endpoint

    def _set_status(self, endpoint: Endpoint, status: str) -> None:
        endpoint.status, endpoint.modified = status, time.time()
        if status not in _BUSY:
            endpoint.pending = None
        self._store.save()

    def _background(self, work: Callable[..., None], endpoint: Endpoint, *arguments: Any) -> None:
        def run() -> None:
            try:
                work(endpoint, *arguments)
            except Exception:
                _log.exception("endpoint %s", endpoint.name)
                self._fail(
                    endpoint,
                    "Request to service failed. If failure persists after retry, contact support.",
                    None,
                )

        threading.Thread(target=run, name=f"endpoint {endpoint.name}", daemon=True).start()


def _models(deployed: dict[str, Any]) -> dict[str, Resource]:
    return {name: Resource(**fields) for name, fields in deployed["models"].items()}


def _retain(target: dict[str, Any], deployed: dict[str, Any] | None, excluded: set[str]) -> None:
    """Carry over what variants of the same name have at present, and what is captured, unless `excluded`."""
    if not deployed:
        return
    config, before = target["config"], deployed["config"]
    now = {variant["VariantName"]: variant for variant in before["ProductionVariants"]}
    kept = [key for kind, key in _RETAINED.items() if kind not in excluded]
    for variant in config["ProductionVariants"]:
        present = now.get(variant["VariantName"], {})
        variant |= {key: present[key] for key in kept if key in present and key in variant}
    if "DataCaptureConfig" not in excluded and "DataCaptureConfig" in before:
        config["DataCaptureConfig"] = before["DataCaptureConfig"]
