"""Training jobs as boto3 sees them: the container's contract, endings, what stays in S3 and in the logs."""

import io
import json
import os
import signal
import tarfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.sagemaker.conftest import IMAGE, Lab

FINISHED = ("Completed", "Failed", "Stopped")


def start(lab: Lab, *steps: str, **more: Any) -> str:
    """Start a job that takes these steps; its name."""
    name = lab.name("job")
    request: dict[str, Any] = {
        "TrainingJobName": name,
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "HyperParameters": {"steps": json.dumps(steps)},
        "RoleArn": lab.role,
        "OutputDataConfig": {"S3OutputPath": f"s3://{lab.bucket}/training"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }
    lab.sagemaker.create_training_job(**(request | more))
    return name


def ended(lab: Lab, name: str) -> dict[str, Any]:
    """The job's description once it has ended."""
    job: dict[str, Any] = lab.until(
        lambda: lab.sagemaker.describe_training_job(TrainingJobName=name),
        lambda found: found["TrainingJobStatus"] in FINISHED,
        60,
    )
    return job


def in_training(lab: Lab, name: str) -> dict[str, Any]:
    """The job's description once its container holds, that is, has logged so."""
    lab.until(lambda: log(lab, name), lambda lines: any(line.startswith("holding") for line in lines))
    return dict(lab.sagemaker.describe_training_job(TrainingJobName=name))


def log(lab: Lab, name: str) -> list[str]:
    """The lines in the job's log stream."""
    logs, group = lab.client("logs"), "/aws/sagemaker/TrainingJobs"
    try:
        streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/algo-1-")[
            "logStreams"
        ]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [
        event["message"]
        for stream in streams
        for event in logs.get_log_events(
            logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
        )["events"]
    ]


def contents(lab: Lab, uri: str) -> dict[str, str]:
    """The files in a .tar.gz in S3."""
    bucket, key = uri.removeprefix("s3://").split("/", 1)
    body = lab.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as tar:
        files = {member.name: tar.extractfile(member) for member in tar.getmembers()}
        return {name: file.read().decode() for name, file in files.items() if file is not None}


def refusal(call: Any, **parameters: Any) -> tuple[str, str]:
    """The code and message with which AWS refuses a call."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_job_reads_its_channel_and_leaves_model_metrics_and_log(lab: Lab) -> None:
    lab.client("s3").put_object(Bucket=lab.bucket, Key="digits/train/one.txt", Body=b"1")
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{lab.bucket}/digits"}
    algorithm = {
        "TrainingImage": IMAGE,
        "TrainingInputMode": "File",
        "MetricDefinitions": [{"Name": "val:accuracy", "Regex": "accuracy=([0-9.]+)"}],
    }
    steps = (
        "log epoch 1 accuracy=0.5",
        "log epoch 2 accuracy=0.75",
        "copy training/train/one.txt",
        "data notes.txt hi",
    )
    name = start(
        lab,
        *steps,
        InputDataConfig=[{"ChannelName": "training", "DataSource": {"S3DataSource": source}}],
        AlgorithmSpecification=algorithm,
    )
    lab.sagemaker.get_waiter("training_job_completed_or_stopped").wait(
        TrainingJobName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )

    job = ended(lab, name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Completed", "Completed")
    uri = f"s3://{lab.bucket}/training/{name}/output/model.tar.gz"
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == uri
    assert contents(lab, uri) == {"one.txt": "1"}
    assert contents(lab, uri.replace("model.tar.gz", "output.tar.gz")) == {"notes.txt": "hi"}
    assert [(m["MetricName"], m["Value"]) for m in job["FinalMetricDataList"]] == [("val:accuracy", 0.75)]
    transitions = [t["Status"] for t in job["SecondaryStatusTransitions"]]
    assert transitions == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert all(t["StartTime"] <= t["EndTime"] for t in job["SecondaryStatusTransitions"])
    assert job["TrainingStartTime"] < job["TrainingEndTime"]
    assert job["BillableTimeInSeconds"] >= 1
    assert log(lab, name)[:2] == ["epoch 1 accuracy=0.5", "epoch 2 accuracy=0.75"]


def test_container_sees_the_contracts_files_and_variables(lab: Lab) -> None:
    name = start(lab, "environment", Environment={"WHERE": "/opt/ml/model/x", "PLAIN": "a"})

    uri = ended(lab, name)["ModelArtifacts"]["S3ModelArtifacts"]

    environment = json.loads(contents(lab, uri)["environment.json"])
    assert environment["TRAINING_JOB_NAME"] == name
    assert environment["WHERE"] == environment["SAGEMAKER_BASE_DIR"] + "/model/x"
    assert environment["PLAIN"] == "a"
    assert environment["AWS_ENDPOINT_URL"] == lab.gateway
    assert not {"LOUPE_STATE", "AWS_ACCESS_KEY_ID"} & set(environment)


def test_failure_tells_what_the_algorithm_wrote_and_its_exit_code(lab: Lab) -> None:
    told, silent = start(lab, "fail one class is empty"), start(lab, "exit 3")

    assert ended(lab, told)["FailureReason"] == "AlgorithmError: one class is empty, exit code: 1"
    job = ended(lab, silent)
    assert job["FailureReason"] == "AlgorithmError: , exit code: 3"
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Failed", "Failed")


def test_killed_process_fails_its_job(lab: Lab) -> None:
    name = start(lab, "hold")
    in_training(lab, name)
    pid = next(line.split()[1] for line in log(lab, name) if line.startswith("holding"))

    os.kill(int(pid), signal.SIGKILL)

    assert ended(lab, name)["FailureReason"] == "AlgorithmError: , exit code: 137"


@pytest.mark.parametrize("how", ["hold", "stubborn"])
def test_stopped_job_keeps_its_model(lab: Lab, how: str) -> None:
    name = start(lab, "model best.txt so far", how)
    in_training(lab, name)

    lab.sagemaker.stop_training_job(TrainingJobName=name)

    job = ended(lab, name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert contents(lab, job["ModelArtifacts"]["S3ModelArtifacts"]) == {"best.txt": "so far"}
    assert refusal(lab.sagemaker.stop_training_job, TrainingJobName=name) == (
        "ValidationException",
        "The request was rejected because the training job is in status Stopped.",
    )


def test_job_that_runs_too_long_is_stopped(lab: Lab) -> None:
    name = start(lab, "model best.txt so far", "hold", StoppingCondition={"MaxRuntimeInSeconds": 1})

    job = ended(lab, name)

    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert contents(lab, job["ModelArtifacts"]["S3ModelArtifacts"]) == {"best.txt": "so far"}


def test_resumed_job_finds_the_checkpoint_of_the_one_before(lab: Lab) -> None:
    checkpoints = {"S3Uri": f"s3://{lab.bucket}/checkpoints/{lab.name()}"}
    first = start(lab, "checkpoint epoch.txt 7", "exit 1", CheckpointConfig=checkpoints)
    ended(lab, first)
    second = start(lab, "resume epoch.txt", CheckpointConfig=checkpoints)

    uri = ended(lab, second)["ModelArtifacts"]["S3ModelArtifacts"]

    assert contents(lab, uri) == {"epoch.txt": "resumed from 7"}


def test_wrong_jobs_are_refused_in_awss_words(lab: Lab) -> None:
    name = start(lab, "log hello")
    empty = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{lab.bucket}/nothing-here"}
    untrusted = lab.role + "-that-is-not-there"

    def refused(**more: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            start(lab, **more)
        return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]

    code, message = refused(TrainingJobName=name)
    assert code == "ResourceInUse"
    assert message.startswith("Training job names must be unique within an AWS account and region")
    code, message = refused(InputDataConfig=[{"ChannelName": "train", "DataSource": {"S3DataSource": empty}}])
    assert code == "ValidationException"
    assert message.startswith(
        f'No S3 objects found under S3 URL "s3://{lab.bucket}/nothing-here" given in input'
    )
    assert refused(RoleArn=untrusted)[1].startswith(
        f"Could not assume role {untrusted}. Please ensure that the role"
    )
    spot = {"EnableManagedSpotTraining": True, "StoppingCondition": {"MaxRuntimeInSeconds": 60}}
    assert "MaxWaitTimeInSeconds" in refused(**spot)[1]
    two = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 10}
    assert refused(ResourceConfig=two)[0] == "ResourceLimitExceeded"
    manifest = {"S3DataType": "ManifestFile", "S3Uri": f"s3://{lab.bucket}/m"}
    channel = {"ChannelName": "train", "DataSource": {"S3DataSource": manifest}}
    assert refused(InputDataConfig=[channel])[1].endswith("S3DataType S3Prefix only.")
    piped = {**channel, "DataSource": {"S3DataSource": empty}, "InputMode": "Pipe"}
    assert refused(InputDataConfig=[piped])[1].endswith("no pipes.")
    assert refusal(lab.sagemaker.describe_training_job, TrainingJobName="nobody") == (
        "ValidationException",
        "Requested resource not found.",
    )


def test_unknown_image_fails_the_job(lab: Lab) -> None:
    uri = "000000000000.dkr.ecr.us-east-1.amazonaws.com/no-such:1"
    name = start(lab, AlgorithmSpecification={"TrainingImage": uri, "TrainingInputMode": "File"})

    assert ended(lab, name)["FailureReason"] == (
        f"ClientError: API error (404): manifest for {uri} not found: manifest unknown: Requested image not "
        "found"
    )


def test_role_that_may_not_write_fails_the_job_at_its_upload(lab: Lab) -> None:
    role = lab.new_role(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
        }
    )

    job = ended(lab, start(lab, "model a b", RoleArn=role))

    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: Artifact upload failed:")
