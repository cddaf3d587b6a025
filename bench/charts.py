"""Charts and the table of bench/reference.json for docs/performance.md: `python -m bench.charts`."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.__main__ import REFERENCE
from bench.context import ROOT
from bench.figures import Spread
from bench.report import amount, spread

if TYPE_CHECKING:
    # Seconds to import, for what the tables need not.
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

IMAGES = ROOT / "docs" / "images"
DOCUMENT = ROOT / "docs" / "performance.md"
# As of all prose there (tests/documents.py).
MAX_COLUMNS = 100
REACHED, MISSED, INK = "#2f7d5b", "#c2452d", "#333333"
COLOURS = ("#1f5fa8", "#d98324", "#7a5195", "#8a8a8a", "#2f7d5b")
ROW_INCHES, WIDTH_INCHES = 0.3, 9.0
Row = Mapping[str, Any]


def main() -> None:
    """Draw every part that has targets, and the two that are curves; renew the document's tables."""
    import matplotlib as mpl

    mpl.rcParams.update(
        {"svg.hashsalt": "loupe", "svg.fonttype": "none", "font.size": 9, "axes.edgecolor": INK}
    )
    parts = json.loads(REFERENCE.read_text("utf-8"))["parts"]
    for name, part in parts.items():
        rows = [row for row in part["figures"] if "target" in row]
        if rows:
            save(targets_chart(part["title"], rows), IMAGES / f"bench-{name}.svg")
    if "serialize" in parts:
        save(serialize_chart(parts["serialize"]["figures"]), IMAGES / "bench-serialize-time.svg")
    if "model_server" in parts:
        save(server_chart(parts["model_server"]["figures"]), IMAGES / "bench-model_server-rate.svg")
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text("utf-8"), parts), "utf-8")


def with_tables(text: str, parts: Mapping[str, Mapping[str, Any]]) -> str:
    """The document with each part's table between its marks, `<!-- NAME -->` and `<!-- end -->`."""
    for name, part in parts.items():
        begin, end = f"<!-- {name} -->\n", "<!-- end -->"
        if begin in text:
            before, _, rest = text.partition(begin)
            text = f"{before}{begin}{_markdown(part)}{end}{rest.partition(end)[2]}"
    return text


def _markdown(part: Mapping[str, Any]) -> str:
    machine, load = part["machine"], part["load"]
    facts = (
        f"{part['measuredAt'][:16].replace('T', ' ')} UTC",
        f"{part['rounds']} rounds",
        f"load {load[0]:g} before and {load[1]:g} after",
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memoryGb']} GB, Python {machine['python']}",
    )
    lines = [
        *textwrap.wrap(f"{'; '.join(facts)}.", MAX_COLUMNS),
        "",
        "| figure | Loupe | against | its | ratio (least – most) | by CPU | target | met |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [f"| {' | '.join(_cells(row))} |" for row in part["figures"]]
    if "cannotRun" in part:
        lines += ["", f"Not measured here: {part['cannotRun']}"]
    return "\n".join([*lines, ""])


def _cells(row: Row) -> tuple[str, ...]:
    target, unit = row.get("target"), row["unit"]
    sign = {"at least": "≥", "at most": "≤"}
    return (
        row["name"],
        amount(row["ours"]["median"], unit),
        row["against"],
        amount(row["theirs"]["median"], unit),
        spread(Spread(**row["ratio"])),
        f"{row['cpuRatio']['median']:.2f}" if "cpuRatio" in row else "",
        f"{sign[target['bound']]} {target['value']:g}" if target else "",
        {True: "yes", False: "**no**", None: ""}[row.get("met")],
    )


def save(figure: Figure, path: Path) -> None:
    """Without a date: the same figures give the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None}, facecolor="white")
    print(path.relative_to(ROOT))


def reach(row: Row) -> tuple[float, float, float]:
    """The median, least and most ratio in parts of the target, such that 1 or more is reached."""
    ratio, target = row["ratio"], row["target"]
    if target["bound"] == "at least":
        return (
            ratio["median"] / target["value"],
            ratio["least"] / target["value"],
            ratio["most"] / target["value"],
        )
    return (
        target["value"] / ratio["median"],
        target["value"] / ratio["most"],
        target["value"] / ratio["least"],
    )


def targets_chart(title: str, rows: Sequence[Row]) -> Figure:
    """Each figure's way past its target, or short of it."""
    figure, axes = _canvas(1, WIDTH_INCHES, 1.1 + ROW_INCHES * len(rows))
    (chart,) = axes
    for place, row in enumerate(reversed(rows)):
        median, least, most = reach(row)
        colour = REACHED if row["met"] else MISSED
        chart.plot(
            [least, most], [place, place], color=colour, linewidth=2, alpha=0.45, solid_capstyle="round"
        )
        chart.plot([median], [place], marker="o", color=colour, markersize=6)
        sign = "≥" if row["target"]["bound"] == "at least" else "≤"
        text = f"{row['ratio']['median']:.2f}  ({sign} {row['target']['value']:g})"
        chart.annotate(text, (most, place), xytext=(8, 0), textcoords="offset points", va="center", color=INK)
    chart.axvline(1, color=INK, linewidth=1)
    chart.set_ylim(-0.6, len(rows) - 0.4)
    chart.set_yticks(range(len(rows)), [f"{row['name']} · {row['against']}" for row in reversed(rows)])
    _log_axis(chart, [value for row in rows for value in reach(row)])
    chart.set_xlabel("times the target (the line); a dot is the median, its bar the least and the most")
    chart.set_title(title, loc="left", fontsize=10)
    return figure


def serialize_chart(rows: Iterable[Row]) -> Figure:
    """Milliseconds by megapixels, a panel for each format."""
    series: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for row in rows:
        if not row["name"].endswith("time"):
            continue
        megapixels, kind = float(row["name"].split()[0]), row["name"].split()[2].rstrip(",")
        lines = series.setdefault(kind, {})
        point = (megapixels, row["ours"]["median"])
        if point[0] not in [known for known, _ in lines.setdefault("Loupe", [])]:
            lines["Loupe"].append(point)
        lines.setdefault(row["against"], []).append((megapixels, row["theirs"]["median"]))
    figure, axes = _canvas(len(series), WIDTH_INCHES, 3.4)
    for chart, (kind, lines) in zip(axes, series.items(), strict=True):
        for colour, (name, points) in zip(COLOURS, lines.items(), strict=False):
            width = 2.4 if name == "Loupe" else 1.3
            chart.plot(
                *zip(*points, strict=True),
                marker="o",
                color=colour,
                linewidth=width,
                markersize=4,
                label=name,
            )
        chart.set(xscale="log", yscale="log", title=kind, xlabel="megapixels")
        chart.set_xticks([0.3, 3, 12, 48], ["0.3", "3", "12", "48"])
        chart.minorticks_off()
        chart.grid(visible=True, axis="y", alpha=0.3)
    axes[0].set_ylabel("milliseconds a picture")
    axes[0].legend(frameon=False)
    return figure


def server_chart(rows: Iterable[Row]) -> Figure:
    """Images a second by clients, a panel for each model."""
    models: dict[str, dict[str, dict[str, float]]] = {}
    for row in rows:
        model, clients, what = (part.strip() for part in row["name"].rsplit(",", 2))
        if what == "images a second":
            bars = models.setdefault(model, {}).setdefault(clients, {})
            bars["Loupe"] = row["ours"]["median"]
            bars[row["against"]] = row["theirs"]["median"]
    figure, axes = _canvas(len(models), WIDTH_INCHES, 3.6)
    for chart, (model, by_clients) in zip(axes, models.items(), strict=True):
        names = list(dict.fromkeys(name for bars in by_clients.values() for name in bars if " " not in name))
        for number, (name, colour) in enumerate(zip(names, COLOURS, strict=False)):
            places = [place + number * 0.2 for place in range(len(by_clients))]
            chart.bar(places, [bars[name] for bars in by_clients.values()], 0.18, color=colour, label=name)
        for place, bars in enumerate(by_clients.values()):
            limit = bars["onnxruntime in a bare loop"]
            label = "bare loop" if place == 0 else None
            chart.plot([place - 0.15, place + 0.75], [limit, limit], color=INK, linewidth=1.5, label=label)
        chart.set_xticks([place + 0.3 for place in range(len(by_clients))], list(by_clients))
        chart.set_title(model, loc="left")
        chart.grid(visible=True, axis="y", alpha=0.3)
        chart.set_axisbelow(True)
        if model.startswith("digits"):
            chart.set_yscale("log")
    axes[0].set_ylabel("images a second")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False)
    return figure


def _canvas(count: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = [figure.add_subplot(1, count, number + 1) for number in range(count)]
    for chart in axes:
        chart.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _log_axis(chart: Axes, values: Sequence[float]) -> None:
    chart.set_xscale("log")
    chart.set_xlim(min(0.5, min(values) * 0.8), max(2.0, max(values) * 2.2))
    ticks = [tick for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50) if chart.get_xlim()[0] <= tick]
    ticks = [tick for tick in ticks if tick <= chart.get_xlim()[1]]
    chart.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    chart.minorticks_off()
    chart.grid(visible=True, axis="x", alpha=0.3)


if __name__ == "__main__":
    main()
