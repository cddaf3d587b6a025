"""What the functions' own code takes for each file in a folder: peak memory, processor time, the outcome.

    python -m bench.hostile FOLDER          a table in Markdown, each file in a fresh process

Memory is the process's with its children's, processor time that of a full processor.
"""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATHS = ("layers/core", "layers/imaging")
SECONDS = 600
MAX_TOLD = 90


def measure(path: Path) -> dict[str, object]:
    """Serialise and annotate one file in this process."""
    from loupe_core.errors import LoupeError
    from loupe_imaging.annotate import annotate
    from loupe_imaging.normalise import model_input
    from loupe_imaging.picture import read_picture

    content = path.read_bytes()
    start = _processor()
    try:
        picture = read_picture(content)
        model_input(picture)
        annotate(picture, [("a label", 0.5)], [])
        outcome = "read"
    except LoupeError as error:
        outcome = f"{type(error).__name__}: {error}"
    own = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) // 1024
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    # A child is weighed with its parent as it was before exec: what is less than that is no child's.
    return {
        "memory": own + (children if children > own // 2 else 0),
        "processor": _processor() - start,
        "outcome": outcome,
    }


def _processor() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def main(arguments: list[str]) -> int:
    """The command line."""
    if len(arguments) == 2 and arguments[0] == "--one":
        sys.path[:0] = [str(ROOT / path) for path in PATHS]
        print(json.dumps(measure(Path(arguments[1]))))
        return 0
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    print("| file | bytes | peak MB | processor s | outcome |\n|---|---:|---:|---:|---|")
    for path in sorted(Path(arguments[0]).iterdir()):
        command = [sys.executable, "-m", "bench.hostile", "--one", str(path)]
        run = subprocess.run(
            command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        size = f"{path.stat().st_size:,}"
        if run.returncode:
            print(f"| {path.name} | {size} | | | died with {run.returncode} |", flush=True)
            continue
        found = json.loads(run.stdout)
        told = found["outcome"].replace("|", " ")[:MAX_TOLD]
        print(f"| {path.name} | {size} | {found['memory']} | {found['processor']:.2f} | {told} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
