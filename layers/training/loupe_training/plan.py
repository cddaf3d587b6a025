"""What one execution of train_model is to do, worked out before anything is started."""

from typing import Any

from loupe_training.hosting import LiveVariant, endpoint_config
from loupe_training.names import Run, suffix
from loupe_training.request import IF_NOT_WORSE, Place, TrainingRequest
from loupe_training.settings import PlanSettings


def plan(
    request: TrainingRequest, run: Run, settings: PlanSettings, live: LiveVariant | None, champion: str
) -> dict[str, Any]:
    """The variables that the states read; docs/architecture.md lists what the names are made of.

    `champion` is where the live model's archive is; empty where there is none to compare with.
    """
    tags = [
        {"Key": "loupe:stack", "Value": settings.stack_name},
        {"Key": "loupe:model", "Value": request.name},
        {"Key": "loupe:execution", "Value": run.execution_arn},
    ]
    accuracy = request.minimum_accuracy
    return {
        "run": run.name,
        "suffix": suffix(run.redrive_count),
        "name": request.name,
        "endpoint": request.endpoint or settings.endpoint_name,
        "minimumAccuracy": settings.minimum_accuracy if accuracy is None else accuracy,
        "deploy": request.deploy,
        "champion": champion,
        "notWorse": request.deploy and request.replace == IF_NOT_WORSE,
        "source": _place(request.source),
        "backbone": _place(request.backbone) if request.backbone else None,
        "reviewed": str(Place.parse(request.reviewed)) if request.reviewed else "",
        "prepareCommand": ["python", "-m", "model.prepare", *request.preparation],
        "hyperparameters": {"name": request.name} | request.hyperparameters,
        "endpointConfig": endpoint_config(run.model, tags, settings, live),
        "tags": tags,
    }


def _place(uri: str) -> dict[str, str]:
    place = Place.parse(uri)
    return {"bucket": place.bucket, "prefix": place.prefix}
