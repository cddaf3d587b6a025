"""Figures of a model on held-out pictures, and confidence that means something."""

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from model.calibration import expected_calibration_error, fit_temperature, reliability, softmax
from model.dataset.store import Part, write_part
from model.errors import DatasetError, ModelSpecError
from model.evaluate import confusion_matrix, evaluate, main, per_class, unpacked
from model.inference import Classifier
from model.package import build_package

from .models import spec_document, write_model


def part_of(classifier: Classifier, greys: list[int], targets: list[int]) -> Part:
    spec = classifier.spec.input
    pictures = np.array([np.full((spec.height, spec.width, 1), grey) for grey in greys], np.uint8)
    names = [f"{number}.png" for number in range(len(greys))]
    return Part(pictures, np.array(targets, np.int64), names, classifier.labels, spec)


@pytest.fixture
def classifier(tmp_path: Path) -> Classifier:
    """Says light for light pictures, dark for dark ones, never middle."""
    document = spec_document(input={"mean": [0.5], "std": [0.1]})
    return Classifier(write_model(tmp_path / "model", document, [[-4.0, 0.0, 4.0]]))


def test_the_figures_are_those_worked_out_by_hand(classifier: Classifier) -> None:
    part = part_of(classifier, [0, 0, 255, 255, 255], [0, 1, 2, 2, 0])

    figures, _ = evaluate(classifier, part, 0.93)

    assert figures["accuracy"] == 0.6
    assert figures["confusionMatrix"] == [[1, 0, 1], [1, 0, 0], [0, 0, 2]]
    assert figures["perClass"] == [
        {"label": "dark", "precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2},
        {"label": "middle", "precision": None, "recall": 0.0, "f1": 0.0, "support": 1},
        {"label": "light", "precision": pytest.approx(2 / 3), "recall": 1.0, "f1": 0.8, "support": 2},
    ]
    assert figures["threshold"] == {"value": 0.93, "acceptedShare": 1.0, "acceptedAccuracy": 0.6}


def test_a_model_of_other_labels_or_no_pictures_is_refused(classifier: Classifier) -> None:
    part = part_of(classifier, [0], [0])
    others = Part(part.pictures, part.targets, part.names, ("a", "b", "c"), part.input)

    with pytest.raises(DatasetError, match="labels"):
        evaluate(classifier, others, 0.9)
    with pytest.raises(DatasetError, match="no pictures"):
        evaluate(classifier, part_of(classifier, [], []), 0.9)


def test_a_class_that_never_occurs_has_no_figures() -> None:
    confusion = confusion_matrix(np.array([0, 0]), np.array([0, 0]), 2)

    assert per_class(confusion, ("a", "b"))[1] == {
        "label": "b", "precision": None, "recall": None, "f1": None, "support": 0,
    }  # fmt: skip


def test_the_job_reads_the_archive_and_writes_figures_and_pictures(
    classifier: Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path / "ml"))
    inputs = tmp_path / "ml" / "processing" / "input"
    build_package(tmp_path / "model", inputs / "model" / "model.tar.gz")
    write_part(inputs / "test", part_of(classifier, [0, 255, 255], [0, 2, 1]))

    assert main([]) == 0

    message = json.loads((tmp_path / "ml" / "output" / "message").read_text("utf-8"))
    assert message["accuracy"] == pytest.approx(2 / 3, abs=1e-6)
    assert message["worstClass"]["label"] == "middle"
    output = tmp_path / "ml" / "processing" / "output"
    for name in ("confusion_matrix", "calibration", "coverage", "mistakes"):
        assert (output / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "<svg" in (output / f"{name}.svg").read_text("utf-8")


def test_a_damaged_archive_is_a_failure_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    archive = tmp_path / "processing" / "input" / "model" / "model.tar.gz"
    archive.parent.mkdir(parents=True)
    archive.write_bytes(b"not an archive")

    assert main([]) == 1
    assert "cannot be unpacked" in (tmp_path / "output" / "message").read_text("utf-8")


def test_an_archive_that_writes_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "file", "../../outside")

    with pytest.raises(ModelSpecError, match="leads out of its folder"):
        unpacked(tmp_path / "model.tar.gz", tmp_path / "scratch")


def drawn(
    confidence_scale: float,
) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float64]], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Logits of a known temperature: targets are drawn from softmax, then the logits are stretched."""
    generator = np.random.default_rng(5)
    logits = generator.normal(size=(4000, 5)) * 2
    targets = np.array([generator.choice(5, p=row) for row in softmax(logits)], np.int64)
    return logits * confidence_scale, targets


def test_the_temperature_undoes_what_stretched_the_logits() -> None:
    logits, targets = drawn(3.0)

    temperature = fit_temperature(logits, targets)

    assert temperature == pytest.approx(3.0, rel=0.08)
    assert expected_calibration_error(softmax(logits), targets) > 0.15
    assert expected_calibration_error(softmax(logits / temperature), targets) < 0.03


def test_a_model_without_a_mistake_is_not_made_infinitely_sure() -> None:
    targets = np.array([0, 1] * 50, np.int64)
    logits = np.eye(2)[targets] * 0.1

    confidence = softmax(logits / fit_temperature(logits, targets, low=1e-4)).max()

    assert 0.98 < confidence < 0.999


def test_the_bins_count_every_prediction_once() -> None:
    logits, targets = drawn(1.0)

    bins = reliability(softmax(logits), targets)

    assert sum(item.count for item in bins) == len(targets)
    assert all(item.low <= item.confidence <= item.high for item in bins)
