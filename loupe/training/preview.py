"""A dataset looked at before it is uploaded: what there is, what is off, what would be refused anyway."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.text import Text

from loupe.errors import InputError
from loupe.render import new_table
from loupe.training.datasets import LocalDataset
from model.dataset.find import find_source
from model.dataset.parts import PARTS, TEST, VALIDATION
from model.dataset.sources import Example, Source
from model.errors import DatasetError
from model.images import FORMATS
from model.labels import UNEQUAL

FEW_PICTURES = 10
VERY_UNEQUAL = 10
SAMPLE = 300
SHOWN_CLASSES = 15
SHOWN = 3


@dataclass(frozen=True)
class Preview:
    """Pictures by class and part ("" where the split is ours), a sample's sizes, and what to say of it."""

    form: str
    counts: dict[str, Counter[str]]
    sizes: tuple[tuple[int, int], tuple[int, int]] | None
    duplicates: int
    remarks: tuple[str, ...]
    doubts: tuple[str, ...]

    @property
    def pictures(self) -> int:
        return sum(sum(parts.values()) for parts in self.counts.values())


def preview(
    root: Path,
    dataset: LocalDataset,
    digests: Sequence[bytes],
    labels: str | None = None,
    ignore_unlabelled: bool = False,
) -> Preview:
    """Reads no picture whole. InputError for what the preparation would refuse: before hours of upload."""
    try:
        source = find_source(root, ignore_unlabelled, labels)
    except DatasetError as error:
        raise InputError(f"{error}.") from error
    counts: dict[str, Counter[str]] = {label: Counter() for label in sorted(source.announced)}
    for example in source.examples:
        counts.setdefault(example.label, Counter())[example.part or ""] += 1
    by_path = {file.path: digest for file, digest in zip(dataset.files, digests, strict=True)}
    labels_of: dict[bytes, set[str]] = {}
    files_of: Counter[bytes] = Counter()
    for example in source.examples:
        digest = by_path.get(example.source) if isinstance(example.source, Path) else None
        if digest:
            labels_of.setdefault(digest, set()).add(example.label)
            files_of[digest] += 1
    contradicted = [
        example.name
        for example in source.examples
        if isinstance(example.source, Path) and len(labels_of.get(by_path.get(example.source, b""), ())) > 1
    ]
    duplicates = sum(files_of.values()) - len(files_of)
    sizes, broken = _sample(source)
    doubts = (*source.notes, *_doubts(counts, contradicted, broken))
    return Preview(source.form, counts, sizes, duplicates, _remarks(counts, duplicates), doubts)


def print_preview(console: Console, found: Preview) -> None:
    """Classes, counts and sizes; then what is off."""
    sizes = ""
    if found.sizes:
        least, most = (f"{width} x {height}" for width, height in found.sizes)
        sizes = f", {least} to {most} pixels" if least != most else f", {most} pixels"
    console.print(
        Text(f"    {found.pictures:,} pictures in {len(found.counts)} classes ({found.form}){sizes}"),
        soft_wrap=True,
    )
    named = [part for part in PARTS if any(parts[part] for parts in found.counts.values())]
    columns = [("Pictures", "right"), *((part, "right") for part in named)]
    table = new_table("Class", *columns)
    ranked = sorted(found.counts.items(), key=lambda item: sum(item[1].values()))
    shown = ranked if len(ranked) <= SHOWN_CLASSES else ranked[: SHOWN_CLASSES - 1]
    for label, parts in shown:
        table.add_row(
            Text(label, overflow="fold"), f"{sum(parts.values()):,}", *(f"{parts[part]:,}" for part in named)
        )
    console.print(table)
    if len(ranked) > len(shown):
        console.print(Text(f"    and {len(ranked) - len(shown)} larger classes", style="dim"))
    for remark in found.remarks:
        console.print(Text(f"    {remark}", style="dim"), soft_wrap=True)
    for doubt in found.doubts:
        console.print(Text(f"    {doubt}", style="yellow"), soft_wrap=True)


def _remarks(counts: dict[str, Counter[str]], duplicates: int) -> tuple[str, ...]:
    said = []
    given = {part for parts in counts.values() for part in parts}
    ours = [part for part in (VALIDATION, TEST) if part not in given]
    if ours:
        said.append(f"{' and '.join(ours).capitalize()}: cut off by class with the seed")
    totals = [sum(parts.values()) for parts in counts.values()]
    if min(totals) and max(totals) > UNEQUAL * min(totals):
        said.append("Classes are of unequal size: each weighs alike in training")
    if duplicates:
        said.append(f"{duplicates:,} files are copies of others; copies stay on one side of the split")
    return tuple(said)


def _doubts(counts: dict[str, Counter[str]], contradicted: list[str], broken: list[str]) -> list[str]:
    """What a person would want to look at before training."""
    totals = {label: sum(parts.values()) for label, parts in counts.items()}
    small = [f"{label} ({count})" for label, count in totals.items() if count < FEW_PICTURES]
    said = []
    if small:
        said.append(f"Fewer than {FEW_PICTURES} pictures: {_some(small)}. Answers will be little sure")
    elif max(totals.values()) > VERY_UNEQUAL * min(totals.values()):
        least = min(totals, key=lambda label: totals[label])
        said.append(f"{least} has {totals[least]:,} pictures, the largest class {max(totals.values()):,}")
    if contradicted:
        said.append(f"{len(contradicted)} files are one picture in two classes: {_some(contradicted)}")
    if broken:
        said.append(f"Of {SAMPLE} files looked at {len(broken)} are no pictures: {_some(broken)}")
    return said


def _sample(source: Source) -> tuple[tuple[tuple[int, int], tuple[int, int]] | None, list[str]]:
    """The smallest and the largest of some pictures, and which of them are none."""
    files = [each for each in source.examples if isinstance(each.source, Path)]
    sizes, broken = [], []
    for example in files[:: max(1, len(files) // SAMPLE)]:
        size = _size(example)
        if size is None:
            broken.append(example.name)
        else:
            sizes.append(size)
    if not sizes:
        return None, broken
    return (
        min(sizes, key=lambda size: size[0] * size[1]),
        max(sizes, key=lambda size: size[0] * size[1]),
    ), broken


def _size(example: Example) -> tuple[int, int] | None:
    assert isinstance(example.source, Path)
    try:
        with Image.open(example.source, formats=FORMATS) as image:
            return image.size
    except Exception:  # Pillow's decoders raise nearly anything on hostile bytes, meaning the same
        return None


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
