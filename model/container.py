"""SageMaker's container contract for jobs: where things are, and how a job says how it ended.

Every path hangs under SAGEMAKER_BASE_DIR, /opt/ml by default. A training job's failure goes to
output/failure, a processing job's to output/message: AWS's FailureReason and ExitMessage, 1 KB each.
"""

import json
import logging
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.errors import HyperparameterError, ModelError

MESSAGE_BYTES = 1024

logger = logging.getLogger("model.job")


@dataclass(frozen=True)
class Container:
    """The folders of a job."""

    base: Path

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Container":
        """SAGEMAKER_BASE_DIR, or SageMaker's own place."""
        return cls(Path(environ.get("SAGEMAKER_BASE_DIR") or "/opt/ml"))

    @property
    def model(self) -> Path:
        return self.base / "model"

    @property
    def checkpoints(self) -> Path:
        return self.base / "checkpoints"

    @property
    def processing_output(self) -> Path:
        return self.base / "processing" / "output"

    def channel(self, name: str) -> Path:
        """A training job's input channel."""
        return self.base / "input" / "data" / name

    def processing_input(self, name: str) -> Path:
        """A processing job's input."""
        return self.base / "processing" / "input" / name

    def hyperparameters(self) -> dict[str, str]:
        """What CreateTrainingJob gave; all values are strings. Raises HyperparameterError."""
        path = self.base / "input" / "config" / "hyperparameters.json"
        try:
            document = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise HyperparameterError("(file)", f"hyperparameters.json is not JSON: {error}") from None
        if not isinstance(document, dict):
            raise HyperparameterError("(file)", "hyperparameters.json must hold an object")
        return {str(name): _text(value) for name, value in document.items()}

    def write_message(self, name: str, text: str) -> None:
        """Put `text` where AWS looks for the job's end: `failure` of training, `message` of processing."""
        path = self.base / "output" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode()[:MESSAGE_BYTES].decode(errors="ignore").encode())


def run_job(container: Container, message: str, job: Callable[[], dict[str, Any] | None]) -> int:
    """Run a job; its error, or a processing job's short result, goes to output/`message`. The exit code."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    try:
        result = job()
    except (ModelError, OSError, MemoryError) as error:
        reason = f"{type(error).__name__}: {error}"
        container.write_message(message, reason)
        print(reason, file=sys.stderr)
        return 1
    except Exception as error:
        # A fault of ours: the log gets the trace, AWS's description of the job the line.
        container.write_message(message, f"{type(error).__name__}: {error}")
        raise
    if result is not None and message == "message":
        container.write_message(message, json.dumps(result, ensure_ascii=False))
    return 0


def container_here() -> Container:
    """The container this process runs in."""
    return Container.from_environ(os.environ)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
