"""The table that people read and the JSON that programs do."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from bench.figures import Figure, Spread

MET = {True: "yes", False: "NO", None: ""}


@dataclass(frozen=True)
class PartResult:
    """A part's figures, or why it has none. `load` is the machine's before and after."""

    name: str
    title: str
    machine: Mapping[str, Any]
    measured_at: str
    seconds: float
    rounds: int
    load: tuple[float, float]
    figures: Sequence[Figure] = field(default_factory=tuple)
    cannot_run: str | None = None
    failed: str | None = None


def as_json(results: Sequence[PartResult]) -> dict[str, Any]:
    """Parts by name."""
    return {"parts": {result.name: _part(result) for result in results}}


def _part(result: PartResult) -> dict[str, Any]:
    document = {_camel(key): value for key, value in asdict(result).items() if value is not None}
    document["figures"] = [_figure(figure) for figure in result.figures]
    return document


def _figure(figure: Figure) -> dict[str, Any]:
    document = {_camel(key): value for key, value in asdict(figure).items() if value not in (None, {})}
    return {**document, **({} if figure.met is None else {"met": figure.met})}


def write(path: Path, results: Sequence[PartResult], *, keep_others: bool) -> None:
    """Write the results; with `keep_others` parts that did not run stay as the file has them."""
    document = as_json(results)
    if keep_others and path.exists():
        document["parts"] = {**json.loads(path.read_text("utf-8"))["parts"], **document["parts"]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")


def table(results: Sequence[PartResult]) -> Table:
    """All figures; ratios are medians with the least and the most of the pairs."""
    shown = Table(title="Loupe against its peers and limits", title_justify="left", header_style="bold")
    shown.add_column("Figure", overflow="fold")
    shown.add_column("Loupe", justify="right")
    shown.add_column("Against", overflow="fold")
    shown.add_column("Its", justify="right")
    shown.add_column("Ratio (least – most)", justify="right")
    shown.add_column("By CPU", justify="right")
    shown.add_column("Target", justify="right")
    shown.add_column("Met")
    for result in results:
        shown.add_section()
        shown.add_row(f"[bold]{result.name}[/bold]: {result.title}")
        if result.cannot_run or result.failed:
            shown.add_row(
                f"[yellow]{'cannot run here' if result.cannot_run else 'FAILED'}[/yellow]: "
                f"{escape(result.cannot_run or result.failed or '')}"
            )
        for figure in result.figures:
            shown.add_row(*_row(figure), style="bold red" if figure.met is False else "")
    return shown


def _row(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        amount(figure.ours.median, figure.unit),
        figure.against,
        amount(figure.theirs.median, figure.unit),
        spread(figure.ratio),
        f"{figure.cpu_ratio.median:.2f}" if figure.cpu_ratio else "",
        str(figure.target) if figure.target else "",
        MET[figure.met],
    )


def spread(ratio: Spread) -> str:
    """`2.10 (1.95 – 2.31)`, or the number alone where there is one sample."""
    if ratio.count == 1:
        return f"{ratio.median:.2f}"
    return f"{ratio.median:.2f} ({ratio.least:.2f} – {ratio.most:.2f})"


def amount(value: float, unit: str) -> str:
    """Three digits that mean something, and the unit."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {unit}"


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
