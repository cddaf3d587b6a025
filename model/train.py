"""Train a classifier: SageMaker's training contract.

    python -m model.train

in   input/data/train, input/data/validation   what model.prepare wrote; transfer/ in it, where there is
                                               one, are the same pictures as the backbone takes them
     input/data/backbone (optional)            weights to start from: an ONNX classifier with its model.json
                                               (model.onnx_backbone), or an EfficientNet (model.efficientnet)
     input/config/hyperparameters.json         see model.hyperparameters
     checkpoints/                              gone on from when there is one of this very job
out  model/model.onnx, model/model.json        what model.serve serves; output/failure when it fails
     model/training.json                       how it did on pictures held out of training, and what to know
log  epoch=3 loss=0.0123 accuracy=0.9876 validation_loss=0.0456 …   one line an epoch
"""

import signal
import sys
import threading

from model.container import Container, container_here, run_job
from model.dataset.store import DATASET_FILE, TRANSFER, read_part
from model.errors import DatasetError
from model.fitting import Parts, fit
from model.hyperparameters import Hyperparameters


def train(container: Container, stopping: threading.Event) -> None:
    """Check what was given, then fit a model to it. Raises ModelError."""
    hyperparameters = Hyperparameters.parse(container.hyperparameters())
    parts = read_parts(container)
    transfer = None
    if (
        hyperparameters.backbone == "auto"
        and (container.channel("train") / TRANSFER / DATASET_FILE).is_file()
    ):
        transfer = read_parts(container, TRANSFER)
    fit(container, hyperparameters, parts, transfer, stopping)


def read_parts(container: Container, inside: str = "") -> Parts:
    """The channels train and validation. Raises DatasetError when they do not belong together."""
    part = read_part(container.channel("train") / inside)
    validation = read_part(container.channel("validation") / inside)
    if part.labels != validation.labels or part.input != validation.input:
        raise DatasetError(
            "the channels train and validation are of different datasets; prepare them together"
        )
    return Parts(part, validation)


def main() -> int:
    """Train; SIGTERM (StopTrainingJob, a spot interruption) ends it with the best model so far."""
    container = container_here()
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    return run_job(container, "failure", lambda: train(container, stopping))


if __name__ == "__main__":
    sys.exit(main())
