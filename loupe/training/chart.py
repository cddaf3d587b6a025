"""The confidence of captured inferences over time, drawn."""

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

from loupe.errors import InputError
from loupe.training.captures import Inference

INK, ACCENT, WARN, PALE = "#1f2937", "#2563eb", "#dc2626", "#d1d5db"
FORMS = (".png", ".svg")


def draw_confidence(path: Path, inferences: Sequence[Inference], threshold: float, title: str) -> None:
    """A dot an inference, the threshold as a line, and how often each confidence occurs beside it.

    The path's suffix chooses PNG or SVG. InputError for another one, or without matplotlib.
    """
    if path.suffix.lower() not in FORMS:
        raise InputError(f"{path}: write a file that ends in {' or '.join(FORMS)}.")
    if not path.parent.is_dir():
        raise InputError(f"{path.parent}: no such folder.")
    try:
        import matplotlib
        from matplotlib.figure import Figure

        from model.chart_fonts import use_fonts_for
    except ImportError:
        raise InputError(
            "The chart needs matplotlib: pip install matplotlib. --json needs nothing."
        ) from None
    figure = Figure(figsize=(9, 4.6), layout="constrained")
    axes, beside = figure.subplots(1, 2, sharey=True, width_ratios=(6, 1))
    accepted = [one for one in inferences if one.confidence >= threshold]
    below = [one for one in inferences if one.confidence < threshold]
    lowest = min([threshold, *(one.confidence for one in inferences)])
    floor = max(0.0, lowest - 0.05 * (1.05 - lowest))
    for some, colour, said in ((accepted, ACCENT, "accepted"), (below, WARN, "below the threshold")):
        axes.plot(
            [one.at for one in some],
            [one.confidence for one in some],
            "o",
            color=colour,
            alpha=0.75 if len(inferences) < 500 else 0.35,
            markersize=5 if len(inferences) < 500 else 3,
            markeredgewidth=0,
            label=f"{len(some):,} {said}",
        )
    axes.axhline(threshold, color=WARN, linewidth=1.2, label=f"threshold {threshold:g}")
    beside.hist(
        [[one.confidence for one in accepted], [one.confidence for one in below]],
        bins=25,
        range=(floor, 1.0),
        orientation="horizontal",
        stacked=True,
        color=[ACCENT, WARN],
        alpha=0.6,
    )
    beside.axhline(threshold, color=WARN, linewidth=1.2)
    beside.set(xlabel="inferences")
    axes.set(ylabel="confidence of the best label", ylim=(floor, 1 + 0.02 * (1 - floor)))
    axes.set_title(title, loc="left", color=INK)
    _format_times(axes)
    for each in (axes, beside):
        each.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower left", ncols=3, frameon=False)
    use_fonts_for(figure)
    # A dollar sign in a name is a dollar sign, no formula.
    with matplotlib.rc_context({"svg.hashsalt": "loupe", "svg.fonttype": "path", "text.parse_math": False}):
        metadata = {"Date": None} if path.suffix.lower() == ".svg" else {"Software": None}
        figure.savefig(path, dpi=140, metadata=metadata)


def _format_times(axes: Any) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(tz=UTC, minticks=3, maxticks=8)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=UTC))  # type: ignore[no-untyped-call]
    axes.set_xlabel("time of the inference (UTC)")
    axes.grid(axis="x", color=PALE, linewidth=0.6)
