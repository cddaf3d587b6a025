"""Measure any model on labelled pictures here, and an evaluation at another threshold than it was made at."""

import csv
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from loupe.aws import Cloud
from loupe.aws_errors import translate_errors
from loupe.errors import InputError, ModelNotFoundError
from loupe.pictures import S3Location, parse_s3_uri
from model.errors import ModelError
from model.spec import SPEC_FILE
from model.thresholds import accepted

PREDICTIONS = "predictions.csv"


def is_model_here(text: str | None) -> bool:
    """Whether it names a folder with a model, or a packed one, on this machine."""
    if text is None:
        return False
    path = Path(text).expanduser()
    return (path / SPEC_FILE).is_file() or (path.is_file() and path.name.endswith((".tar.gz", ".tgz")))


def measure_here(model: Path, data: Path, output: Path, threshold: float) -> dict[str, Any]:
    """evaluation.json of a model on labelled pictures; the report goes to `output`. InputError."""
    try:
        # Charts come with it: matplotlib takes a second to load.
        from model.evaluate import measure
    except ImportError as error:
        raise InputError(
            f"Measuring needs {error.name}: pip install onnxruntime pillow matplotlib scikit-learn."
        ) from error
    if not data.is_dir():
        raise InputError(f"--data {data}: no such folder. Give a folder of labelled pictures.")
    nowhere = output / "no-test-part"
    try:
        measure(model, nowhere, data, nowhere, output, threshold)
    except ModelError as error:
        raise InputError(f"{error}.") from error
    document: dict[str, Any] = json.loads((output / "evaluation.json").read_text("utf-8"))
    return document


def fetch_model(cloud: Cloud, name: str, folder: Path) -> Path:
    """A SageMaker model's archive, downloaded. ModelNotFoundError where SageMaker keeps none for it."""
    with translate_errors(cloud.where):
        described = cloud.client("sagemaker").describe_model(ModelName=name)
        containers = [described.get("PrimaryContainer") or {}, *described.get("Containers", ())]
        url = next((each["ModelDataUrl"] for each in containers if each.get("ModelDataUrl")), None)
        if url is None:
            raise ModelNotFoundError(f"{name} has no model data in S3.")
        location = parse_s3_uri(url)
        path = folder / "model.tar.gz"
        cloud.client("s3").download_file(location.bucket, location.key, str(path))
    return path


def at_threshold(cloud: Cloud, report: S3Location, threshold: float) -> dict[str, Any] | None:
    """What another threshold would let through, from the report's predictions; None where there are none."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, PREDICTIONS)
        try:
            with translate_errors(cloud.where):
                cloud.client("s3").download_file(report.bucket, report.key + PREDICTIONS, str(path))
        except Exception:  # a report of an earlier version has no predictions, whatever S3 says of it
            return None
        return accepted_of(path.read_text("utf-8"), threshold)


def accepted_of(predictions: str, threshold: float) -> dict[str, Any]:
    """The same, of predictions.csv's text."""
    rows = list(csv.DictReader(io.StringIO(predictions)))
    confidence = np.array([float(row["confidence"]) for row in rows])
    return accepted(confidence, np.array([row["right"] == "yes" for row in rows]), threshold)
