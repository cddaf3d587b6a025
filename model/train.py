"""Train a classifier: SageMaker's training contract.

    python -m model.train

in   input/data/train, input/data/validation   what model.prepare wrote
     input/data/backbone (optional)            weights to start from: an ONNX classifier with its model.json
                                               (model.onnx_backbone), or an EfficientNet (model.efficientnet)
     input/config/hyperparameters.json         see model.hyperparameters
     checkpoints/                              gone on from when there is one of this very job
out  model/model.onnx, model/model.json        what model.serve serves; output/failure when it fails
log  epoch=3 loss=0.0123 accuracy=0.9876 validation_loss=0.0456 …   one line an epoch
"""

import signal
import sys
import threading

from model.container import Container, container_here, run_job
from model.dataset.store import Part, read_part
from model.errors import DatasetError
from model.hyperparameters import Hyperparameters


def train(container: Container, stopping: threading.Event) -> None:
    """Check what was given, then fit a model to it. Raises ModelError."""
    hyperparameters = Hyperparameters.parse(container.hyperparameters())
    part, validation = read_parts(container)
    # Imported late: PyTorch takes seconds to load, and what was given may be wrong.
    from model.fitting import fit

    fit(container, hyperparameters, part, validation, stopping)


def read_parts(container: Container) -> tuple[Part, Part]:
    """The channels train and validation. Raises DatasetError when they do not belong together."""
    part = read_part(container.channel("train"))
    validation = read_part(container.channel("validation"))
    if part.labels != validation.labels or part.input != validation.input:
        raise DatasetError(
            "the channels train and validation are of different datasets; prepare them together"
        )
    return part, validation


def main() -> int:
    """Train; SIGTERM (StopTrainingJob, a spot interruption) ends it with the best model so far."""
    container = container_here()
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    return run_job(container, "failure", lambda: train(container, stopping))


if __name__ == "__main__":
    sys.exit(main())
