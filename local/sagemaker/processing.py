"""Processing jobs: one job from its inputs to its outputs."""

import time
from typing import Any

from local.sagemaker import artifacts
from local.sagemaker.errors import ArtifactError, JobError, validation_error
from local.sagemaker.job_operations import JobOperations
from local.sagemaker.jobs import S3_PREFIX, JobRun, fetch_input, resource_config
from local.sagemaker.store import Job

_DAY = 86_400


class ProcessingJobs(JobOperations):
    """The operations on processing jobs."""

    kind = "Processing"
    not_found = "Could not find requested job with name: {name}"
    name_taken = (
        "Job name must be unique within an AWS account and region, and a job with this name already exists"
    )

    def check_shape(self, request: dict[str, Any]) -> None:
        _check_request(request)

    def begin(self, job: Job) -> None:
        self._move(job, "InProgress", {})

    def stopping(self, job: Job) -> None:
        self._move(job, "Stopping", {})

    def end(self, job: Job, status: str, reason: str | None) -> None:
        details = {} if reason is None else {"FailureReason": reason}
        self._move(job, status, {"ProcessingEndTime": time.time(), **details})

    def work(self, run: JobRun) -> str:
        request = run.job.request
        application = request["AppSpecification"]
        image = run.image(application["ImageUri"])
        argv = image.resolve(application.get("ContainerEntrypoint", []))
        if not argv:
            raise JobError("ClientError: The image has no entry point; give ContainerEntrypoint.")
        run.prepare(("config", "processing", "output"))
        instance = request["ProcessingResources"]["ClusterConfig"].get("InstanceType", "")
        run.write_config("config/resourceconfig.json", resource_config(instance))
        run.write_config("config/processingjobconfig.json", request)
        for item in request.get("ProcessingInputs", []):
            source = item["S3Input"]
            if not run.stop_requested:
                kind = source.get("S3DataType", S3_PREFIX)
                fetch_input(run, source["S3Uri"], run.local(source["LocalPath"]), request["RoleArn"], kind)
        outputs = [
            output["S3Output"] for output in request.get("ProcessingOutputConfig", {}).get("Outputs", [])
        ]
        for output in outputs:
            run.local(output["LocalPath"]).mkdir(parents=True, exist_ok=True)
        if run.stop_requested:
            return "Stopped"
        self._move(run.job, None, {"ProcessingStartTime": time.time()})
        environment = {**request.get("Environment", {}), "PROCESSING_JOB_NAME": run.job.name}
        seconds = request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", _DAY)
        ending = run.run([*argv, *application.get("ContainerArguments", [])], image, environment, seconds)
        if run.abandoned:
            return "Stopped"
        if message := run.message("message"):
            run.job.details["ExitMessage"] = message
        if ending.why == "exited" and ending.code != 0:
            raise JobError("AlgorithmError: See job logs for more information")
        self._upload(run, outputs)
        return "Completed" if ending.why == "exited" else "Stopped"

    def _upload(self, run: JobRun, outputs: list[dict[str, str]]) -> None:
        try:
            for output in outputs:
                artifacts.upload_folder(run.s3(), run.local(output["LocalPath"]), output["S3Uri"])
        except ArtifactError as error:
            raise JobError(f"ClientError: Data upload failed:{error}") from error

    def _move(self, job: Job, status: str | None, details: dict[str, Any]) -> None:
        """The next status, None for the same, and what else has come to be known."""
        with self._store.lock:
            job.details |= details
            job.status = status or job.status
            job.modified = time.time()
            self._store.save()


def _check_request(request: dict[str, Any]) -> None:
    """What the shapes don't say."""
    for item in request.get("ProcessingInputs", []):
        if "S3Input" not in item or "LocalPath" not in item["S3Input"]:
            raise validation_error(f"S3Input with LocalPath must be given for input {item['InputName']}.")
    if request["ProcessingResources"]["ClusterConfig"].get("InstanceCount", 1) > 1:
        raise validation_error("The local SageMaker runs processing jobs on one instance.")
    for output in request.get("ProcessingOutputConfig", {}).get("Outputs", []):
        if "S3Output" not in output or "LocalPath" not in output["S3Output"]:
            raise validation_error(
                f"S3Output with LocalPath must be given for output {output['OutputName']}."
            )
