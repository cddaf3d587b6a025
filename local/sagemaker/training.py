"""Training jobs: the operations, and the record of a job as it goes from Starting to its end."""

import logging
import re
import threading
import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.aws_json import AwsServiceError, Operation
from local.sagemaker.artifacts import split_s3_uri
from local.sagemaker.errors import ArtifactError, JobError, validation_error
from local.sagemaker.jobs import FINISHED, INTERNAL_ERROR, JobRun, Workshop, check_role, no_objects
from local.sagemaker.settings import sagemaker_arn
from local.sagemaker.store import Job, Store, page
from local.sagemaker.training_run import run_training

_log = logging.getLogger(__name__)
_MESSAGES = {
    "Starting": "Preparing the instances for training",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Completed": "Training job completed",
    "Stopping": "Stopping the training job",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
    "Failed": "Training job failed",
}


class TrainingJobs:
    """The operations on training jobs."""

    def __init__(self, store: Store, workshop: Workshop) -> None:
        self._store = store
        self._workshop = workshop
        self._runs: dict[str, JobRun] = {}

    def operations(self) -> Mapping[str, Operation]:
        return {
            "CreateTrainingJob": self.create_training_job,
            "DescribeTrainingJob": self.describe_training_job,
            "StopTrainingJob": self.stop_training_job,
            "ListTrainingJobs": self.list_training_jobs,
        }

    def create_training_job(self, request: dict[str, Any]) -> dict[str, Any]:
        name, now = request["TrainingJobName"], time.time()
        arn = sagemaker_arn("training-job", name)
        if name in self._store.training_jobs:
            raise _name_taken(arn)
        _check_request(request)
        check_role(self._workshop.roles, request["RoleArn"])
        self._check_inputs(request)
        job = Job(name, arn, now, now, "InProgress", request, _first_details(request))
        with self._store.lock:
            if self._store.training_jobs.setdefault(name, job) is not job:
                raise _name_taken(arn)
            self._store.tag(arn, request.get("Tags", []))
            run = self._runs[name] = JobRun(self._workshop, job, "TrainingJobs", request["RoleArn"])
        self._move(job, "InProgress", "Starting")
        threading.Thread(target=self._run, args=(run,), name=f"training {name}", daemon=True).start()
        return {"TrainingJobArn": arn}

    def describe_training_job(self, request: dict[str, Any]) -> dict[str, Any]:
        job = self._job(request["TrainingJobName"])
        return {
            **job.request,
            **job.details,
            "TrainingJobArn": job.arn,
            "TrainingJobStatus": job.status,
            "CreationTime": job.created,
            "LastModifiedTime": job.modified,
        }

    def stop_training_job(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._store.lock:
            job = self._job(request["TrainingJobName"])
            if job.status in FINISHED:
                raise validation_error(
                    f"The request was rejected because the training job is in status {job.status}."
                )
            self._move(job, "Stopping", "Stopping")
            self._runs[job.name].stop()
        return {}

    def list_training_jobs(self, request: dict[str, Any]) -> dict[str, Any]:
        jobs = [
            self.describe_training_job({"TrainingJobName": name}) for name in list(self._store.training_jobs)
        ]
        return page(jobs, request, "TrainingJobName", "TrainingJobSummaries")

    def resume(self) -> None:
        """A job whose process ended with the last service has failed."""
        for job in list(self._store.training_jobs.values()):
            if job.status not in FINISHED:
                self._end(job, "Failed", "Failed", INTERNAL_ERROR)

    def close(self) -> None:
        for run in list(self._runs.values()):
            run.abandon()

    def _run(self, run: JobRun) -> None:
        job = run.job
        try:
            secondary = run_training(run, self._move, self._note)
        except JobError as error:
            self._finish(run, "Failed", "Failed", str(error))
        except Exception:
            _log.exception("training job %s", job.name)
            self._finish(run, "Failed", "Failed", INTERNAL_ERROR)
        else:
            self._finish(run, "Completed" if secondary == "Completed" else "Stopped", secondary, None)

    def _finish(self, run: JobRun, status: str, secondary: str, reason: str | None) -> None:
        if run.abandoned:
            return
        run.clean_up()
        self._end(run.job, status, secondary, reason)
        with self._store.lock:
            self._runs.pop(run.job.name, None)

    def _end(self, job: Job, status: str, secondary: str, reason: str | None) -> None:
        now, started = time.time(), job.details.get("TrainingStartTime")
        ended: dict[str, Any] = {"TrainingEndTime": now}
        if started is not None:
            seconds = max(1, round(now - started))
            ended |= {"TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": seconds}
        if reason is not None:
            ended["FailureReason"] = reason[:1024]
        job.details |= ended
        self._move(job, status, secondary)

    def _note(self, job: Job, details: dict[str, Any]) -> None:
        """Write down what has come to be known of a job."""
        with self._store.lock:
            job.details |= details
            self._store.save()

    def _move(self, job: Job, status: str | None, secondary: str) -> None:
        """The next secondary status; `status` None leaves the job's own as it is."""
        now = time.time()
        with self._store.lock:
            transitions = job.details.setdefault("SecondaryStatusTransitions", [])
            if transitions:
                transitions[-1]["EndTime"] = now
            transitions.append({"Status": secondary, "StartTime": now, "StatusMessage": _MESSAGES[secondary]})
            if status in FINISHED:
                transitions[-1]["EndTime"] = now
            job.details["SecondaryStatus"] = secondary
            job.status = status or job.status
            job.modified = now
            self._store.save()

    def _check_inputs(self, request: dict[str, Any]) -> None:
        """AWS looks for each channel's objects before it accepts the job."""
        for channel in request.get("InputDataConfig", []):
            uri = channel["DataSource"]["S3DataSource"]["S3Uri"]
            try:
                bucket, prefix = split_s3_uri(uri)
                client = self._workshop.roles.client("s3", request["RoleArn"])
                found = client.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)["KeyCount"]
            except ArtifactError as error:
                raise validation_error(str(error)) from error
            except (ClientError, BotoCoreError) as error:
                detail = f" Error message from S3: {error}"
                raise validation_error(no_objects(uri, request["RoleArn"], detail)) from error
            if not found:
                raise validation_error(no_objects(uri, request["RoleArn"]))

    def _job(self, name: str) -> Job:
        if name not in self._store.training_jobs:
            raise validation_error("Requested resource not found.")
        return self._store.training_jobs[name]


def _first_details(request: dict[str, Any]) -> dict[str, Any]:
    output = request["OutputDataConfig"]["S3OutputPath"].rstrip("/")
    artifact = f"{output}/{request['TrainingJobName']}/output/model.tar.gz"
    flags = ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining")
    return {"ModelArtifacts": {"S3ModelArtifacts": artifact}} | {
        flag: request.get(flag, False) for flag in flags
    }


def _check_request(request: dict[str, Any]) -> None:
    """What the shapes don't say."""
    algorithm, condition = request["AlgorithmSpecification"], request["StoppingCondition"]
    if "TrainingImage" not in algorithm:
        raise validation_error("The local SageMaker needs TrainingImage in AlgorithmSpecification.")
    for channel in request.get("InputDataConfig", []):
        source = channel["DataSource"].get("S3DataSource", {})
        if source.get("S3DataType") != "S3Prefix":
            raise validation_error("The local SageMaker reads input channels of S3DataType S3Prefix only.")
        mode = channel.get("InputMode", algorithm.get("TrainingInputMode"))
        if mode == "Pipe" or channel.get("CompressionType", "None") != "None":
            raise validation_error(
                "The local SageMaker reads input channels as files, not compressed, no pipes."
            )
    if request["ResourceConfig"].get("InstanceCount", 1) > 1:
        kind = request["ResourceConfig"].get("InstanceType", "instances")
        raise AwsServiceError(
            "ResourceLimitExceeded",
            f"The account-level service limit '{kind} for training job usage' is 1 Instances, with current "
            "utilization "
            f"of 0 Instances and a request delta of {request['ResourceConfig']['InstanceCount']} Instances.",
        )
    if request.get("EnableManagedSpotTraining"):
        longest = condition.get("MaxWaitTimeInSeconds", 0)
        if longest < condition.get("MaxRuntimeInSeconds", 86_400):
            raise validation_error(
                "MaxWaitTimeInSeconds above 0 is required, and must not be less than MaxRuntimeInSeconds, "
                "when "
                "EnableManagedSpotTraining is set."
            )
    for definition in algorithm.get("MetricDefinitions", []):
        try:
            re.compile(definition["Regex"])
        except re.error as error:
            raise validation_error(f"Invalid regex for metric {definition['Name']}: {error}") from error


def _name_taken(arn: str) -> AwsServiceError:
    return AwsServiceError(
        "ResourceInUse",
        "Training job names must be unique within an AWS account and region, and a training job with this "
        "name "
        f"already exists ({arn})",
    )
