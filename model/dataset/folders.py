"""A folder of pictures by class, with or without folders train, validation and test above the classes."""

from pathlib import Path

from model.dataset.sources import PART_NAMES, Example, Source, walk_pictures
from model.errors import EmptyDatasetError, FilesWithoutLabelsError


def find_folders(root: Path, ignore_unlabelled: bool = False) -> Source:
    """Every picture below a class's folder has that class.

    Raises EmptyDatasetError, FilesWithoutLabelsError.
    """
    top = _top(root)
    folders = _folders(top)
    parts = [folder for folder in folders if folder.name.lower() in PART_NAMES]
    divided = bool(parts) and any(_folders(folder) for folder in parts)
    if parts and not divided and len(parts) == len(folders):
        raise FilesWithoutLabelsError(
            f"the pictures in {', '.join(folder.name for folder in parts)} have no labels. Sort them into a "
            "folder by class, or add train.lst and test.lst"
        )
    examples: list[Example] = []
    announced: set[str] = set()
    holders = [(folder, PART_NAMES[folder.name.lower()]) for folder in parts] if divided else [(top, None)]
    classed: set[Path] = set()
    for holder, part in holders:
        for folder in _folders(holder):
            announced.add(folder.name)
            classed.add(folder)
            for path in walk_pictures(folder):
                examples.append(Example(folder.name, path.relative_to(root).as_posix(), path, part))
    if not classed and not any(True for _ in walk_pictures(top)):
        raise EmptyDatasetError(
            "there are no pictures: expected a folder by class, IDX files, a .lst manifest or a CSV file. "
            "Archives must be unpacked first"
        )
    if not ignore_unlabelled:
        left = [path for path in walk_pictures(top) if classed.isdisjoint(path.parents)]
        if left:
            raise FilesWithoutLabelsError(
                f"{len(left)} pictures are in no class's folder: {left[0].relative_to(root).as_posix()}…. "
                "Put each into a folder that is named as its class, or add a .lst or CSV list"
            )
    return Source("folders", examples, announced)


def _folders(root: Path) -> list[Path]:
    return sorted(
        path for path in root.iterdir() if path.is_dir() and not path.name.startswith((".", "__MACOSX"))
    )


def _top(root: Path) -> Path:
    """The folder that holds the classes: a single folder around everything is stepped into."""
    folders = _folders(root)
    while len(folders) == 1 and _folders(folders[0]) and folders[0].name.lower() not in PART_NAMES:
        if any(path.is_file() and path in set(walk_pictures(root)) for path in root.iterdir()):
            break
        root, folders = folders[0], _folders(folders[0])
    return root
