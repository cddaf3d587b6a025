"""What a run is going to do: which endpoint, which model, how many batches at once."""

from typing import Any

from loupe_batch.names import Run, require_run_name
from loupe_batch.request import LIVE, TEMPORARY, BatchRequest
from loupe_batch.sagemaker import Hosted, Hosting
from loupe_batch.settings import PlanSettings
from loupe_batch.storage import Storage
from loupe_core.errors import EndpointNotReadyError

# What a child gets: enough that starting it costs nothing a picture, few enough for a call of a minute.
PICTURES_A_BATCH = 40
# On the live endpoint others wait for answers: so many batches at once, unless the input says otherwise.
LIVE_CONCURRENCY = 2
IN_SERVICE = ("InService", "Updating", "SystemUpdating", "RollingBack")


def plan_batch(
    execution_arn: str,
    started_at: str,
    given: object,
    settings: PlanSettings,
    storage: Storage,
    hosting: Hosting,
) -> dict[str, Any]:
    """The plan, which every later step is given; kept as plan.json.

    Raises InvalidInputError, EndpointNotFoundError, EndpointNotReadyError, AccessDeniedError.
    """
    run = Run(require_run_name(Run.of(execution_arn).name))
    request = BatchRequest.parse(given)
    served = hosting.served(settings.endpoint_name)
    if request.on == LIVE and served.status not in IN_SERVICE:
        raise EndpointNotReadyError(f"The endpoint {served.endpoint} is {served.status}.")
    temporary = request.on == TEMPORARY
    plan: dict[str, Any] = {
        "run": run.name,
        "executionArn": execution_arn,
        "startedAt": started_at,
        "source": request.source.as_json(),
        "on": request.on,
        "endpoint": run.endpoint if temporary else served.endpoint,
        "model": served.model,
        "variants": [_variant(request, served, settings)] if temporary else [],
        "threshold": settings.threshold if request.threshold is None else request.threshold,
        "tolerate": request.tolerate,
        "concurrency": _concurrency(request, settings),
        "concurrencyPerInstance": settings.concurrency_per_instance,
        "instanceType": request.instance_type or served.instance_type or settings.instance_type,
        "picturesABatch": PICTURES_A_BATCH,
        "maxPictures": request.max_pictures,
        "sample": request.sample,
        "resume": request.resume,
        "record": request.record,
        "notify": request.notify,
        "itemsKey": run.items_key,
        "resultsPrefix": run.results_prefix,
    }
    storage.write(run.plan_key, plan)
    return plan


def _variant(request: BatchRequest, served: Hosted, settings: PlanSettings) -> dict[str, Any]:
    """The live model on instances of its own."""
    return {
        "VariantName": "AllTraffic",
        "ModelName": served.model,
        "InstanceType": request.instance_type or served.instance_type or settings.instance_type,
        "InitialInstanceCount": request.instances,
    }


def _concurrency(request: BatchRequest, settings: PlanSettings) -> int:
    if request.concurrency is not None:
        return request.concurrency
    return LIVE_CONCURRENCY if request.on == LIVE else request.instances * settings.concurrency_per_instance
