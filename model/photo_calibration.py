"""Fit the photo model's temperature on labelled photos, and say how sure that is.

A folder of folders of photos; a photo's file name is the word of one of ImageNet's synsets ("tow_truck.jpg").
Words that several classes share are left out. The temperature taken is the upper end of a bootstrap's 90 %
interval, the less confident one: such photos were probably among those that the weights were trained on.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from model.calibration import expected_calibration_error, fit_temperature, softmax
from model.efficientnet_lite import IMAGE, LOGITS
from model.errors import EmptyDatasetError
from model.images import read_pixels
from model.inference import normalisation
from model.photo_names import CLEAN_FILE, read_names
from model.photos import INPUT, NAMES_PACKAGE, build, package_file
from model.spec import MODEL_FILE

SUFFIXES = (".jpg", ".jpeg", ".png")
RESAMPLES = 100
SEED = 7
UPPER = 95

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Calibration:
    """What the photos say: the likeliest temperature, the one to take, and the model's accuracy with it."""

    photos: int
    likeliest: float
    temperature: float
    accuracy: float
    calibration_error: float
    confidence: Floats
    right: npt.NDArray[np.bool_]

    def describe(self) -> str:
        """Lines for a person: the temperature, and what a threshold would accept."""
        lines = [
            f"{self.photos} photos, accuracy {self.accuracy:.3f}, likeliest temperature {self.likeliest:.2f}",
            f"temperature {self.temperature:.2f}, calibration error {self.calibration_error:.3f}",
        ]
        for threshold in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.93):
            taken = self.confidence >= threshold
            share = self.right[taken].mean() if taken.any() else float("nan")
            lines.append(f"at {threshold:.2f}: accepts {taken.mean():.2f}, right among them {share:.3f}")
        return "\n".join(lines)


def calibrate(folder: Path) -> Calibration:
    """Raises EmptyDatasetError where no photo's name is a class's, and what building the model raises."""
    photos = labelled_photos(folder)
    if not photos:
        raise EmptyDatasetError(f"no photo under {folder} is named as one of ImageNet's classes")
    logits, targets = _logits([path for path, _ in photos]), np.array([number for _, number in photos])
    generator = np.random.default_rng(SEED)
    draws = (generator.integers(0, len(targets), len(targets)) for _ in range(RESAMPLES))
    fitted = [fit_temperature(logits[draw], targets[draw]) for draw in draws]
    temperature = round(float(np.percentile(fitted, UPPER)), 2)
    probabilities = softmax(logits / temperature)
    right = probabilities.argmax(1) == targets
    return Calibration(
        photos=len(targets),
        likeliest=fit_temperature(logits, targets),
        temperature=temperature,
        accuracy=float(right.mean()),
        calibration_error=expected_calibration_error(probabilities, targets),
        confidence=probabilities.max(1),
        right=right,
    )


def labelled_photos(folder: Path) -> list[tuple[Path, int]]:
    """Photos and their classes' numbers, by path."""
    _, synsets = read_names(package_file(NAMES_PACKAGE, CLEAN_FILE).parent)
    classes: dict[str, set[int]] = {}
    for number, words in enumerate(synsets):
        for word in words:
            classes.setdefault(_plain(word), set()).add(number)
    found = []
    for path in sorted(folder.glob("*/*")):
        numbers = classes.get(_plain(path.stem), set())
        if path.suffix.lower() in SUFFIXES and len(numbers) == 1:
            found.append((path, next(iter(numbers))))
    return found


def _plain(word: str) -> str:
    return word.lower().replace("_", " ").replace("'", "")


def _logits(paths: list[Path]) -> Floats:
    gain, offset = normalisation(INPUT)
    with tempfile.TemporaryDirectory() as folder:
        model = build(Path(folder, "plain"), temperature=1.0) / MODEL_FILE
        session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
        rows = []
        for path in paths:
            picture = read_pixels(path, INPUT).astype(np.float32) * gain + offset
            rows.append(session.run([LOGITS], {IMAGE: picture.transpose(2, 0, 1)[np.newaxis]})[0][0])
    return np.asarray(rows, np.float64)
