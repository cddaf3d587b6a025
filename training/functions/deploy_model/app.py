"""Deploy Model: take the next step of an endpoint's update, or say that it is done."""

import os
from typing import Any

from loupe_core.observability import observed
from loupe_core.settings import required
from loupe_training.clients import client
from loupe_training.deployment import Deployment, Progress

stack_name = required(os.environ, "STACK_NAME")
sagemaker = client("sagemaker")


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """{started, live, previous, looks}: given back with the next call until `live` is true.

    Raises DeploymentFailedError, SupersededError, AccessDeniedError, ServiceUnavailableError.
    """
    deployment = Deployment(sagemaker, event["endpoint"], event["config"], stack_name)
    return deployment.advance(Progress.parse(event.get("progress"))).to_dict()
