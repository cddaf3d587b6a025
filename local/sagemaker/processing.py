"""Processing jobs: the operations, and one job from its inputs to its outputs."""

import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

from local.aws_json import AwsServiceError, Operation
from local.sagemaker import artifacts
from local.sagemaker.errors import ArtifactError, JobError, validation_error
from local.sagemaker.jobs import (
    FINISHED,
    INTERNAL_ERROR,
    JobRun,
    Workshop,
    check_role,
    fetch_input,
    resource_config,
)
from local.sagemaker.settings import sagemaker_arn
from local.sagemaker.store import Job, Store, page

_log = logging.getLogger(__name__)
_DAY = 86_400


class ProcessingJobs:
    """The operations on processing jobs."""

    def __init__(self, store: Store, workshop: Workshop) -> None:
        self._store = store
        self._workshop = workshop
        self._runs: dict[str, JobRun] = {}

    def operations(self) -> Mapping[str, Operation]:
        return {
            "CreateProcessingJob": self.create_processing_job,
            "DescribeProcessingJob": self.describe_processing_job,
            "StopProcessingJob": self.stop_processing_job,
            "ListProcessingJobs": self.list_processing_jobs,
        }

    def create_processing_job(self, request: dict[str, Any]) -> dict[str, Any]:
        name, now = request["ProcessingJobName"], time.time()
        arn = sagemaker_arn("processing-job", name)
        if name in self._store.processing_jobs:
            raise _name_taken(arn)
        _check_request(request)
        check_role(self._workshop.roles, request["RoleArn"])
        job = Job(name, arn, now, now, "InProgress", request)
        with self._store.lock:
            if self._store.processing_jobs.setdefault(name, job) is not job:
                raise _name_taken(arn)
            self._store.tag(arn, request.get("Tags", []))
            run = self._runs[name] = JobRun(self._workshop, job, "ProcessingJobs", request["RoleArn"])
        self._move(job, "InProgress", {})
        threading.Thread(target=self._run, args=(run,), name=f"processing {name}", daemon=True).start()
        return {"ProcessingJobArn": arn}

    def describe_processing_job(self, request: dict[str, Any]) -> dict[str, Any]:
        job = self._job(request["ProcessingJobName"])
        return {
            **job.request,
            **job.details,
            "ProcessingJobArn": job.arn,
            "ProcessingJobStatus": job.status,
            "CreationTime": job.created,
            "LastModifiedTime": job.modified,
        }

    def stop_processing_job(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._store.lock:
            job = self._job(request["ProcessingJobName"])
            if job.status in FINISHED:
                raise validation_error(
                    f"The request was rejected because the processing job is in status {job.status}."
                )
            self._move(job, "Stopping", {})
            self._runs[job.name].stop()
        return {}

    def list_processing_jobs(self, request: dict[str, Any]) -> dict[str, Any]:
        jobs = [
            self.describe_processing_job({"ProcessingJobName": n}) for n in list(self._store.processing_jobs)
        ]
        return page(jobs, request, "ProcessingJobName", "ProcessingJobSummaries")

    def resume(self) -> None:
        """A job whose process ended with the last service has failed."""
        for job in list(self._store.processing_jobs.values()):
            if job.status not in FINISHED:
                self._move(job, "Failed", {"FailureReason": INTERNAL_ERROR})

    def close(self) -> None:
        for run in list(self._runs.values()):
            run.abandon()

    def _run(self, run: JobRun) -> None:
        try:
            status = self._process(run)
        except JobError as error:
            self._finish(run, "Failed", {"FailureReason": str(error)[:1024]})
        except Exception:
            _log.exception("processing job %s", run.job.name)
            self._finish(run, "Failed", {"FailureReason": INTERNAL_ERROR})
        else:
            self._finish(run, status, {})

    def _process(self, run: JobRun) -> str:
        """The job's last status; JobError with the reason if it failed."""
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
                fetch_input(run, source["S3Uri"], run.local(source["LocalPath"]), request["RoleArn"])
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

    def _finish(self, run: JobRun, status: str, details: dict[str, Any]) -> None:
        if run.abandoned:
            return
        run.clean_up()
        self._move(run.job, status, {"ProcessingEndTime": time.time(), **details})
        with self._store.lock:
            self._runs.pop(run.job.name, None)

    def _move(self, job: Job, status: str | None, details: dict[str, Any]) -> None:
        """The next status, None for the same, and what else has come to be known."""
        with self._store.lock:
            job.details |= details
            job.status = status or job.status
            job.modified = time.time()
            self._store.save()

    def _job(self, name: str) -> Job:
        if name not in self._store.processing_jobs:
            raise validation_error(f"Could not find requested job with name: {name}")
        return self._store.processing_jobs[name]


def _check_request(request: dict[str, Any]) -> None:
    """What the shapes don't say."""
    for item in request.get("ProcessingInputs", []):
        if "S3Input" not in item or "LocalPath" not in item["S3Input"]:
            raise validation_error(f"S3Input with LocalPath must be given for input {item['InputName']}.")
        if item["S3Input"].get("S3DataType", "S3Prefix") != "S3Prefix":
            raise validation_error("The local SageMaker reads inputs of S3DataType S3Prefix only.")
    if request["ProcessingResources"]["ClusterConfig"].get("InstanceCount", 1) > 1:
        raise validation_error("The local SageMaker runs processing jobs on one instance.")
    for output in request.get("ProcessingOutputConfig", {}).get("Outputs", []):
        if "S3Output" not in output or "LocalPath" not in output["S3Output"]:
            raise validation_error(
                f"S3Output with LocalPath must be given for output {output['OutputName']}."
            )


def _name_taken(arn: str) -> AwsServiceError:
    return AwsServiceError(
        "ResourceInUse",
        "Job name must be unique within an AWS account and region, and a job with this name already exists "
        f"({arn})",
    )
