"""A folder of pictures by class, with parts above the classes, below them, or without.

train/cat/1.jpg, test/cat/2.jpg; training_set/cat/1.jpg, test_set/cat/2.jpg; cat/train/1.jpg, cat/test/2.jpg
"""

from collections.abc import Iterator
from pathlib import Path

from model.dataset.parts import doubtful_parts, part_of_folder
from model.dataset.sources import Example, Source, label_names, walk_pictures
from model.errors import EmptyDatasetError, FilesWithoutLabelsError, UnclearPartsError

SHOWN = 5


def find_folders(root: Path, ignore_unlabelled: bool = False, labels: str | None = None) -> Source:
    """Every picture below a class's folder has that class; `labels` names folders 0, 1, 2 ….

    Raises EmptyDatasetError, FilesWithoutLabelsError, UnclearPartsError.
    """
    top = _top(root)
    folders = _folders(top)
    parts = [folder for folder in folders if part_of_folder(folder.name)]
    divided = bool(parts) and any(_folders(folder) for folder in parts)
    if parts and not divided and len(parts) == len(folders):
        raise FilesWithoutLabelsError(
            f"the pictures in {', '.join(folder.name for folder in parts)} have no labels. Sort them into a "
            "folder by class, or add train.lst and test.lst"
        )
    if not divided:
        _check_doubtful(folders)
    holders = [(folder, part_of_folder(folder.name)) for folder in parts] if divided else [(top, None)]
    classed = [(folder, part) for holder, part in holders for folder in _folders(holder)]
    if not classed and not any(True for _ in walk_pictures(top)):
        raise EmptyDatasetError(
            "there are no pictures: expected a folder by class, IDX files, a .lst manifest, a CSV file or a "
            "SageMaker or Hugging Face manifest"
        )
    names = _names(root, classed, labels)
    examples = [
        Example(names[folder.name], path.relative_to(root).as_posix(), path, found)
        for folder, part in classed
        for path, found in _members(folder, part)
    ]
    left = _left(top, {folder for folder, _ in classed})
    if left and not ignore_unlabelled:
        raise FilesWithoutLabelsError(
            f"{len(left)} pictures are in no class's folder: {left[0].relative_to(root).as_posix()}…. "
            "Put each into a folder that is named as its class, add a .lst or CSV list, or prepare with "
            "--ignore-unlabelled"
        )
    notes = [f"{len(left)} pictures are in no class's folder and were left out"] if left else []
    announced = set(names.values())
    return Source("folders", examples, announced, [*notes, *_hidden(holder for holder, _ in holders)])


def _names(root: Path, classed: list[tuple[Path, str | None]], labels: str | None) -> dict[str, str]:
    """What the folders' classes are called: numbers may have names. Raises ManifestError."""
    called = {folder.name for folder, _ in classed}
    if not all(name.isdigit() for name in called):
        return {name: name for name in called}
    known = label_names(root, labels)
    return {name: known.of(name, f"folder {name}") if known.names else name for name in called}


def _members(folder: Path, part: str | None) -> Iterator[tuple[Path, str | None]]:
    """A class's pictures, each with its part: where all of the class's folders are parts, theirs."""
    inside = _folders(folder) if part is None else []
    named = {each: part_of_folder(each.name) for each in inside}
    if len(inside) > 1 and all(named.values()):
        for each, found in named.items():
            yield from ((path, found) for path in walk_pictures(each))
        yield from ((path, None) for path in walk_pictures(folder) if path.parent == folder)
        return
    yield from ((path, part) for path in walk_pictures(folder))


def _left(top: Path, classed: set[Path]) -> list[Path]:
    return [path for path in walk_pictures(top) if classed.isdisjoint(path.parents)]


def _check_doubtful(folders: list[Path]) -> None:
    doubtful = doubtful_parts([folder.name for folder in folders])
    if doubtful:
        raise UnclearPartsError(
            f"the folders {', '.join(doubtful[:SHOWN])} look like parts of the data and would be taken for "
            "classes. Put them as train/CLASS and test/CLASS, or rename them if they are classes"
        )


def _hidden(holders: Iterator[Path]) -> Iterator[str]:
    """What is said of folders that begin with a dot and hold pictures, as a class's folder would."""
    for holder in holders:
        for folder in sorted(holder.glob(".*")):
            count = sum(1 for _ in walk_pictures(folder)) if folder.is_dir() else 0
            if count:
                yield (
                    f"{count} pictures in {folder.name} were left out, for its name begins with a dot; "
                    "rename it if it is a class"
                )


def _folders(root: Path) -> list[Path]:
    return sorted(
        path for path in root.iterdir() if path.is_dir() and not path.name.startswith((".", "__MACOSX"))
    )


def _top(root: Path) -> Path:
    """The folder that holds the classes: a single folder around everything is stepped into."""
    folders = _folders(root)
    while len(folders) == 1 and _folders(folders[0]) and not part_of_folder(folders[0].name):
        if any(path.is_file() and path in set(walk_pictures(root)) for path in root.iterdir()):
            break
        root, folders = folders[0], _folders(folders[0])
    return root
