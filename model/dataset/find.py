"""A dataset below a folder, in whichever form it has."""

from pathlib import Path

from model.dataset.folders import find_folders
from model.dataset.idx import find_idx
from model.dataset.manifests import find_manifests
from model.dataset.sources import Source
from model.errors import DatasetError, EmptyDatasetError, LabelsWithoutFilesError, ManifestError


def find_source(root: Path, ignore_unlabelled: bool = False, labels: str | None = None) -> Source:
    """The dataset below a folder. A CSV or text file that says nothing of pictures is none beside folders by
    class; what was passed over is in `notes`. Raises DatasetError.
    """
    if not root.is_dir():
        raise EmptyDatasetError(f"there is no folder {root}")
    try:
        found = find_manifests(root, ignore_unlabelled, labels) or find_idx(root, labels)
    except (ManifestError, LabelsWithoutFilesError) as error:
        return _beside_folders(root, ignore_unlabelled, error)
    return found or find_folders(root, ignore_unlabelled, labels)


def _beside_folders(root: Path, ignore_unlabelled: bool, error: DatasetError) -> Source:
    """Folders by class that a list beside them says nothing of; `error` where they are none."""
    if not getattr(error, "unrelated", False):
        raise error
    try:
        source = find_folders(root, ignore_unlabelled)
    except DatasetError:
        raise error from None
    source.notes.append(f"A list was passed over, the folders say the classes: {error}")
    return source
