"""Labelled pictures in a folder as a test part for any model, brought ones too."""

from pathlib import Path

import numpy as np

from model.dataset.find import find_source
from model.dataset.parts import TEST
from model.dataset.reading import read_examples
from model.dataset.store import Part
from model.errors import DatasetError
from model.inference import Classifier


def read_folder(folder: Path, classifier: Classifier) -> Part:
    """The pictures as the model sees them; the part `test` where the data names one, else all.

    Labels must be among the model's. Raises DatasetError.
    """
    source = find_source(folder)
    examples = [each for each in source.examples if each.part == TEST] or source.examples
    places = {label: place for place, label in enumerate(classifier.labels)}
    unknown = sorted({each.label for each in examples} - set(places))
    if unknown:
        some = ", ".join(unknown[:5])
        raise DatasetError(
            f"the model does not know {len(unknown)} of the data's labels: {some}. It knows "
            f"{', '.join(classifier.labels[:10])}{'…' if len(places) > 10 else ''}"
        )
    read = read_examples(examples, classifier.spec.input)
    if not read.examples:
        raise DatasetError("none of the pictures can be read")
    targets = np.array([places[each.label] for each in read.examples], np.int64)
    names = [each.name for each in read.examples]
    return Part(read.pictures, targets, names, classifier.labels, classifier.spec.input)
