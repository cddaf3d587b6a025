"""What a hosted model is asked before it goes live: held-out pictures, and what the evaluation answered.

evaluate writes `smoke_test.json`, {"pictures": [{"label": …, "image": base64}…]}; the function
smoke_test_endpoint asks a trial endpoint. They are pictures as they came, not as they were prepared, so that
a server that resizes in another way is found out; and those whose right answer is surest, so that another
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
MAX_PICTURES = 20
# The function that asks holds all of them in memory, and an endpoint may take 4 MB at once.
MAX_BYTES = 12_000_000


def write_smoke_test(
    folder: Path,
    part: Part,
    probabilities: npt.NDArray[np.float64],
    originals: Path,
) -> None:
    """Up to twenty pictures, of as many classes as possible; `originals`: some as they came, by place."""
    pictures, room = [], MAX_BYTES
    for index in chosen(part, probabilities):
        content = _original(originals / str(index), part, index)
        if len(content) > room:
            continue
        label = part.labels[part.targets[index]]
        pictures.append({"label": label, "image": base64.b64encode(content).decode()})
        room -= len(content)
        if len(pictures) == MAX_PICTURES:
            break
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
    return [index for _, index in sorted(ranked, key=lambda item: item[0])]


def _original(path: Path, part: Part, index: int) -> bytes:
    """The picture as it came, where it was kept; else the prepared one."""
    if path.is_file():
        return path.read_bytes()
    picture = part.pictures[index]
    if part.input.color == "BGR":
        picture = picture[:, :, ::-1]
    return encode_png(picture[:, :, 0] if picture.shape[2] == 1 else picture)
