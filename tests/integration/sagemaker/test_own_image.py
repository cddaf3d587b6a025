"""The project's own model image, found by the table that needs no settings, serves the digits model."""

import dataclasses
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from model.package import build_package
from tests.integration.sagemaker.conftest import Lab
from tests.integration.sagemaker.test_processes import service

DIGITS = Path(__file__).resolve().parents[3] / "model" / "artifacts" / "digits"
IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/loupe-model:latest"


def test_digits_model_is_served(lab: Lab, tmp_path: Path) -> None:
    if not (DIGITS / "model.onnx").exists():
        pytest.skip(f"no model in {DIGITS}")
    package = build_package(DIGITS, tmp_path / "model.tar.gz")
    lab.client("s3").upload_file(str(package), lab.bucket, "digits/model.tar.gz")
    environment = {k: v for k, v in lab.environment.items() if k != "LOUPE_SAGEMAKER_IMAGES"}
    plain = dataclasses.replace(lab, environment=environment)
    digits = load_digits()
    picture = io.BytesIO()
    Image.fromarray((digits.images[3] * 15.9).astype(np.uint8)).save(picture, "PNG")

    with service(plain, tmp_path / "state") as (_, _, own):
        name = own.name("digits")
        container = {"Image": IMAGE, "ModelDataUrl": f"s3://{lab.bucket}/digits/model.tar.gz"}
        own.sagemaker.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=lab.role)
        endpoint = own.new_endpoint(own.new_config(name))
        answer = json.loads(own.invoke(endpoint, picture.getvalue(), Accept="application/json"))

    assert answer["labels"][0] == str(digits.target[3])
