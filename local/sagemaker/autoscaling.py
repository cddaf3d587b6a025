"""Application Auto Scaling, as far as SageMaker's endpoints meet it: variants that are scalable targets.

AWS: an update that would change the instance type of a variant that is a target, or remove the variant, is
refused. Nothing is scaled here.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html
"""

import time
from collections.abc import Mapping
from typing import Any

from local.aws_json import AwsServiceError, Operation
from local.sagemaker.errors import validation_error
from local.sagemaker.settings import arn
from local.sagemaker.store import Store

_MEMBERS = ("ServiceNamespace", "ResourceId", "ScalableDimension", "MinCapacity", "MaxCapacity", "RoleARN")


class ScalableTargets:
    """The operations on scalable targets of SageMaker's namespace."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def operations(self) -> Mapping[str, Operation]:
        return {
            "RegisterScalableTarget": self.register,
            "DescribeScalableTargets": self.describe,
            "DeregisterScalableTarget": self.deregister,
        }

    def register(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._store.lock:
            before = self._store.scalable_targets.get(request["ResourceId"], {"CreationTime": time.time()})
            given = {key: request[key] for key in _MEMBERS if key in request}
            target_arn = arn("application-autoscaling", f"scalable-target/{request['ResourceId']}")
            self._store.scalable_targets[request["ResourceId"]] = {
                "RoleARN": arn(
                    "iam", "role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com"
                ),
                **before,
                **given,
                "ScalableTargetARN": target_arn,
            }
            self._store.save()
        return {"ScalableTargetARN": target_arn}

    def describe(self, request: dict[str, Any]) -> dict[str, Any]:
        wanted = request.get("ResourceIds")
        found = [
            target
            for name, target in sorted(self._store.scalable_targets.items())
            if target["ServiceNamespace"] == request["ServiceNamespace"] and (not wanted or name in wanted)
        ]
        return {"ScalableTargets": found}

    def deregister(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._store.lock:
            if self._store.scalable_targets.pop(request["ResourceId"], None) is None:
                missing = f"No scalable target registered for {request['ResourceId']}"
                raise AwsServiceError("ObjectNotFoundException", missing)
            self._store.save()
        return {}


def check_update(
    store: Store, endpoint: str, before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    """Raises ValidationException where an update would change or remove a variant that is a target."""
    hosting = {each["VariantName"]: each.get("InstanceType") for each in after}
    for variant in before:
        name = variant["VariantName"]
        if f"endpoint/{endpoint}/variant/{name}" not in store.scalable_targets:
            continue
        if hosting.get(name) != variant.get("InstanceType"):
            raise validation_error(
                f"The variant(s) {name} must be deregistered as a scalable target with Application Auto "
                "Scaling before its instance type is changed or it is removed."
            )
