"""Which part of a dataset the name of a folder or file speaks of: training, validation or test."""

import re
from collections.abc import Iterable

TRAIN, VALIDATION, TEST = "train", "validation", "test"
PARTS = (TRAIN, VALIDATION, TEST)
PART_NAMES = {
    "train": TRAIN,
    "training": TRAIN,
    "val": VALIDATION,
    "valid": VALIDATION,
    "validation": VALIDATION,
    "validate": VALIDATION,
    "dev": VALIDATION,
    "test": TEST,
    "tests": TEST,
    "testing": TEST,
    "eval": TEST,
    "evaluation": TEST,
    "holdout": TEST,
    "t10k": TEST,
}
# What people add to a part's name; anything else may be a class: a train station, a test tube.
_FILLERS = {
    *("set", "sets", "data", "dataset", "datasets", "split", "part", "subset", "folder", "dir", "samples"),
    *(
        "image",
        "images",
        "img",
        "imgs",
        "picture",
        "pictures",
        "pics",
        "photo",
        "photos",
        "files",
        "examples",
    ),
}


def part_of_name(name: str) -> str | None:
    """The part that a file's name speaks of: its first word is train, val, test or the like."""
    return PART_NAMES.get(re.split(r"[^a-z0-9]", name.lower())[0])


def part_of_folder(name: str) -> str | None:
    """The part that a folder is by its name: `test`, `training_set`, `images-val`, `TestData`."""
    words = _words(name)
    parts = {PART_NAMES[word] for word in words if word in PART_NAMES}
    rest = [word for word in words if word not in PART_NAMES and word not in _FILLERS and not word.isdigit()]
    return parts.pop() if len(parts) == 1 and not rest else None


def doubtful_parts(names: Iterable[str]) -> list[str]:
    """Names that would be classes, though they differ in the part alone: cats_train and cats_test."""
    by_rest: dict[tuple[str, ...], dict[str, str]] = {}
    for name in names:
        words = _words(name)
        for word in words:
            if word in PART_NAMES:
                rest = tuple(each for each in words if each != word and each not in _FILLERS)
                by_rest.setdefault(rest, {})[PART_NAMES[word]] = name
    return sorted(name for found in by_rest.values() if len(found) > 1 for name in found.values())


def _words(name: str) -> list[str]:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d{4}$)", " ", name)
    return [word for word in re.split(r"[^a-z0-9]+", apart.lower()) if word]
