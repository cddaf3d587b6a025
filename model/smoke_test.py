"""What a hosted model is asked before it goes live: held-out pictures, and what the evaluation answered.

evaluate writes `smoke_test.json`, {"pictures": [{"label": …, "image": base64 of a PNG}…]}; the function
smoke_test_endpoint asks a trial endpoint. They are the pictures whose right answer is surest, so that another
processor's rounding cannot change it.
"""

import base64
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.dataset.store import Part
from model.pictures import encode_png

SMOKE_TEST_FILE = "smoke_test.json"
MOST_PICTURES = 20


def write_smoke_test(folder: Path, part: Part, probabilities: npt.NDArray[np.float64]) -> None:
    """Up to twenty pictures, of as many classes as possible."""
    pictures = [
        {"label": part.labels[part.targets[index]], "image": _png(part.pictures[index])}
        for index in chosen(part, probabilities)
    ]
    document = json.dumps({"pictures": pictures}, ensure_ascii=False)
    (folder / SMOKE_TEST_FILE).write_text(document, "utf-8")


def chosen(part: Part, probabilities: npt.NDArray[np.float64]) -> list[int]:
    """Places of rightly answered pictures: the surest of each class first, then the second of each."""
    ordered = np.sort(probabilities, axis=1)
    margin = ordered[:, -1] - ordered[:, -2]
    right = np.flatnonzero(probabilities.argmax(axis=1) == part.targets)
    seen: dict[int, int] = {}
    ranked = []
    for index in right[np.argsort(-margin[right], kind="stable")].tolist():
        target = int(part.targets[index])
        seen[target] = seen.get(target, 0) + 1
        ranked.append((seen[target], index))
    return [index for _, index in sorted(ranked, key=lambda item: item[0])[:MOST_PICTURES]]


def _png(picture: npt.NDArray[np.uint8]) -> str:
    grey = picture.shape[2] == 1
    return base64.b64encode(encode_png(picture[:, :, 0] if grey else picture)).decode()
