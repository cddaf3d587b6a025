"""The report of coverage: what is below the floor is named, and all together below it fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.covered import FLOOR, main


def report(total: float, **files: tuple[int, float]) -> dict[str, Any]:
    listed = {
        name: {"summary": {"num_statements": statements, "percent_covered": percent}}
        for name, (statements, percent) in files.items()
    }
    return {"totals": {"percent_covered": total}, "files": listed}


@pytest.mark.parametrize(("total", "status"), [(FLOOR, 0), (FLOOR - 0.1, 1)])
def test_below_the_floor_it_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], total: float, status: int
) -> None:
    path = tmp_path / "report.json"
    path.write_text(
        json.dumps(report(total, good=(10, 100.0), low=(10, 20.0), least=(5, 0.0), empty=(0, 0.0)))
    )

    assert main(path) == status

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines[:-1]] == ["least", "low"]
    assert f"{total:.1f} %" in lines[-1]
