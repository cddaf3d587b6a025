"""A dataset below a folder, in whichever form it has."""

from pathlib import Path

from model.dataset.folders import find_folders
from model.dataset.idx import find_idx
from model.dataset.manifests import find_manifests
from model.dataset.parquet import find_parquet
from model.dataset.sources import Source, walk_files
from model.errors import (
    DatasetError,
    EmptyDatasetError,
    LabelsWithoutFilesError,
    ManifestError,
    UnreadFormError,
)


def find_source(root: Path, ignore_unlabelled: bool = False, labels: str | None = None) -> Source:
    """The dataset below a folder. A CSV or text file that says nothing of pictures is none beside folders by
    class; what was passed over is in `notes`. Raises DatasetError.
    """
    if not root.is_dir():
        raise EmptyDatasetError(f"there is no folder {root}")
    _refuse_unread(root)
    try:
        found = (
            find_manifests(root, ignore_unlabelled, labels)
            or find_idx(root, labels)
            or find_parquet(root, labels)
        )
    except (ManifestError, LabelsWithoutFilesError) as error:
        return _beside_folders(root, ignore_unlabelled, error)
    return found or find_folders(root, ignore_unlabelled, labels)


def _refuse_unread(root: Path) -> None:
    """Raises UnreadFormError for data whose form is known and not read."""
    for path in walk_files(root):
        name = path.name.lower()
        if name.endswith((".tfrecord", ".tfrecords")) or ".tfrecord-" in name:
            raise UnreadFormError(
                f"{path.name} is TensorFlow's TFRecord, which is not read. Write the pictures as files: for "
                "each example of tf.data.TFRecordDataset, save image/encoded to a folder named by its label"
            )
        if name.endswith((".arrow", ".rec")):
            raise UnreadFormError(
                f"{path.name} is a packed dataset that is not read; write its pictures as files"
            )


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
