"""The evaluation's pictures, each as PNG and SVG."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt

from model.chart_fonts import families_for, spelled, use_fonts_for
from model.dataset.store import Part

matplotlib.use("Agg")

from matplotlib.figure import Figure

INK, ACCENT, WARN, PALE = "#1f2937", "#2563eb", "#dc2626", "#e5e7eb"
MAX_NUMBERS = 30
MAX_NAMES = 60
FEW = 10


def draw_confusion(path: Path, confusion: npt.NDArray[np.int64], labels: Sequence[str]) -> None:
    """Shares by row as colour, counts as numbers where they can be read."""
    classes = len(labels)
    side = min(14.0, max(4.5, 1.8 + 0.42 * classes))
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.subplots()
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if classes <= MAX_NUMBERS:
        for row, column in np.argwhere(confusion > 0):
            dark = shares[row, column] > 0.55
            axes.text(
                column, row, str(confusion[row, column]), ha="center", va="center",
                fontsize=8, color="white" if dark else INK,
            )  # fmt: skip
    if classes <= MAX_NAMES:
        _, missing = families_for(labels)
        names = [spelled(label if len(label) <= 18 else label[:17] + "…", missing) for label in labels]
        upright = max(map(len, names)) <= 2
        axes.set_xticks(
            range(classes), names, rotation=0 if upright else 60, ha="center" if upright else "right"
        )
        axes.set_yticks(range(classes), names)
    axes.set(xlabel="answer", ylabel="truth")
    axes.set_title(f"{np.trace(confusion)} of {confusion.sum()} right")
    figure.colorbar(image, ax=axes, shrink=0.8, label="share of the true class")
    _save(figure, path)


def draw_calibration(path: Path, calibration: dict[str, Any], threshold: dict[str, Any]) -> None:
    """How often the model is right at each confidence, and how often it has that confidence."""
    figure = Figure(figsize=(6, 6), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    bins = calibration["bins"]
    middle = [(item["low"] + item["high"]) / 2 for item in bins]
    width = [(item["high"] - item["low"]) * 0.92 for item in bins]
    upper.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=":", label="as it should be")
    upper.bar(middle, [item["accuracy"] for item in bins], width, color=ACCENT, alpha=0.35)
    # No line between the dots: where a bin holds a picture or two, it would draw a zigzag of chance.
    few = [item for item in bins if item["count"] < FEW]
    many = [item for item in bins if item["count"] >= FEW]
    for some, face, said in ((many, ACCENT, "as it is"), (few, "white", f"fewer than {FEW} pictures")):
        if some:
            sure, right = ([item[name] for item in some] for name in ("confidence", "accuracy"))
            upper.plot(sure, right, "o", color=ACCENT, markerfacecolor=face, clip_on=False, label=said)
    upper.set(ylabel="share that is right", xlim=(0, 1), ylim=(0, 1.03))
    upper.set_title(f"expected calibration error {calibration['expectedCalibrationError']:.4f}")
    lower.bar(middle, [item["count"] for item in bins], width, color=ACCENT, alpha=0.35)
    lower.set_yscale("log")
    lower.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    lower.set(xlabel="confidence", ylabel="pictures")
    for axes in (upper, lower):
        axes.axvline(threshold["value"], color=WARN, linewidth=1.2)
        axes.spines[["top", "right"]].set_visible(False)
    upper.plot(
        [],
        [],
        color=WARN,
        label=f"threshold {threshold['value']:g}: {threshold['acceptedShare']:.1%} accepted",
    )
    figure.legend(frameon=False, loc="outside lower center", ncols=2)
    _save(figure, path)


def draw_coverage(
    path: Path,
    curve: Sequence[dict[str, float]],
    suggestions: Sequence[dict[str, Any]],
    threshold: dict[str, Any],
) -> None:
    """The accuracy of what a threshold lets through, against how much that is."""
    figure = Figure(figsize=(6, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.plot([item["coverage"] for item in curve], [item["accuracy"] for item in curve], color=ACCENT)
    for item in suggestions:
        if item["threshold"] is not None:
            axes.plot(item["coverage"], item["reached"], "o", color=ACCENT, markersize=4)
            axes.annotate(
                f"{item['accuracy']:.1%}: {item['threshold']:g}", (item["coverage"], item["reached"]),
                xytext=(4, 5), textcoords="offset points", fontsize=8, color=INK,
            )  # fmt: skip
    said = f"threshold {threshold['value']:g}: {threshold['acceptedShare']:.1%} accepted"
    axes.axvline(threshold["acceptedShare"], color=WARN, linewidth=1.2, label=said)
    lowest = min((item["accuracy"] for item in curve), default=0.0)
    axes.set(xlabel="share of pictures accepted", ylabel="share of those that is right")
    axes.set(xlim=(0, 1), ylim=(max(0.0, lowest - 0.05), 1.01 + 0.02 * (1 - lowest)))
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(frameon=False, loc="outside lower center")
    _save(figure, path)


def draw_mistakes(
    path: Path, part: Part, probabilities: npt.NDArray[np.float64], chosen: npt.NDArray[np.int64], count: int
) -> None:
    """The wrong answers that the model was surest of."""
    columns = min(8, max(4, len(chosen)))
    rows = max(1, -(-len(chosen) // columns))
    figure = Figure(figsize=(columns * 1.35, rows * 1.75 + 0.5), layout="constrained")
    figure.suptitle(f"{count} mistakes of {len(part)}" + (", the surest first" if count > 1 else ""))
    for place, axes in enumerate(np.ravel(figure.subplots(rows, columns, squeeze=False))):
        axes.set_axis_off()
        if place >= len(chosen):
            continue
        index = chosen[place]
        picture = part.pictures[index]
        if part.input.color == "BGR":
            picture = picture[:, :, ::-1]
        axes.imshow(picture if picture.shape[2] == 3 else picture[:, :, 0], cmap="gray", vmin=0, vmax=255)
        said = probabilities[index].argmax()
        truth, answer = (part.labels[number][:14] for number in (part.targets[index], said))
        axes.set_title(f"said {answer} ({probabilities[index, said]:.0%})\nis {truth}", fontsize=8, color=INK)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    use_fonts_for(figure)
    # A dollar sign in a label is a dollar sign, no formula.
    with matplotlib.rc_context({"svg.hashsalt": "loupe", "svg.fonttype": "path", "text.parse_math": False}):
        figure.savefig(path.with_suffix(".png"), dpi=130, metadata={"Software": None})
        figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})
