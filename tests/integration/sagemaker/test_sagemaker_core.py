"""Conformance: sagemaker-core's resource classes, which check every answer's shape."""

import subprocess
import sys

from tests.integration.sagemaker.conftest import IMAGE, KEYS, Lab

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


def test_resource_classes_create_invoke_wait_and_delete(lab: Lab) -> None:
    name = lab.name("core")
    environment = {
        **lab.environment,
        "AWS_ENDPOINT_URL": lab.gateway,
        "AWS_ACCESS_KEY_ID": KEYS["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": KEYS["aws_secret_access_key"],
        "AWS_DEFAULT_REGION": KEYS["region_name"],
    }

    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, name, IMAGE, lab.upload_model(answer="seen by the SDK"), lab.role],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert run.returncode == 0, run.stderr[-4000:]
    printed = [line for line in run.stdout.splitlines() if line.startswith(("seen", "InService", "left"))]
    assert printed == ["seen by the SDK", f"InService ['{name}']", "left []"]
