"""Training jobs: the record of a job as it goes from Starting to its end."""

import re
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.aws_json import AwsServiceError
from local.sagemaker.artifacts import split_s3_uri
from local.sagemaker.errors import ArtifactError, validation_error
from local.sagemaker.job_operations import JobOperations
from local.sagemaker.jobs import FINISHED, JobRun, no_objects
from local.sagemaker.store import Job
from local.sagemaker.training_run import run_training

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


class TrainingJobs(JobOperations):
    """The operations on training jobs."""

    kind = "Training"
    not_found = "Requested resource not found."
    name_taken = (
        "Training job names must be unique within an AWS account and region, and a training job with this "
        "name already exists"
    )

    def check_shape(self, request: dict[str, Any]) -> None:
        _check_request(request)

    def first_details(self, request: dict[str, Any]) -> dict[str, Any]:
        return _first_details(request)

    def begin(self, job: Job) -> None:
        self._move(job, "InProgress", "Starting")

    def stopping(self, job: Job) -> None:
        self._move(job, "Stopping", "Stopping")

    def work(self, run: JobRun) -> str:
        return run_training(run, self._move, self._note)

    def end(self, job: Job, status: str, reason: str | None) -> None:
        """`status` may be a secondary one, such as MaxRuntimeExceeded."""
        now, started = time.time(), job.details.get("TrainingStartTime")
        ended: dict[str, Any] = {"TrainingEndTime": now}
        if started is not None:
            seconds = max(1, round(now - started))
            ended |= {"TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": seconds}
        if reason is not None:
            ended["FailureReason"] = reason
        job.details |= ended
        self._move(job, status if status in FINISHED else "Stopped", status)

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

    def check_inputs(self, request: dict[str, Any]) -> None:
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
