"""Which picture goes to which part: as the data says, else stratified and the same by the same seed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.dataset.parts import TEST, TRAIN, VALIDATION
from model.errors import EmptyClassError, SingleClassError

# A part that is cut off never needs more than this: 5 000 pictures measure 99.5 % to within 0.2 %.
MAX_VALIDATION = 5000

Strings = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Shares:
    """How much of the data each part gets where the data does not say."""

    validation: float = 0.1
    test: float = 0.2
    seed: int = 7


def assign_parts(
    labels: Sequence[str],
    given: Sequence[str | None],
    contents: Sequence[bytes],
    announced: set[str],
    shares: Shares,
    allowed: Sequence[tuple[str, ...]] | None = None,
) -> Strings:
    """The part of each picture. Equal pictures (equal `contents`) stay together where we choose.

    `allowed` are the parts that each may go to, all where it is None.

    Raises SingleClassError, EmptyClassError.
    """
    names = np.array(labels, dtype=object)
    parts = np.array([part or "" for part in given], dtype=object)
    _check_classes(names, announced)
    generator = np.random.default_rng(shares.seed)
    has_test, has_validation = bool((parts == TEST).any()), bool((parts == VALIDATION).any())
    parts[parts == ""] = TRAIN
    for part, share, most in (
        *(() if has_test else ((TEST, shares.test, None),)),
        *(() if has_validation else ((VALIDATION, shares.validation, MAX_VALIDATION),)),
    ):
        may = np.array([part in each for each in allowed]) if allowed else np.ones(len(names), bool)
        _cut(parts, names, contents, part, share, most, generator, may)
    for label in sorted(set(names)):
        if not ((names == label) & (parts == TRAIN)).any():
            raise EmptyClassError(
                f"class {label!r} has none to train on; add some pictures to its training part"
            )
    return parts.astype(np.str_)


def _check_classes(names: npt.NDArray[np.object_], announced: set[str]) -> None:
    counts = Counter(names.tolist())
    found = sorted(counts)
    empty = sorted(announced - set(found))
    if empty:
        raise EmptyClassError(f"class {empty[0]!r} has no readable picture; add some or remove the class")
    if len(found) < 2:
        only = f"only {found[0]!r}" if found else "none"
        raise SingleClassError(f"a classifier needs at least two classes, there is {only}; add another class")
    label = min(found, key=lambda name: counts[name])
    if counts[label] < 3:
        raise EmptyClassError(
            f"class {label!r} has {counts[label]} pictures; training, validation and test need one each"
        )


def _cut(
    parts: npt.NDArray[np.object_],
    names: npt.NDArray[np.object_],
    contents: Sequence[bytes],
    part: str,
    share: float,
    most: int | None,
    generator: np.random.Generator,
    may: npt.NDArray[np.bool_],
) -> None:
    """Move a share of each class from TRAIN to `part`, at least one picture, never all, of those that may."""
    total = int(((parts == TRAIN) & may).sum())
    if most is not None and total * share > most:
        share = most / total
    for label in sorted(set(names)):
        groups: dict[bytes, list[int]] = {}
        for index in np.flatnonzero((names == label) & (parts == TRAIN) & may).tolist():
            groups.setdefault(contents[index], []).append(index)
        if len(groups) < 2:
            if sum(map(len, groups.values())) > 1:
                raise EmptyClassError(
                    f"all pictures of class {label!r} are one and the same; add different ones, or there is "
                    f"nothing to set aside for {part}"
                )
            continue
        wanted = max(1, round(share * sum(map(len, groups.values()))))
        order = list(groups.values())
        moved = 0
        for place in generator.permutation(len(order))[:-1]:
            if moved >= wanted:
                break
            parts[order[place]] = part
            moved += len(order[place])
