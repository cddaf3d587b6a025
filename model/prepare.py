"""Prepare data for training: find, check, split and store it. A SageMaker processing job.

    python -m model.prepare [--input DIR] [--output DIR] [--seed N] [--test SHARE] [--validation SHARE] …

in   processing/input/data       IDX files, folders by class, .lst manifests or CSV
out  processing/output/dataset   train/, validation/, test/ (see model.dataset.store)
     processing/output/card      data_card.json
     output/message              a short result, or the error and what to mend
"""

import argparse
import hashlib
import json
import logging
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.container import Container, container_here, run_job
from model.dataset.folders import find_folders
from model.dataset.idx import find_idx
from model.dataset.manifests import find_manifests
from model.dataset.shape import choose_input, pixels_of_example
from model.dataset.sources import PARTS, TEST, TRAIN, Example, Source, in_order
from model.dataset.splits import Shares, assign_parts
from model.dataset.store import Part, write_part
from model.errors import EmptyDatasetError, UnreadableFilesError, UnreadableImageError
from model.inference import cpu_count
from model.spec import InputSpec

SHOWN = 100
_BATCH = 4096

logger = logging.getLogger("model.prepare")


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    input: Path
    output: Path
    shares: Shares
    side: int | None = None
    color: str | None = None
    resize: str | None = None
    tolerate: float = 0.01
    ignore_unlabelled: bool = False
    labels: str | None = None


@dataclass
class Read:
    """The pictures that could be read, as arrays, and why others could not."""

    examples: list[Example]
    pictures: npt.NDArray[np.uint8]
    contents: list[bytes]
    refused: list[dict[str, str]]


def prepare(options: Options) -> dict[str, Any]:
    """Do it all; gives the data card. Raises DatasetError."""
    source = find_source(options.input, options.ignore_unlabelled, options.labels)
    logger.info("form=%s pictures=%d", source.form, len(source.examples))
    spec = choose_input(source.examples, options.side, options.color, options.resize)
    read = read_examples(source.examples, spec)
    _check_refused(read, len(source.examples), options.tolerate)
    labels = [example.label for example in read.examples]
    parts = assign_parts(
        labels, [example.part for example in read.examples], read.contents, source.announced, options.shares
    )
    names = tuple(in_order(set(labels)))
    spec = _with_statistics(spec, read.pictures, parts == TRAIN)
    targets = np.array([names.index(label) for label in labels], np.int64)
    for name in PARTS:
        chosen = np.flatnonzero(parts == name)
        files = [read.examples[index].name for index in chosen]
        write_part(
            options.output / "dataset" / name,
            Part(read.pictures[chosen], targets[chosen], files, names, spec),
        )
    card = _data_card(source, read, parts, targets, names, spec, options.shares)
    path = options.output / "card" / "data_card.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return card


def find_source(root: Path, ignore_unlabelled: bool = False, labels: str | None = None) -> Source:
    """The dataset below a folder in whichever form it has. Raises DatasetError."""
    if not root.is_dir():
        raise EmptyDatasetError(f"there is no folder {root}")
    found = find_manifests(root, ignore_unlabelled, labels) or find_idx(root, labels)
    return found or find_folders(root, ignore_unlabelled)


def read_examples(examples: list[Example], spec: InputSpec) -> Read:
    """Read all pictures as the server would, in their order."""
    pictures = np.empty((len(examples), spec.height, spec.width, spec.channels), np.uint8)
    kept: list[Example] = []
    contents: list[bytes] = []
    refused: list[dict[str, str]] = []

    def read(example: Example) -> tuple[npt.NDArray[np.uint8], bytes] | str:
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


def _check_refused(read: Read, total: int, tolerate: float) -> None:
    if not read.refused:
        return
    if len(read.refused) > tolerate * total:
        some = "; ".join(f"{item['file']}: {item['reason']}" for item in read.refused[:3])
        raise UnreadableFilesError(
            f"{len(read.refused)} of {total} pictures cannot be read ({tolerate:.0%} are tolerated): {some}. "
            "Replace or remove them"
        )


def _with_statistics(
    spec: InputSpec, pictures: npt.NDArray[np.uint8], train: npt.NDArray[np.bool_]
) -> InputSpec:
    """The spec with mean and standard deviation by channel of the pictures to train on."""
    count, total, squares = 0, np.zeros(spec.channels), np.zeros(spec.channels)
    for index in np.array_split(np.flatnonzero(train), max(1, len(pictures) // _BATCH)):
        values = pictures[index].reshape(-1, spec.channels) / 255.0
        count += len(values)
        total += values.sum(0)
        squares += (values**2).sum(0)
    mean = total / count
    std = np.sqrt(np.maximum(squares / count - mean**2, 0))
    # All pictures of one colour would divide by nothing.
    std = np.where(std < 1e-3, 1.0, std)
    return replace(spec, mean=tuple(np.round(mean, 5).tolist()), std=tuple(np.round(std, 5).tolist()))


def _data_card(
    source: Source,
    read: Read,
    parts: npt.NDArray[np.str_],
    targets: npt.NDArray[np.int64],
    names: tuple[str, ...],
    spec: InputSpec,
    shares: Shares,
) -> dict[str, Any]:
    counts = {part: np.bincount(targets[parts == part], minlength=len(names)).tolist() for part in PARTS}
    holders: dict[bytes, set[int]] = {}
    for content, target in zip(read.contents, targets.tolist(), strict=True):
        holders.setdefault(content, set()).add(target)
    known = {content for content, part in zip(read.contents, parts, strict=True) if part == TRAIN}
    leaked = sum(content in known for content, part in zip(read.contents, parts, strict=True) if part == TEST)
    return {
        "form": source.form,
        "labels": list(names),
        "counts": {name: {part: counts[part][place] for part in PARTS} for place, name in enumerate(names)},
        "totals": {part: int((parts == part).sum()) for part in PARTS},
        "splitBy": {
            part: "the data" if part in {item.part for item in read.examples} else "us" for part in PARTS
        },
        "shares": asdict(shares),
        "input": {key: value for key, value in asdict(spec).items() if value is not None},
        "duplicates": len(read.contents) - len(holders),
        "samePictureDifferentLabel": sum(len(found) > 1 for found in holders.values()),
        "testPicturesAlsoInTraining": leaked,
        "refused": {
            "count": len(read.refused),
            "reasons": dict(Counter(item["reason"] for item in read.refused).most_common(20)),
            "files": read.refused[:SHOWN],
        },
    }


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    container = container_here()
    options = _parse(arguments, container)

    def job() -> dict[str, Any]:
        card = prepare(options)
        short = {"classes": len(card["labels"]), **card["totals"], "refused": card["refused"]["count"]}
        logger.info("prepared %s", json.dumps(short))
        return short

    return run_job(container, "message", job)


def _parse(arguments: list[str] | None, container: Container) -> Options:
    parser = argparse.ArgumentParser(prog="python -m model.prepare", description="Prepare data for training.")
    parser.add_argument("--input", type=Path, default=container.processing_input("data"), metavar="DIR")
    parser.add_argument("--output", type=Path, default=container.processing_output, metavar="DIR")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--test", type=_share, default=0.2, help="share to test on, if the data names no test part"
    )
    parser.add_argument(
        "--validation", type=_share, default=0.1, help="share of the rest to validate on, likewise"
    )
    parser.add_argument(
        "--side", type=int, choices=range(8, 513), metavar="PIXELS", help="the model's input size"
    )
    parser.add_argument(
        "--color", choices=("L", "RGB"), help="grey or colour; by default what the pictures are"
    )
    parser.add_argument("--resize", choices=("stretch", "center_crop"), help="how odd shapes become square")
    parser.add_argument(
        "--tolerate", type=_share, default=0.01, help="share of unreadable pictures to leave out"
    )
    parser.add_argument("--ignore-unlabelled", action="store_true", help="leave out pictures without a label")
    parser.add_argument(
        "--labels", metavar="NAMES", help="names of numbered labels: cat,dog (from 0 on), or 8=cat,48=dog"
    )
    said = parser.parse_args(arguments)
    shares = Shares(said.validation, said.test, said.seed)
    return Options(
        said.input,
        said.output,
        shares,
        said.side,
        said.color,
        said.resize,
        said.tolerate,
        said.ignore_unlabelled,
        said.labels,
    )


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 0.9:
        raise argparse.ArgumentTypeError("must be from 0 to 0.9")
    return value


if __name__ == "__main__":
    sys.exit(main())
