"""Errors of the model package.

ModelError
├── ModelSpecError          model.json or the model beside it is wrong; `key` names the place
├── UnreadableImageError    the bytes are no picture that can be read
│   └── ImageTooLargeError  more pixels than the server takes
├── InferenceError          the model ran and answered nonsense, or did not run
├── HyperparameterError     a hyperparameter is unknown or out of range; `name` names it
├── BackboneError           the weights that were supplied do not fit
├── WeightsError            a file of PyTorch's weights is not one, or holds more than tensors
└── DatasetError            the data cannot be trained on; the message says what to fix
    ├── EmptyDatasetError       there is nothing, or nothing that was recognised
    ├── EmptyClassError         a class has too few pictures to be split
    ├── SingleClassError        there is only one class
    ├── UnreadableFilesError    more files than are tolerated cannot be read
    ├── LabelsWithoutFilesError a manifest names files that are not there
    ├── FilesWithoutLabelsError there are pictures that no manifest names
    ├── UnreadFormError         the data's form is known (TFRecord, Parquet) and not read
    ├── ArchiveError            an archive is damaged, too large, or leads out of its folder
    ├── UnclearPartsError       folders may be parts of the data, or classes
    └── ManifestError           a manifest, CSV or IDX file is malformed
"""


class ModelError(Exception):
    """Anything this package raises on purpose."""


class ModelSpecError(ModelError):
    """model.json, or the model beside it, is wrong at `key`."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"model.json: {key}: {reason}")
        self.key = key


class UnreadableImageError(ModelError):
    """The bytes are not a picture that can be read."""


class ImageTooLargeError(UnreadableImageError):
    """The picture has more pixels than the limit."""


class InferenceError(ModelError):
    """The model failed, or answered something that is no set of scores."""


class HyperparameterError(ModelError):
    """A hyperparameter is unknown, of the wrong type or out of range."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"hyperparameter {name}: {reason}")
        self.name = name


class BackboneError(ModelError):
    """The backbone's weights are missing or do not fit."""


class WeightsError(ModelError):
    """A file of weights cannot be read, or holds more than tensors."""


class DatasetError(ModelError):
    """The data cannot be trained on."""


class EmptyDatasetError(DatasetError):
    """There is no picture, or nothing whose form is known."""


class EmptyClassError(DatasetError):
    """A class has no picture, or too few to be split."""


class SingleClassError(DatasetError):
    """There is only one class."""


class UnreadableFilesError(DatasetError):
    """More files than are tolerated cannot be read as pictures."""


class LabelsWithoutFilesError(DatasetError):
    """A manifest names files that are not there; `unrelated` when none of them is."""

    def __init__(self, message: str, unrelated: bool = False) -> None:
        super().__init__(message)
        self.unrelated = unrelated


class FilesWithoutLabelsError(DatasetError):
    """There are pictures that no manifest names."""


class UnreadFormError(DatasetError):
    """The data's form is known and is not read; the message says what to do instead."""


class ArchiveError(DatasetError):
    """An archive is damaged, unpacks to too much, or writes outside of its folder."""


class UnclearPartsError(DatasetError):
    """Folders look like parts of the data and would be taken for classes."""


class ManifestError(DatasetError):
    """A manifest, CSV or IDX file is malformed; `unrelated` when it may be no list of pictures at all."""

    def __init__(self, message: str, unrelated: bool = False) -> None:
        super().__init__(message)
        self.unrelated = unrelated
