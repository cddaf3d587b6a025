"""Read a dataset's pictures as the server would, into arrays; and keep some originals for the evaluation."""

import hashlib
import io
import logging
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from model.dataset.shape import pixels_of_example
from model.dataset.sources import Example
from model.errors import UnreadableFilesError, UnreadableImageError
from model.inference import cpu_count
from model.spec import InputSpec

_BATCH = 4096
# Larger arrays lie in a file: a machine that trains need not hold them at once.
MAX_IN_MEMORY = 500_000_000
ORIGINALS = "originals"
MAX_ORIGINALS, ORIGINAL_BYTES, ORIGINALS_BYTES = 200, 4_000_000, 100_000_000

Pixels = npt.NDArray[np.uint8]

logger = logging.getLogger("model.prepare")


@dataclass
class Read:
    """The pictures that could be read, as arrays, a digest of each, and why others could not."""

    examples: list[Example]
    pictures: Pixels
    contents: list[bytes]
    refused: list[dict[str, str]]


def read_examples(examples: list[Example], spec: InputSpec) -> Read:
    """Read all pictures as the server would, in their order."""
    pictures = new_array((len(examples), spec.height, spec.width, spec.channels))
    kept: list[Example] = []
    contents: list[bytes] = []
    refused: list[dict[str, str]] = []

    def read(example: Example) -> tuple[Pixels, bytes] | str:
        try:
            pixels = pixels_of_example(example, spec)
        except (UnreadableImageError, OSError) as error:
            return str(error)
        return pixels, hashlib.blake2b(pixels.tobytes(), digest_size=16).digest()

    with ThreadPoolExecutor(cpu_count()) as pool:
        # In batches: a map over all would hold every answer of a large dataset at once.
        for start in range(0, len(examples), _BATCH):
            batch = examples[start : start + _BATCH]
            for example, answer in zip(batch, pool.map(read, batch), strict=True):
                if isinstance(answer, str):
                    refused.append({"file": example.name, "reason": answer})
                    continue
                pictures[len(kept)], digest = answer
                contents.append(digest)
                kept.append(example)
            logger.info(
                "read=%d of=%d refused=%d", min(start + _BATCH, len(examples)), len(examples), len(refused)
            )
    return Read(kept, pictures[: len(kept)], contents, refused)


def check_refused(read: Read, total: int, tolerate: float) -> None:
    """Raises UnreadableFilesError when more than that share could not be read."""
    if not read.refused or len(read.refused) <= tolerate * total:
        return
    some = "; ".join(f"{item['file']}: {item['reason']}" for item in read.refused[:3])
    raise UnreadableFilesError(
        f"{len(read.refused)} of {total} pictures cannot be read ({tolerate:.0%} are tolerated): {some}. "
        "Replace or remove them"
    )


def new_array(shape: tuple[int, ...]) -> Pixels:
    """An array of bytes in memory, or in a file that goes with it."""
    if int(np.prod(shape)) <= MAX_IN_MEMORY:
        return np.empty(shape, np.uint8)
    with tempfile.TemporaryFile() as file:
        return np.memmap(file, np.uint8, "w+", shape=shape)


def write_originals(folder: Path, examples: Sequence[Example], targets: npt.NDArray[np.int64]) -> int:
    """Copies of up to MAX_ORIGINALS pictures as they came, by their place in the part; gives how many.

    A served model is tried with them: with prepared pictures, another way of resizing would go unnoticed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    room, count = ORIGINALS_BYTES, 0
    for place in _by_turns(targets):
        content = _original(examples[place])
        if content is None or len(content) > min(ORIGINAL_BYTES, room):
            continue
        (folder / str(place)).write_bytes(content)
        room, count = room - len(content), count + 1
        if count == MAX_ORIGINALS:
            break
    return count


def _by_turns(targets: npt.NDArray[np.int64]) -> list[int]:
    """Places such that the first of every class come first, then the second ones."""
    seen: dict[int, int] = {}
    turns = []
    for place, target in enumerate(targets.tolist()):
        seen[target] = seen.get(target, 0) + 1
        turns.append((seen[target], place))
    return [place for _, place in sorted(turns)]


def _original(example: Example) -> bytes | None:
    """The file's bytes, or a PNG of what came as an array; None where it is too large to be worth it."""
    if isinstance(example.source, bytes):
        return example.source
    if isinstance(example.source, Path):
        return example.source.read_bytes() if example.source.stat().st_size <= ORIGINAL_BYTES else None
    buffer = io.BytesIO()
    Image.fromarray(example.source).save(buffer, "PNG")
    return buffer.getvalue()
