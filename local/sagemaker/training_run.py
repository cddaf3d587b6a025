"""One training job from its download to its upload, under SageMaker's container contract."""

import time
from collections.abc import Callable
from typing import Any

from local.sagemaker import artifacts
from local.sagemaker.checkpoints import CheckpointSync
from local.sagemaker.errors import ArtifactError, ImageNotFoundError, JobError
from local.sagemaker.images import Image
from local.sagemaker.jobs import Ending, JobRun, fetch_input, resource_config
from local.sagemaker.metrics import MetricReader
from local.sagemaker.store import Job

_FOLDERS = ("input/config", "input/data", "model", "output/data", "checkpoints", "code")
_DAY = 86_400
# The reason as a whole has 1024 characters.
_REASON_LENGTH = 980

Move = Callable[[Job, str | None, str], None]
Note = Callable[[Job, dict[str, Any]], None]


def run_training(run: JobRun, move: Move, note: Note) -> str:
    """Run the job; its last secondary status: Completed, Stopped or MaxRuntimeExceeded.

    `move` writes down a secondary status, `note` what else is known. JobError has the reason of a failure.
    """
    request, job = run.job.request, run.job
    algorithm = request["AlgorithmSpecification"]
    image = run.image(algorithm["TrainingImage"])
    argv = _command(image, algorithm)
    run.prepare(_FOLDERS)
    if not run.stop_requested:
        move(job, None, "Downloading")
    _fetch(run)
    checkpoints = _checkpoints(run)
    if run.stop_requested:
        return "Stopped"
    note(job, {"TrainingStartTime": time.time()})
    move(job, None, "Training")
    metrics = MetricReader(algorithm.get("MetricDefinitions", []))

    def on_line(line: str) -> None:
        metrics.read(line)

    ending = run.run(argv, image, _environment(run), _seconds(request), on_line)
    if run.abandoned:
        return "Stopped"
    note(job, {"FinalMetricDataList": metrics.final()})
    return _deliver(run, ending, checkpoints, move)


def _command(image: Image, algorithm: dict[str, Any]) -> list[str]:
    """The entry point that the request names, else the image's `train`; arguments follow either."""
    try:
        given = algorithm.get("ContainerEntrypoint", [])
        argv = image.resolve(given) if given else image.entry("train")
    except ImageNotFoundError as error:
        raise JobError(f"AlgorithmError: {error}, exit code: 127") from error
    return [*argv, *algorithm.get("ContainerArguments", [])]


def _fetch(run: JobRun) -> None:
    """Channels and configuration files."""
    request = run.job.request
    channels = {}
    for channel in request.get("InputDataConfig", []):
        if run.stop_requested:
            return
        name, source = channel["ChannelName"], channel["DataSource"]["S3DataSource"]
        fetch_input(run, source["S3Uri"], run.base / "input" / "data" / name, request["RoleArn"])
        channels[name] = {
            "TrainingInputMode": "File",
            "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
            "RecordWrapperType": channel.get("RecordWrapperType", "None"),
        } | ({"ContentType": channel["ContentType"]} if "ContentType" in channel else {})
    hyperparameters = {k: run.localise(v) for k, v in request.get("HyperParameters", {}).items()}
    run.write_config("input/config/hyperparameters.json", hyperparameters)
    run.write_config("input/config/inputdataconfig.json", channels)
    run.write_config(
        "input/config/resourceconfig.json", resource_config(request["ResourceConfig"].get("InstanceType", ""))
    )


def _checkpoints(run: JobRun) -> CheckpointSync | None:
    config = run.job.request.get("CheckpointConfig")
    if config is None:
        return None
    run.write_config("input/config/checkpointconfig.json", config)
    folder = run.local(config.get("LocalPath", "/opt/ml/checkpoints"))
    sync = CheckpointSync(run.s3(), config["S3Uri"], folder)
    try:
        sync.start()
    except ArtifactError as error:
        raise JobError(f"ClientError: Data download failed:{error}") from error
    return sync


def _environment(run: JobRun) -> dict[str, str]:
    request = run.job.request
    names = {"TRAINING_JOB_NAME": run.job.name, "TRAINING_JOB_ARN": run.job.arn}
    return {**request.get("Environment", {}), **names}


def _seconds(request: dict[str, Any]) -> float:
    return float(request["StoppingCondition"].get("MaxRuntimeInSeconds", _DAY))


def _deliver(run: JobRun, ending: Ending, checkpoints: CheckpointSync | None, move: Move) -> str:
    """Upload what the container made, and say how the job ended. A stopped job's model is uploaded too."""
    uploads = {"output.tar.gz": run.base / "output" / "data"}
    failed = ending.why == "exited" and ending.code != 0
    if not failed:
        uploads["model.tar.gz"] = run.base / "model"
        move(run.job, None, "Uploading")
    try:
        if checkpoints is not None:
            checkpoints.finish()
        for name, folder in uploads.items():
            if name == "model.tar.gz" or any(folder.iterdir()):
                artifacts.upload_archive(run.s3(), folder, _output(run, name))
    except ArtifactError as error:
        if not failed:
            raise JobError(f"ClientError: Artifact upload failed:{error}") from error
    if failed:
        raise JobError(f"AlgorithmError: {run.message('failure')[:_REASON_LENGTH]}, exit code: {ending.code}")
    return {"exited": "Completed", "stopped": "Stopped", "out of time": "MaxRuntimeExceeded"}[ending.why]


def _output(run: JobRun, name: str) -> str:
    path = run.job.request["OutputDataConfig"]["S3OutputPath"].rstrip("/")
    return f"{path}/{run.job.name}/output/{name}"
