"""What a run is going to do: which endpoint, which model, how many batches at once."""

from typing import Any

from loupe_batch.names import Run, require_run_name
from loupe_batch.request import CONTAINER, LIVE, TEMPORARY, BatchRequest
from loupe_batch.sagemaker import Hosted, Hosting
from loupe_batch.settings import PlanSettings
from loupe_batch.storage import Storage
from loupe_core.errors import EndpointNotReadyError, InvalidInputError

# What a child gets: enough that starting it costs nothing a picture, few enough for a call of a minute.
PICTURES_A_BATCH = 40
# On the live endpoint others wait for answers: so many batches at once, unless the input says otherwise.
LIVE_CONCURRENCY = 2
# The container's function scales by itself. Eight pictures of each batch are asked for at once, while an
# account runs a thousand functions at once in all.
CONTAINER_CONCURRENCY = 10
IN_SERVICE = ("InService", "Updating", "SystemUpdating", "RollingBack")


def plan_batch(
    execution_arn: str,
    started_at: str,
    given: object,
    settings: PlanSettings,
    storage: Storage,
    hosting: Hosting,
    classifier_function: str = "",
) -> dict[str, Any]:
    """The plan, which every later step is given; kept as plan.json. `classifier_function` is the ARN of the
    container stack's, empty where the stack was given none.

    Raises InvalidInputError, EndpointNotFoundError, EndpointNotReadyError, AccessDeniedError.
    """
    run = Run(require_run_name(Run.of(execution_arn).name))
    request = BatchRequest.parse(given)
    served = _served(request, settings, hosting, classifier_function)
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
        "annotate": request.annotate,
        "faces": request.faces,
        "review": request.review,
        "notify": request.notify,
        "itemsKey": run.items_key,
        "resultsPrefix": run.results_prefix,
    }
    storage.write(run.plan_key, plan)
    return plan


def _served(request: BatchRequest, settings: PlanSettings, hosting: Hosting, function: str) -> Hosted:
    """The live endpoint, or the container's function in its place. InvalidInputError where there is none."""
    if request.on != CONTAINER:
        return hosting.served(settings.endpoint_name)
    if not function:
        raise InvalidInputError(
            "The batch stack has no ClassifierFunctionArn, which `on: container` asks. Deploy it with the "
            "container stack's output of this name (docs/container.md)."
        )
    # …:function:NAME, or …:function:NAME:ALIAS
    return Hosted(function, IN_SERVICE[0], function.split(":function:")[-1].partition(":")[0], None)


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
    fixed = {LIVE: LIVE_CONCURRENCY, CONTAINER: CONTAINER_CONCURRENCY}
    return fixed.get(request.on) or request.instances * settings.concurrency_per_instance
