"""Held-out handwritten digits as PNG, for demonstrations: some the digits model is sure of, some it is not.

    python -m model.pictures [--model DIR] [--out DIR]
    python -m model.pictures --all DIR     all 1 797 digits, a folder by class, as data to train on

They come from the last 360 of scikit-learn's digits, which the model was not trained on.
"""

import argparse
import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from model.inference import Classifier

HELD_OUT = 360
THRESHOLD = 0.93
SIDE = 160
UNSURE = 2

Pixels = npt.NDArray[np.uint8]


def encode_png(pixels: Pixels, side: int | None = None) -> bytes:
    """A PNG of height x width greys or height x width x 3 colours, scaled to `side` pixels if given."""
    image = Image.fromarray(pixels)
    if side is not None:
        image = image.resize((side, side), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def grey_digits(images: npt.NDArray[np.floating[Any]]) -> Pixels:
    """scikit-learn's digits, 0 to 16, as greys of 0 to 255."""
    greys: Pixels = np.rint(images * (255 / 16)).astype(np.uint8)
    return greys


def held_out_pictures(classifier: Classifier) -> dict[str, tuple[bytes, int, float]]:
    """By file name: a PNG, its number in the data, the confidence of the model's answer to this very PNG."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    first = len(bunch.target) - HELD_OUT
    pictures = [encode_png(picture, SIDE) for picture in grey_digits(bunch.images[first:])]
    answers = [classifier.classify(picture, 1)[0] for picture in pictures]
    digits = [str(digit) for digit in bunch.target[first:]]
    confidence = np.array([answer.score for answer in answers])
    right = np.array([answer.label == digit for answer, digit in zip(answers, digits, strict=True)])
    unsure = np.flatnonzero(confidence < THRESHOLD)
    chosen: dict[str, int] = {}
    for index in unsure[np.argsort(confidence[unsure])].tolist():
        if len(chosen) < UNSURE:
            # The least sure of a digit comes first and keeps the name.
            chosen.setdefault(f"digit-{digits[index]}-unsure.png", index)
    for digit in ("0", "3", "5"):
        same = np.flatnonzero(right & (np.array(digits) == digit))
        chosen[f"digit-{digit}.png"] = int(same[confidence[same].argmax()])
    return {
        name: (pictures[index], first + index, float(confidence[index])) for name, index in chosen.items()
    }


def write_class_folders(folder: Path) -> int:
    """All 1 797 digits, 8 x 8, in a folder by class; gives their number."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    for number, (image, digit) in enumerate(zip(grey_digits(bunch.images), bunch.target, strict=True)):
        path = folder / str(digit) / f"{number:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_png(image))
    return len(bunch.target)


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m model.pictures", description="Write held-out digits.")
    parser.add_argument("--model", type=Path, default=Path("model/artifacts/digits"), metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("events/images"), metavar="DIR")
    parser.add_argument("--all", type=Path, metavar="DIR", help="write all digits by class instead")
    options = parser.parse_args(arguments)
    if options.all:
        print(f"{write_class_folders(options.all)} pictures in {options.all}")
        return 0
    options.out.mkdir(parents=True, exist_ok=True)
    for name, (png, number, confidence) in held_out_pictures(Classifier(options.model)).items():
        (options.out / name).write_bytes(png)
        print(f"{name}: number {number} of the data, confidence {confidence:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
