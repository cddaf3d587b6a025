"""Processing jobs as boto3 sees them."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.sagemaker.conftest import HERE, IMAGE, Lab

IN, OUT = "/opt/ml/processing/input/pictures", "/opt/ml/processing/output/result"


def start(lab: Lab, *steps: str, **more: Any) -> str:
    """Start a job that writes its inputs in capitals, then takes these steps; its name."""
    name = lab.name("process")
    lab.client("s3").put_object(Bucket=lab.bucket, Key=f"{name}/in/a/b.txt", Body=b"hello")
    source = {
        "S3Uri": f"s3://{lab.bucket}/{name}/in/",
        "LocalPath": IN,
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
    }
    target = {"S3Uri": f"s3://{lab.bucket}/{name}/out", "LocalPath": OUT, "S3UploadMode": "EndOfJob"}
    request: dict[str, Any] = {
        "ProcessingJobName": name,
        "AppSpecification": {
            "ImageUri": IMAGE,
            "ContainerEntrypoint": ["python3", str(HERE / "job_script.py")],
            "ContainerArguments": ["process", IN, OUT, *steps],
        },
        "ProcessingInputs": [{"InputName": "pictures", "S3Input": source}],
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "result", "S3Output": target}]},
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10}
        },
        "RoleArn": lab.role,
    }
    lab.sagemaker.create_processing_job(**(request | more))
    return name


def ended(lab: Lab, name: str) -> dict[str, Any]:
    """The job's description once it has ended."""
    job: dict[str, Any] = lab.until(
        lambda: lab.sagemaker.describe_processing_job(ProcessingJobName=name),
        lambda found: found["ProcessingJobStatus"] in ("Completed", "Failed", "Stopped"),
        60,
    )
    return job


def written(lab: Lab, name: str) -> dict[str, str]:
    """The objects that the job wrote."""
    listed = lab.client("s3").list_objects_v2(Bucket=lab.bucket, Prefix=f"{name}/out/").get("Contents", [])
    bodies = {
        o["Key"]: lab.client("s3").get_object(Bucket=lab.bucket, Key=o["Key"])["Body"].read() for o in listed
    }
    return {key.removeprefix(f"{name}/out/"): body.decode() for key, body in bodies.items()}


def test_job_turns_its_inputs_into_outputs(lab: Lab) -> None:
    name = start(lab, "message all fine")
    lab.sagemaker.get_waiter("processing_job_completed_or_stopped").wait(
        ProcessingJobName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )

    job = ended(lab, name)
    assert job["ProcessingJobStatus"] == "Completed"
    assert job["ExitMessage"] == "all fine"
    assert job["ProcessingStartTime"] <= job["ProcessingEndTime"]
    assert written(lab, name) == {"a/b.txt": "HELLO"}


def test_failed_job_points_to_its_log_and_uploads_nothing(lab: Lab) -> None:
    name = start(lab, "message two classes are needed", "exit 1")

    job = ended(lab, name)

    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: See job logs for more information"
    assert job["ExitMessage"] == "two classes are needed"
    assert written(lab, name) == {}


def test_stopped_and_overlong_jobs_are_stopped(lab: Lab) -> None:
    held, long = start(lab, "hold"), start(lab, "hold", StoppingCondition={"MaxRuntimeInSeconds": 1})
    lab.until(
        lambda: lab.sagemaker.describe_processing_job(ProcessingJobName=held),
        lambda job: "ProcessingStartTime" in job,
    )

    lab.sagemaker.stop_processing_job(ProcessingJobName=held)

    assert ended(lab, held)["ProcessingJobStatus"] == "Stopped"
    assert ended(lab, long)["ProcessingJobStatus"] == "Stopped"


def test_path_outside_of_the_container_contract_fails_the_job(lab: Lab) -> None:
    source = {
        "S3Uri": f"s3://{lab.bucket}/",
        "LocalPath": "/etc/loupe",
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
    }

    job = ended(lab, start(lab, ProcessingInputs=[{"InputName": "pictures", "S3Input": source}]))

    assert job["FailureReason"] == "ClientError: '/etc/loupe' is not below /opt/ml"


def test_manifest_brings_what_it_lists_and_nothing_else(lab: Lab) -> None:
    s3, name = lab.client("s3"), lab.name("listed")
    for key in ("a/one.txt", "two.txt", "other.txt"):
        s3.put_object(Bucket=lab.bucket, Key=f"{name}/{key}", Body=b"hello")
    jobs = {}
    for kind, listed in (("whole", ["a/one.txt", "two.txt"]), ("lost", ["two.txt", "gone.txt"])):
        body = json.dumps([{"prefix": f"s3://{lab.bucket}/{name}/"}, *listed])
        s3.put_object(Bucket=lab.bucket, Key=f"{name}-{kind}", Body=body.encode())
        source = {
            "S3Uri": f"s3://{lab.bucket}/{name}-{kind}",
            "LocalPath": IN,
            "S3DataType": "ManifestFile",
            "S3InputMode": "File",
        }
        jobs[kind] = start(lab, ProcessingInputs=[{"InputName": "pictures", "S3Input": source}])

    assert ended(lab, jobs["whole"])["ProcessingJobStatus"] == "Completed"
    assert set(written(lab, jobs["whole"])) == {"a/one.txt", "two.txt"}
    assert "Data download failed" in ended(lab, jobs["lost"])["FailureReason"]


def test_missing_job_and_taken_name_are_refused(lab: Lab) -> None:
    name = start(lab)

    with pytest.raises(ClientError, match="Could not find requested job with name: nobody"):
        lab.sagemaker.describe_processing_job(ProcessingJobName="nobody")
    with pytest.raises(ClientError, match="ResourceInUse"):
        start(lab, ProcessingJobName=name)


def test_what_is_not_offered_is_refused(lab: Lab) -> None:
    cluster = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 10}

    with pytest.raises(ClientError, match="on one instance"):
        start(lab, ProcessingResources={"ClusterConfig": cluster})
