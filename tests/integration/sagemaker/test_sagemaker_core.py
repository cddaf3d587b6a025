"""Conformance: sagemaker-core's resource classes, which check every answer's shape."""

import subprocess
import sys

from tests.integration.sagemaker.conftest import HERE, IMAGE, KEYS, Lab

# In a process of its own: importing the SDK takes seconds, configures logging and warns of its own
# deprecations.
SCRIPT = """
import sys
from sagemaker.core.resources import Endpoint, EndpointConfig, Model
from sagemaker.core.shapes import ContainerDefinition, ProductionVariant

name, image, data, role = sys.argv[1:]
container = ContainerDefinition(image=image, model_data_url=data, environment={"A": "b"})
model = Model.create(model_name=name, primary_container=container, execution_role_arn=role)
variant = ProductionVariant(
    variant_name="v1", model_name=name, initial_instance_count=1, instance_type="ml.t2.medium"
)
config = EndpointConfig.create(endpoint_config_name=name, production_variants=[variant])
endpoint = Endpoint.create(endpoint_name=name, endpoint_config_name=name)
endpoint.wait_for_status("InService", poll=1, timeout=60)
print(endpoint.invoke(body=b"x", content_type="image/jpeg").body.read().decode())
found = [e.endpoint_name for e in Endpoint.get_all(name_contains=name)]
print(Endpoint.get(endpoint_name=name).endpoint_status, found)
endpoint.delete()
endpoint.wait_for_delete(poll=1, timeout=60)
config.delete()
model.delete()
print("\\nleft", [m.model_name for m in Model.get_all(name_contains=name)])
"""

JOBS = """
import sys
from sagemaker.core.resources import ProcessingJob, TrainingJob
from sagemaker.core.shapes import (
    AlgorithmSpecification, AppSpecification, OutputDataConfig, ProcessingClusterConfig, ProcessingOutput,
    ProcessingOutputConfig, ProcessingResources, ProcessingS3Output, ResourceConfig, StoppingCondition,
)

name, image, bucket, role, script = sys.argv[1:]
training = TrainingJob.create(
    training_job_name=name,
    hyper_parameters={"steps": '["log loss=0.25", "model a.txt b"]'},
    algorithm_specification=AlgorithmSpecification(training_image=image, training_input_mode="File"),
    role_arn=role,
    output_data_config=OutputDataConfig(s3_output_path=f"s3://{bucket}/core"),
    resource_config=ResourceConfig(instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=1),
    stopping_condition=StoppingCondition(max_runtime_in_seconds=60),
)
training.wait(poll=1, timeout=60)
artifact = training.model_artifacts.s3_model_artifacts
print("\\ntraining", training.training_job_status, artifact.endswith("model.tar.gz"))
cluster = ProcessingClusterConfig(instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=1)
output = ProcessingS3Output(
    s3_uri=f"s3://{bucket}/core/out", local_path="/opt/ml/processing/out", s3_upload_mode="EndOfJob"
)
processing = ProcessingJob.create(
    processing_job_name=name,
    processing_resources=ProcessingResources(cluster_config=cluster),
    processing_output_config=ProcessingOutputConfig(
        outputs=[ProcessingOutput(output_name="o", s3_output=output)]
    ),
    app_specification=AppSpecification(
        image_uri=image,
        container_entrypoint=["python3", script],
        container_arguments=["process", "/opt/ml/processing/none", "/opt/ml/processing/out", "message fine"],
    ),
    role_arn=role,
)
processing.wait(poll=1, timeout=60)
print("\\nprocessing", processing.processing_job_status, processing.exit_message)
"""


def run(lab: Lab, script: str, *arguments: str) -> list[str]:
    """What a script that drives the SDK prints, which must end well."""
    environment = {
        **lab.environment,
        "AWS_ENDPOINT_URL": lab.gateway,
        "AWS_ACCESS_KEY_ID": KEYS["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": KEYS["aws_secret_access_key"],
        "AWS_DEFAULT_REGION": KEYS["region_name"],
    }
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout.splitlines()


def test_resource_classes_create_invoke_wait_and_delete(lab: Lab) -> None:
    name = lab.name("core")

    printed = run(lab, SCRIPT, name, IMAGE, lab.upload_model(answer="seen by the SDK"), lab.role)

    told = [line for line in printed if line.startswith(("seen", "InService", "left"))]
    assert told == ["seen by the SDK", f"InService ['{name}']", "left []"]


def test_resource_classes_run_jobs(lab: Lab) -> None:
    printed = run(lab, JOBS, lab.name("core"), IMAGE, lab.bucket, lab.role, str(HERE / "job_script.py"))

    told = [line for line in printed if line.startswith(("training", "processing"))]
    assert told == ["training Completed True", "processing Completed fine"]
