"""The table and the JSON, and what happens to a part that cannot run or fails."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

import bench.__main__ as command
from bench.context import Bench
from bench.figures import CannotRunHereError, Figure, at_least, part_of, times_better
from bench.parts import Part, all_parts
from bench.report import PartResult, amount, table, write

FAST = times_better("decode", "a peer", [10.0, 10.0], [30.0, 40.0], "ms", at_least(2), cpu_ratio=None)
SHORT = part_of("throughput", "the limit", [80.0], [100.0], "images/s", at_least(0.9), detail={"clients": 4})


@dataclass(frozen=True)
class FakePart(Part):
    """A part that yields one figure and then maybe fails."""

    error: Exception | None = None

    @property
    def title(self) -> str:
        return "A part"

    @property
    def run(self):  # type: ignore[no-untyped-def]
        def run(bench: Bench) -> Iterator[Figure]:
            assert bench.folder.is_dir()
            yield FAST
            if self.error:
                raise self.error

        return run


def result(name: str, *figures: Figure) -> PartResult:
    return PartResult(
        name, "A part", {"cpu": "a processor"}, "2026-01-01T00:00:00+00:00", 1.5, 2, (0.1, 0.2), figures
    )


def shown(*results: PartResult) -> str:
    console = Console(width=150, file=io.StringIO())
    console.print(table(results))
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_the_table_shows_ratio_spread_and_target() -> None:
    lines = shown(result("imaging", FAST, SHORT)).splitlines()

    fast = next(line for line in lines if "decode" in line)
    short = next(line for line in lines if "throughput" in line)
    assert "3.50 (3.00 – 4.00)" in fast
    assert "≥ 2" in fast
    assert "yes" in fast
    assert "0.80" in short
    assert "NO" in short


def test_a_part_that_cannot_run_says_why_and_keeps_what_it_has() -> None:
    outcome = command.measure(FakePart("imaging", CannotRunHereError("no npm here")), rounds=2)

    assert outcome.figures == (FAST,)
    assert outcome.cannot_run == "no npm here"
    assert outcome.failed is None
    assert "cannot run here: no npm here" in shown(outcome)


def test_a_part_that_fails_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = command.measure(FakePart("imaging", ZeroDivisionError("by zero")), rounds=2)

    assert outcome.failed == "ZeroDivisionError: by zero"
    assert "FAILED" in shown(outcome)


def test_a_failed_part_fails_the_run_but_not_the_other_parts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = {"broken": FakePart("broken", ValueError("broken")), "sound": FakePart("sound")}
    monkeypatch.setattr(command, "all_parts", lambda: parts)

    code = command.main(["--quick", "--out", str(tmp_path / "out.json")])

    written = json.loads((tmp_path / "out.json").read_text())["parts"]
    assert code == 1
    assert written["broken"]["failed"] == "ValueError: broken"
    assert written["sound"]["figures"][0]["ratio"]["median"] == 3.5


def test_the_json_holds_what_the_table_says(tmp_path: Path) -> None:
    write(tmp_path / "results.json", [result("imaging", SHORT)], keep_others=False)

    part = json.loads((tmp_path / "results.json").read_text())["parts"]["imaging"]
    assert part["machine"] == {"cpu": "a processor"}
    assert part["load"] == [0.1, 0.2]
    (figure,) = part["figures"]
    assert figure["ratio"] == {"median": 0.8, "least": 0.8, "most": 0.8, "count": 1}
    assert figure["target"] == {"bound": "at least", "value": 0.9}
    assert figure["met"] is False
    assert figure["detail"] == {"clients": 4}


def test_the_reference_keeps_parts_that_did_not_run(tmp_path: Path) -> None:
    path = tmp_path / "reference.json"
    write(path, [result("one", FAST), result("two", FAST)], keep_others=True)

    write(path, [result("two", SHORT)], keep_others=True)

    parts = json.loads(path.read_text())["parts"]
    assert parts["one"]["figures"][0]["name"] == "decode"
    assert [figure["name"] for figure in parts["two"]["figures"]] == ["throughput"]


def test_every_part_has_a_title_and_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list"]) == 0

    listed = capsys.readouterr().out.splitlines()
    assert len(listed) == len(all_parts())
    assert all(len(line.split()) > 3 for line in listed)


def test_an_unknown_part_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["nonsense"])

    assert "no such part: nonsense; there are " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "text"), [(0.1234, "0.12 ms"), (12.34, "12.3 ms"), (1234.5, "1,234 ms"), (99.96, "100.0 ms")]
)
def test_amounts_have_the_digits_that_mean_something(value: float, text: str) -> None:
    assert amount(value, "ms") == text
