"""`python -m tests.covered`: how much of the product code the unit tier ran, and the files below the floor.

Reads what `make coverage` measured. Ends with 1 where all together is below the floor.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

REPORT = Path(__file__).parent.parent / "build" / "coverage" / "report.json"
# Per cent of statements; what was measured when the floor was set, rounded down.
FLOOR = 74


def summary(report: Mapping[str, Any]) -> tuple[float, list[tuple[str, float]]]:
    """Per cent of all statements, and each file below the floor with its own, the least first."""
    files = [
        (name, found["summary"]["percent_covered"])
        for name, found in report["files"].items()
        if found["summary"]["num_statements"]
    ]
    return report["totals"]["percent_covered"], sorted(
        (each for each in files if each[1] < FLOOR), key=lambda each: each[1]
    )


def main(path: Path = REPORT) -> int:
    total, below = summary(json.loads(path.read_text(encoding="utf-8")))
    for name, percent in below:
        print(f"{percent:5.1f} % {name}")
    print(f"coverage: {total:.1f} % of product code by unit and workflow tests (at least {FLOOR} %)")
    return 0 if total >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
