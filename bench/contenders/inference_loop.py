"""The limit: onnxruntime in a loop. inference_loop.py MODEL_FOLDER PICTURE SECONDS run|decode

Reads a number of threads, answers how often a second they ran together and at what cost. `run` gives
onnxruntime the same tensor again and again; `decode` also reads the picture's bytes each time.
"""

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from model.images import read_pixels
from model.inference import Classifier, input_tensor


def looped(work: Callable[[], object], threads: int, seconds: float) -> tuple[int, float]:
    """How often `work` is done by all threads together, and within how many seconds."""
    end = time.perf_counter() + seconds
    counts = [0] * threads

    def loop(number: int) -> None:
        while time.perf_counter() < end:
            work()
            counts[number] += 1

    loops = [threading.Thread(target=loop, args=(number,)) for number in range(threads)]
    begin = time.perf_counter()
    for thread in loops:
        thread.start()
    for thread in loops:
        thread.join()
    return sum(counts), time.perf_counter() - begin


def main(folder: Path, picture: Path, seconds: float, way: str) -> None:
    classifier = Classifier(folder)
    data = picture.read_bytes()
    spec = classifier.spec.input
    tensor = input_tensor(read_pixels(data, spec), spec, classifier._dtype)
    work: Callable[[], object]
    work = (lambda: classifier._run(tensor)) if way == "run" else (lambda: classifier.scores(data))
    print("ready", flush=True)
    for line in sys.stdin:
        cpu = time.process_time()
        count, elapsed = looped(work, int(line), seconds)
        cpu = time.process_time() - cpu
        print(json.dumps({"perSecond": count / elapsed, "cpuPerAnswer": cpu / count}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), sys.argv[4])
