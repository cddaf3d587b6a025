"""A container for job tests: does what its hyperparameters (training) or arguments (processing) say.

`steps` is a list of: `log TEXT`, `copy CHANNEL/FILE`, `model NAME TEXT`, `data NAME TEXT`, `checkpoint NAME
TEXT`, `resume NAME`, `fail TEXT`, `message TEXT`, `hold` (until SIGTERM), `stubborn` (ignores SIGTERM), `exit
CODE`, `environment`.
"""

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

BASE = Path(os.environ["SAGEMAKER_BASE_DIR"])


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def hold(stubborn: bool) -> None:
    """Wait for SIGTERM, then go on; a stubborn one waits on."""
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    print(f"holding {os.getpid()}", flush=True)
    while stubborn or not asked:
        time.sleep(0.05)
    print("asked to stop", flush=True)


def step(name: str, rest: str) -> None:
    """One step."""
    first, _, text = rest.partition(" ")
    match name:
        case "log":
            print(rest, flush=True)
        case "copy":
            shutil.copy(BASE / "input" / "data" / rest, BASE / "model" / Path(rest).name)
        case "model":
            write(BASE / "model" / first, text)
        case "data":
            write(BASE / "output" / "data" / first, text)
        case "checkpoint":
            write(BASE / "checkpoints" / first, text)
        case "resume":
            write(BASE / "model" / rest, "resumed from " + (BASE / "checkpoints" / rest).read_text())
        case "fail":
            write(BASE / "output" / "failure", rest)
            sys.exit(1)
        case "message":
            write(BASE / "output" / "message", rest)
        case "hold" | "stubborn":
            hold(name == "stubborn")
        case "exit":
            sys.exit(int(rest))
        case "environment":
            write(BASE / "model" / "environment.json", json.dumps(dict(os.environ)))
        case _:
            raise ValueError(name)


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["process"]:
        source, target = (Path(folder) for folder in arguments[1:3])
        for file in sorted(source.rglob("*")):
            if file.is_file():
                write(target / file.relative_to(source), file.read_text().upper())
        steps = arguments[3:]
    else:
        steps = json.loads(json.loads((BASE / "input/config/hyperparameters.json").read_text())["steps"])
    for line in steps:
        step(*line.partition(" ")[::2])


main(sys.argv[1:])
