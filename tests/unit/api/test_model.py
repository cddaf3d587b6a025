"""GET /model: what the live model says of itself, whichever way it came to its endpoint."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from loupe_api import model_card
from loupe_api.live_model import LiveModel
from model import photos
from model.package import build_package
from model.spec import ModelSpec, OutputSpec
from tests.unit.api.world import ENDPOINT, REGION, World

ROOT = Path(__file__).parents[3]
ARTIFACTS = ROOT / "model" / "artifacts"
MODELS, TRAINING = "models-bucket", "training-bucket"
ROLE = "arn:aws:iam::123456789012:role/hosting"
EVALUATION = {
    "accuracy": 0.94,
    "count": 50,
    "labels": ["cat", "dog"],
    "interval": {"low": 0.84, "high": 0.98, "accuracy": 0.94, "count": 50, "crossValidated": 0},
}


@pytest.fixture(autouse=True)
def buckets(world: World) -> None:
    for name in (MODELS, TRAINING):
        world.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})


def hosted(world: World, package: bytes | None, name: str = "digits-0a1b2c", **tags: str) -> None:
    """A model on the endpoint, as `loupe model deploy` and the training workflow make it."""
    key = f"deployed/{name}/model.tar.gz"
    if package is not None:
        world.s3.put_object(Bucket=MODELS, Key=key, Body=package)
    container = {"Image": "loupe-model:serving", "ModelDataUrl": f"s3://{MODELS}/{key}"}
    tagged = [{"Key": f"loupe:{tag}", "Value": value} for tag, value in tags.items()]
    world.sagemaker.create_model(
        ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container, Tags=tagged
    )
    served(world, {name: 1.0})


def served(world: World, weights: Mapping[str, float]) -> None:
    config = "-".join(weights)
    variants = [
        {
            "VariantName": f"V{number}",
            "ModelName": name,
            "InitialVariantWeight": weight,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
        for number, (name, weight) in enumerate(weights.items())
    ]
    world.sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=variants)
    with suppress(ClientError):
        world.sagemaker.delete_endpoint(EndpointName=ENDPOINT)
    world.sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=config)


def archive(files: Mapping[str, bytes]) -> bytes:
    """As SageMaker packs /opt/ml/model: in no order, below a dot."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"./{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def spec(name: str = "pets", labels: tuple[str, ...] = ("cat", "dog")) -> bytes:
    return ModelSpec(name, photos.INPUT, OutputSpec("logits"), labels).to_json().encode()


def shown(world: World) -> Any:
    answer = world.ask("GET", "/model")
    assert answer.status == 200, answer.body
    return answer.body["result"]


def test_the_digits_model_that_loupe_brings(world: World, tmp_path: Path) -> None:
    package = build_package(ARTIFACTS / "digits", tmp_path / "model.tar.gz").read_bytes()
    hosted(world, package, model="digits", stack="loupe")

    model = shown(world)

    assert (model["name"], model["version"], model["trained"]) == ("digits", "digits-0a1b2c", False)
    assert model["endpoint"]["inService"] is True
    assert model["labels"] == {"count": 10, "items": [str(digit) for digit in range(10)], "complete": True}
    assert model["input"] == {"kind": "grey", "width": 16, "height": 16}
    assert model["accuracy"] == {
        "value": 0.9917,
        "low": None,
        "high": None,
        "pictures": 360,
        "measured": "model",
    }
    assert (model["license"], model["threshold"], model["share"]) == ("Apache-2.0, as the project", 0.93, 1.0)
    assert model["source"] == "scikit-learn load_digits, the first 1437"
    assert model["summary"].startswith("Which digit, 0 to 9, a picture shows.")
    assert len(model["limits"]) == 4
    assert model["limits"][3].endswith("train on your own data (loupe train).")
    assert model["unknown"] == []


def test_the_photo_model_that_loupe_brings(world: World, tmp_path: Path) -> None:
    # As python -m model.photos writes it, without the weights.
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "MODEL_CARD.md").write_bytes((ARTIFACTS / "photos" / "MODEL_CARD.md").read_bytes())
    labels = tuple(f"thing {number}" for number in range(1000))
    (folder / "model.json").write_bytes(spec("photos", labels))
    (folder / "model.onnx").write_bytes(b"weights")
    hosted(world, build_package(folder, tmp_path / "model.tar.gz").read_bytes(), "photos-0a1b2c")

    model = shown(world)

    assert (model["name"], model["labels"]["count"], model["labels"]["complete"]) == ("photos", 1000, True)
    assert model["input"] == {"kind": "color", "width": 224, "height": 224}
    # Nothing was measured here, and what others published of it is in the card alone.
    assert model["accuracy"] is None
    assert model["license"].startswith("Apache-2.0 (weights, network), MIT (names)")
    assert "Google's published weights" in model["source"]
    assert model["limits"][0].startswith("People: none of the classes is a person.")
    assert len(model["limits"]) == 6


def test_a_trained_model_has_its_evaluation(world: World) -> None:
    package = archive({"model.onnx": b"w" * 100_000, "training.json": b"{}", "model.json": spec()})
    report = f"s3://{TRAINING}/runs/pets-1/evaluation/"
    key = "runs/pets-1/evaluation/evaluation.json"
    world.s3.put_object(Bucket=TRAINING, Key=key, Body=json.dumps(EVALUATION).encode())
    hosted(world, package, "pets-1-model", model="pets", accuracy="0.94", report=report)

    model = shown(world)

    assert (model["name"], model["trained"]) == ("pets", True)
    expected = {"value": 0.94, "low": 0.84, "high": 0.98, "pictures": 50, "measured": "evaluation"}
    assert model["accuracy"] == expected
    assert model["labels"]["items"] == ["cat", "dog"]
    # It has no card: nothing is made up.
    assert (model["limits"], model["license"], model["summary"]) == ([], None, None)
    assert "MODEL_CARD.md" in model["unknown"][0]


def test_what_cannot_be_read_is_said_and_hides_nothing_else(world: World) -> None:
    report = f"s3://{TRAINING}/runs/gone/evaluation/"
    hosted(world, None, "pets-2-model", model="pets", accuracy="0.9", report=report)

    model = shown(world)

    assert (model["name"], model["version"], model["labels"]) == ("pets", "pets-2-model", None)
    assert model["accuracy"]["value"] == 0.9
    assert len(model["unknown"]) == 2


@pytest.mark.parametrize("package", [b"", b"no archive", b"\x1f\x8b broken"])
def test_an_archive_that_is_none_is_said(world: World, package: bytes) -> None:
    hosted(world, package)
    assert shown(world)["unknown"] == ["The model's package cannot be read."]


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b'{"labels": 7, "input": [], "about": "x", "name": ""}']
)
def test_a_model_json_that_says_nothing_clear_says_nothing(world: World, content: bytes) -> None:
    hosted(world, archive({"model.json": content, "MODEL_CARD.md": b"\xff"}))
    model = shown(world)
    assert (model["labels"], model["input"], model["accuracy"]) == (None, None, None)


def test_more_labels_than_are_listed_are_counted(world: World) -> None:
    hosted(world, archive({"model.json": spec(labels=tuple(str(n) for n in range(1001)))}))
    labels = shown(world)["labels"]
    assert (labels["count"], len(labels["items"]), labels["complete"]) == (1001, 1000, False)


def test_without_an_endpoint_404_says_so(world: World) -> None:
    answer = world.ask("GET", "/model")
    assert (answer.status, answer.body) == (
        404,
        {"error": f"There is no endpoint {ENDPOINT}: no model is hosted yet."},
    )


def test_a_model_that_was_deleted_under_its_endpoint_is_404(world: World) -> None:
    hosted(world, None, "gone")
    world.sagemaker.delete_model(ModelName="gone")
    assert world.ask("GET", "/model").status == 404


def test_where_a_function_classifies_404_says_so(world: World) -> None:
    world.live_model = LiveModel(ENDPOINT, 0.5, world.sagemaker, world.s3, world.clock, "arn:aws:lambda:…")
    answer = world.ask("GET", "/model")
    assert answer.status == 404
    assert "A function classifies here" in answer.body["error"]


def test_of_several_models_the_one_with_most_traffic(world: World) -> None:
    hosted(world, archive({"model.json": spec("one")}), "one")
    hosted(world, archive({"model.json": spec("two")}), "two")
    served(world, {"one": 1.0, "two": 3.0})
    model = shown(world)
    assert (model["version"], model["share"]) == ("two", 0.75)


def test_it_is_kept_for_a_minute_and_no_longer(world: World) -> None:
    hosted(world, archive({"model.json": spec("one")}), "one")
    assert shown(world)["version"] == "one"
    hosted(world, archive({"model.json": spec("two")}), "two")
    assert shown(world)["version"] == "one"
    world.clock.forward(seconds=61)
    assert shown(world)["version"] == "two"


def test_an_endpoint_that_is_removed_is_not_shown_from_memory(world: World) -> None:
    hosted(world, archive({"model.json": spec("one")}), "one")
    shown(world)
    world.sagemaker.delete_endpoint(EndpointName=ENDPOINT)
    world.clock.forward(seconds=61)
    assert world.ask("GET", "/model").status == 404


def test_throttling_is_429(world: World) -> None:
    class Throttling:
        def describe_endpoint(self, **_: str) -> None:
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "DescribeEndpoint")

    world.live_model = LiveModel(ENDPOINT, 0.5, Throttling(), world.s3, world.clock)
    assert world.ask("GET", "/model").status == 429


def test_the_same_is_shown_to_who_is_signed_in(world: World) -> None:
    hosted(world, archive({"model.json": spec("one")}), "one")
    assert world.ask("GET", "/signed-in/model", user="ann").body == world.ask("GET", "/model").body


def test_markup_of_a_card_is_text() -> None:
    listed = "- Dogs, of\n  any kind\n- Birds\n# Another section\n- no"
    card = f"# A\n\nSees **cats** in [pictures](x).\n\n## What it cannot do\n\n{listed}"
    assert model_card.summary_of(card) == "Sees cats in pictures."
    assert model_card.limits_of(card) == ["Dogs, of any kind", "Birds"]
