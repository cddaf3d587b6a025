"""Any ONNX image classifier with a model.json is hosted and used with no code: MobileNet, on animals.

The model and the photos are not in this repository; where ../shared/data has them, this runs.
"""

from __future__ import annotations

import io
import json
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.workflow.conftest import Workflow, serve

DATA = Path(__file__).parents[4] / "shared" / "data"
PHOTOS = {
    "Basenji_00963.jpg": "basenji",
    "Beagle_01125.jpg": "beagle",
    "Dalmatian_04017.jpg": "dalmatian",
    "German_shepherd_dog_04890.jpg": "german shepherd",
    "Golden_retriever_05182.jpg": "golden retriever",
    "Great_dane_05320.jpg": "great dane",
    "cat_01.jpg": "cat",
    "great_horned_owl_02.jpg": "owl",
}

pytestmark = pytest.mark.skipif(
    not (DATA / "mobilenet").exists(), reason="MobileNet is not in this repository: no ../shared/data"
)


def mobilenet() -> bytes:
    """model.tar.gz of the ONNX model zoo's MobileNetV2 (int8): logits of 1,000 ImageNet classes."""
    names = (DATA / "mobilenet" / "synset.txt").read_text(encoding="utf-8").splitlines()
    spec = {
        "name": "mobilenet-v2",
        "input": {
            "name": "input",
            "width": 224,
            "height": 224,
            "channels": 3,
            "layout": "NCHW",
            "color": "RGB",
            "resize": "center_crop",
            "resize_short": 256,
            "scale": 1 / 255,
            "mean": [0.485, 0.456, 0.406],
            "std": [0.229, 0.224, 0.225],
        },
        "output": {"name": "output", "kind": "logits"},
        # 'n01440764 tench, Tinca tinca' is a tench.
        "labels": [name.strip("'").split(" ", 1)[1].split(",")[0] for name in names],
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.add(DATA / "mobilenet" / "mobilenetv2-12-int8.onnx", "model.onnx")
        content = json.dumps(spec).encode()
        member = tarfile.TarInfo("model.json")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


@pytest.fixture
def with_mobilenet(workflow: Workflow) -> Iterator[None]:
    sagemaker, outputs = workflow.stack.client("sagemaker"), workflow.stack.outputs
    endpoint, name = outputs["EndpointName"], f"mobilenet-{uuid.uuid4().hex[:8]}"
    before = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    workflow.s3.put_object(Bucket=outputs["ModelsBucketName"], Key=f"{name}/model.tar.gz", Body=mobilenet())
    container: Any = {
        "Image": "000000000000.dkr.ecr.us-east-1.amazonaws.com/loupe-model:latest",
        "ModelDataUrl": f"s3://{outputs['ModelsBucketName']}/{name}/model.tar.gz",
    }
    sagemaker.create_model(
        ModelName=name, ExecutionRoleArn=outputs["WorkflowRoleArn"], PrimaryContainer=container
    )
    variant = {"VariantName": "AllTraffic", "ModelName": name, "InstanceType": "ml.t2.medium"}
    sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[{**variant, "InitialInstanceCount": 1}]
    )
    serve(sagemaker, endpoint, name)
    yield
    serve(sagemaker, endpoint, before)


def test_photos_get_their_right_labels(workflow: Workflow, with_mobilenet: None) -> None:
    found = {}
    for name in PHOTOS:
        key = workflow.put((DATA / "photos" / name).read_bytes(), name)
        ending = workflow.run(workflow.manual(key, threshold=0))
        assert ending["status"] == "SUCCEEDED", ending.get("cause")
        found[name] = json.loads(ending["output"])["label"].lower()
    wrong = {name: found[name] for name, expected in PHOTOS.items() if expected not in found[name]}
    # A cat is any of ImageNet's breeds of cat.
    assert set(wrong) <= {"cat_01.jpg"}, wrong
    assert any(breed in found["cat_01.jpg"] for breed in ("cat", "tabby", "lynx"))
