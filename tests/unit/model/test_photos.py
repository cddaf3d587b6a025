"""The photo model, built from its packages: what it answers, its names, its features, its confidence."""

import json
import os
from importlib import metadata
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from model import photos
from model.efficientnet_lite import FEATURES, IMAGE, LITE0, LOGITS, build_graph
from model.errors import WeightsError
from model.inference import Classifier
from model.photo_calibration import calibrate
from model.photo_names import NAMES, read_names, spoken_names
from model.spec import read_spec

ROOT = Path(__file__).parents[3]
CALIBRATION = os.environ.get("LOUPE_CALIBRATION_PHOTOS", "")


def picture(name: str) -> bytes:
    """A photo that scikit-image ships."""
    return photos.package_file("scikit-image", name).read_bytes()


@pytest.fixture(scope="module")
def folder() -> Path:
    return photos.built(ROOT)


@pytest.fixture(scope="module")
def classifier(folder: Path) -> Classifier:
    return Classifier(folder)


def test_a_coffee_cup_and_a_cat_are_named(classifier: Classifier) -> None:
    (coffee,) = classifier.classify(picture("coffee.png"), 1)
    (cat,) = classifier.classify(picture("chelsea.png"), 1)

    assert coffee.label == "cup of espresso"
    assert coffee.score > 0.93
    assert cat.label in ("tiger cat", "Egyptian cat")
    assert 0.35 <= cat.score < 0.93


def test_a_person_is_none_of_the_thousand_and_the_model_is_not_sure(classifier: Classifier) -> None:
    (best,) = classifier.classify(picture("astronaut.png"), 1)

    assert best.score < 0.28


def test_there_are_a_thousand_names_each_once(folder: Path) -> None:
    labels = read_spec(folder).labels

    assert len(labels) == 1000
    assert len({label.lower() for label in labels}) == 1000
    assert all(label == label.strip() and len(label) <= 30 and "_" not in label for label in labels)


def test_what_has_two_meanings_is_told_apart(folder: Path) -> None:
    labels = read_spec(folder).labels

    assert labels[134] == "crane (bird)"
    assert labels[517] == "crane (machine)"
    assert {labels[638], labels[639]} == {"leotard", "one-piece swimsuit"}
    assert {labels[836], labels[837]} == {"dark glasses", "sunglasses"}
    assert {labels[657], labels[744]} == {"missile", "projectile"}
    assert {labels[620], labels[681]} == {"laptop", "notebook computer"}
    assert labels[281] == "tabby cat"
    assert labels[207] == "golden retriever"


def test_two_classes_of_one_name_are_refused() -> None:
    with pytest.raises(WeightsError, match="0 and 1"):
        spoken_names(["crane", "Crane"], [["crane"], ["crane"]])


def test_every_name_of_ours_replaces_another() -> None:
    clean, _ = read_names(photos.package_file(photos.NAMES_PACKAGE, "imagenet1k_clean_names.json").parent)

    assert [number for number, name in NAMES.items() if clean[number] == name] == []


def test_the_features_are_what_the_last_layer_takes(folder: Path) -> None:
    spec = read_spec(folder)
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    image = np.random.default_rng(7).uniform(-1, 1, (2, 3, LITE0.side, LITE0.side)).astype(np.float32)

    logits, features = session.run([spec.output.name, spec.output.features], {IMAGE: image})

    last = onnx.load(str(folder / "model.onnx")).graph
    weights = {item.name: onnx.numpy_helper.to_array(item) for item in last.initializer}
    assert features.shape == (2, 1280)
    assert logits == pytest.approx(features @ weights["_fc.weight"] + weights["_fc.bias"], abs=1e-3)


def test_the_graph_has_sixteen_blocks_and_no_weights_of_training(folder: Path) -> None:
    graph = onnx.load(str(folder / "model.onnx")).graph
    kinds = [node.op_type for node in graph.node]

    assert sum("_depthwise_conv.weight" in item.name for item in graph.initializer) == 16
    assert set(kinds) == {"Conv", "Clip", "Add", "GlobalAveragePool", "Flatten", "Gemm"}
    assert [output.name for output in graph.output] == [LOGITS, FEATURES]


def test_the_temperature_is_in_the_graph(tmp_path: Path, folder: Path) -> None:
    plain = photos.build(tmp_path / "plain", temperature=1.0)
    image = np.zeros((1, 3, LITE0.side, LITE0.side), np.float32)

    (one,), (other,) = (
        onnxruntime.InferenceSession(str(place / "model.onnx")).run([LOGITS], {IMAGE: image})
        for place in (plain, folder)
    )

    assert other * photos.TEMPERATURE == pytest.approx(one, abs=1e-3)


def test_it_is_built_once_and_again_when_its_recipe_changes(tmp_path: Path) -> None:
    first = photos.built(tmp_path)
    made = (first / "model.onnx").stat().st_mtime_ns
    assert (photos.built(tmp_path) / "model.onnx").stat().st_mtime_ns == made

    document = json.loads((first / "model.json").read_text("utf-8"))
    document["about"]["recipe"] = "another"
    (first / "model.json").write_text(json.dumps(document), "utf-8")

    assert (photos.built(tmp_path) / "model.onnx").stat().st_mtime_ns > made
    assert (first / "MODEL_CARD.md").read_bytes() == photos.CARD.read_bytes()


def test_other_weights_than_the_pinned_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.pth"
    other.write_bytes(b"other")
    monkeypatch.setattr(photos, "package_file", lambda *_: other)

    with pytest.raises(WeightsError, match="pinned"):
        photos.build(tmp_path / "photos")
    assert not (tmp_path / "photos").exists()


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "files", missing)

    with pytest.raises(WeightsError, match="make setup"):
        photos.package_file(photos.WEIGHTS_PACKAGE, photos.WEIGHTS_FILE)


def test_weights_that_do_not_fit_are_refused() -> None:
    with pytest.raises(WeightsError, match="_bn0"):
        build_graph({}, LITE0, 1.0)


def test_the_card_states_what_is_built() -> None:
    card = photos.CARD.read_text("utf-8")

    assert f"**{photos.TEMPERATURE}**" in card
    for package in (photos.WEIGHTS_PACKAGE, photos.NAMES_PACKAGE):
        assert f"`{package}` {metadata.version(package)}" in card
    assert f"{len(NAMES)} of them put" in card


@pytest.mark.timeout(600)
@pytest.mark.skipif(not CALIBRATION, reason="LOUPE_CALIBRATION_PHOTOS names no folder of photos by kind")
def test_the_temperature_is_what_the_stated_procedure_gives() -> None:
    found = calibrate(Path(CALIBRATION))

    assert found.photos == 127
    assert found.temperature == pytest.approx(photos.TEMPERATURE, abs=0.011)
    assert found.right[found.confidence >= 0.4].mean() >= 0.9
