"""Prepare data for training: find, check, split and store it. A SageMaker processing job.

    python -m model.prepare [--input DIR] [--output DIR] [--seed N] [--test SHARE] [--validation SHARE] …

in   processing/input/data       pictures and labels in any form that model.dataset.find knows
     processing/input/answers    with reviews: the list of what people answered (model.dataset.answers)
     processing/input/reviewed   and the pictures, by their keys
out  processing/output/dataset   train/, validation/, test/ (see model.dataset.store); in each, with
                                 --transfer and colour pictures, transfer/: the same pictures as a backbone
                                 takes them; in test/ originals/, some pictures as they came
     processing/output/card      data_card.json
     output/message              a short result, or the error and what to fix
"""

import argparse
import json
import logging
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.container import Container, container_here, run_job
from model.dataset.answers import drop_known, read_answers
from model.dataset.archives import unpacked
from model.dataset.card import data_card
from model.dataset.find import find_source
from model.dataset.parts import PARTS, TEST, TRAIN
from model.dataset.reading import ORIGINALS, Read, check_refused, read_examples, write_originals
from model.dataset.shape import Wanted, choose_input, transfer_input
from model.dataset.sources import in_order
from model.dataset.splits import Shares, assign_parts
from model.dataset.store import TRANSFER, Part, write_part
from model.spec import FILTERS, InputSpec

_BATCH = 4096

logger = logging.getLogger("model.prepare")


@dataclass(frozen=True)
class Options:
    """What the command line says. `transfer`: a backbone's side and filter, "224,bicubic"."""

    input: Path
    output: Path
    shares: Shares
    side: int | None = None
    color: str | None = None
    resize: str | None = None
    tolerate: float = 0.01
    ignore_unlabelled: bool = False
    labels: str | None = None
    resize_short: int | None = None
    filter: str | None = None
    transfer: str | None = None
    answers: Path | None = None
    reviewed: Path | None = None

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.side, self.color, self.resize, self.resize_short, self.filter)


def prepare(options: Options) -> dict[str, Any]:
    """Do it all; gives the data card. Raises DatasetError."""
    with unpacked(options.input, options.output.parent) as folder:
        return _prepare(replace(options, input=folder))


def _prepare(options: Options) -> dict[str, Any]:
    source = find_source(options.input, options.ignore_unlabelled, options.labels)
    answers = read_answers(options.answers, options.reviewed, {each.label for each in source.examples})
    source.notes += answers.notes()
    for note in source.notes:
        logger.info("%s", note)
    logger.info("form=%s pictures=%d", source.form, len(source.examples))
    # By the data alone: what the model takes does not change with what people happened to review.
    spec = choose_input(source.examples, options.wanted)
    examples = [*source.examples, *answers.examples]
    read = read_examples(examples, spec)
    check_refused(read, len(examples), options.tolerate)
    if dropped := drop_known(read):
        source.notes.append(f"{dropped} reviewed pictures stay out: the data holds them already")
    labels = [example.label for example in read.examples]
    parts = assign_parts(
        labels,
        [example.part for example in read.examples],
        read.contents,
        source.announced,
        options.shares,
        [example.allowed for example in read.examples],
    )
    names = tuple(in_order(set(labels)))
    spec = _with_statistics(spec, read.pictures, parts == TRAIN)
    targets = np.array([names.index(label) for label in labels], np.int64)
    dataset = options.output / "dataset"
    _write_parts(dataset, "", read, parts, Part(read.pictures, targets, [], names, spec))
    if options.transfer and (other := transfer_input(options.transfer, spec, len(labels))):
        again = read_examples(read.examples, other)
        check_refused(again, len(read.examples), 0)
        _write_parts(dataset, TRANSFER, again, parts, Part(again.pictures, targets, [], names, other))
    tested = np.flatnonzero(parts == TEST)
    write_originals(dataset / TEST / ORIGINALS, [read.examples[index] for index in tested], targets[tested])
    card = data_card(source, read, parts, targets, names, spec, options.shares)
    path = options.output / "card" / "data_card.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return card


def _write_parts(dataset: Path, inside: str, read: Read, parts: npt.NDArray[np.str_], whole: Part) -> None:
    for name in PARTS:
        chosen = np.flatnonzero(parts == name)
        files = [read.examples[index].name for index in chosen]
        write_part(dataset / name / inside, whole, chosen, files)


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


def argument_parser(container: Container | None = None) -> argparse.ArgumentParser:
    """What the command line takes; `loupe train --prepare` is held against it before anything is uploaded."""
    container = container or container_here()
    parser = argparse.ArgumentParser(prog="python -m model.prepare", description="Prepare data for training.")
    parser.add_argument("--input", type=Path, default=container.processing_input("data"), metavar="DIR")
    parser.add_argument("--output", type=Path, default=container.processing_output, metavar="DIR")
    answers, reviewed = container.processing_input("answers"), container.processing_input("reviewed")
    parser.add_argument(
        "--answers", type=Path, default=answers, metavar="DIR", help="lists of what people said"
    )
    parser.add_argument(
        "--reviewed", type=Path, default=reviewed, metavar="DIR", help="the pictures of these"
    )
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
        "--resize-short", type=int, metavar="PIXELS", help="the short side before the middle is cropped"
    )
    parser.add_argument("--filter", choices=FILTERS, help="how pictures are resized; by default lanczos")
    parser.add_argument(
        "--transfer", metavar="SIDE,FILTER", help="prepare colour pictures for a backbone too: 224,bicubic"
    )
    parser.add_argument(
        "--tolerate", type=_share, default=0.01, help="share of unreadable pictures to leave out"
    )
    parser.add_argument("--ignore-unlabelled", action="store_true", help="leave out pictures without a label")
    parser.add_argument(
        "--labels", metavar="NAMES", help="names of numbered labels: cat,dog (from 0 on), or 8=cat,48=dog"
    )
    return parser


def _parse(arguments: list[str] | None, container: Container) -> Options:
    said = argument_parser(container).parse_args(arguments)
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
        said.resize_short,
        said.filter,
        said.transfer,
        said.answers,
        said.reviewed,
    )


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 0.9:
        raise argparse.ArgumentTypeError("must be from 0 to 0.9")
    return value


if __name__ == "__main__":
    sys.exit(main())
