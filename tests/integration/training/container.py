"""A container's interpreter for tests: jobs are real, unless the model's name asks for something else.

container.py PYTHON ARGUMENT…   runs `PYTHON ARGUMENT…`, but training of a model called

    instant…   takes the starter model instead, so that no test waits for what others test
    moody…     the same, and its server answers every picture with a server error
    wrong…     the same, and its server answers every picture with the label "nothing"
    asleep…    says that it trains and does nothing

container.py serve PYTHON       runs PYTHON's model server, or the moody one
"""

import json
import os
import shutil
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[3]
BASE = Path(os.environ["SAGEMAKER_BASE_DIR"])
STARTER = ROOT / "model" / "artifacts" / "digits"
MOOD = "behaviour.json"
MOODS = {
    "moody": {"status": 500, "answer": "out of order"},
    "wrong": {"answer": json.dumps({"labels": ["nothing"], "scores": [1.0]})},
}


def train(name: str) -> bool:
    """Whether the model's name asked for something else than training."""
    kind = name.partition("-")[0]
    if kind == "asleep":
        print("epoch=1 loss=1.0 accuracy=0.5 validation_loss=1.0", flush=True)
        time.sleep(600)
        return True
    if kind not in {"instant", *MOODS}:
        return False
    for part in ("model.onnx", "model.json"):
        shutil.copy(STARTER / part, BASE / "model" / part)
    if kind in MOODS:
        (BASE / "model" / MOOD).write_text(json.dumps(MOODS[kind]))
    return True


def main() -> None:
    command, *rest = sys.argv[1:]
    if command == "serve":
        (python,) = rest
        moody = ROOT / "tests" / "integration" / "sagemaker" / "model_server.py"
        server = [str(moody)] if (BASE / "model" / MOOD).exists() else ["-m", "model.serve"]
        os.execv(python, [python, *server])
    hyperparameters = BASE / "input" / "config" / "hyperparameters.json"
    asked = rest[:2] == ["-m", "model.train"] and train(json.loads(hyperparameters.read_text())["name"])
    if not asked:
        os.execv(command, [command, *rest])


if __name__ == "__main__":
    main()
