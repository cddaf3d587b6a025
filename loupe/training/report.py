"""Tables of models, evaluations and confidences, for people."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from loupe.render import local_time, new_table, percent
from loupe.training.models import TrainedModel
from loupe.training.summary import Confidence

MATRIX_CLASSES = 12
SHOWN_CLASSES = 30
SHOWN_CONFUSIONS = 15
BAR = 24
USUAL = 0.99
SURE, SHOWN_SUSPECTS = 0.8, 8
WORTH_SAYING = 0.02


def models_table(models: Sequence[TrainedModel]) -> Table:
    """Name, accuracy, whether it is live, when it was made."""
    table = new_table("Model", "Name", ("Accuracy", "right"), "Live", "Made")
    for model in models:
        if model.share is None:
            live = Text("–", style="dim")
        else:
            live = Text("live" if model.share == 1 else f"{model.share:.0%} of the traffic", style="green")
        table.add_row(
            Text(model.name, overflow="fold"),
            Text(model.title, overflow="fold"),
            "–" if model.accuracy is None else f"{model.accuracy:.2%}",
            live,
            Text(local_time(model.created.isoformat()), style="dim", no_wrap=True),
        )
    return table


def print_evaluation(
    console: Console,
    title: str,
    evaluation: dict[str, Any],
    report: str,
    live: bool = False,
    of: str = "never seen in training",
) -> None:
    """Accuracy, what the threshold lets through and which one to take, suspects, classes, confusions."""
    said = Text(" (live)", style="green") if live else Text("")
    console.print(Text.assemble((title, "bold"), said), soft_wrap=True)
    for remark in evaluation.get("remarks", ()):
        console.print(Text(f"  {remark}", style="yellow"), soft_wrap=True)
    threshold, calibration = evaluation["threshold"], evaluation["calibration"]
    accepted = threshold["acceptedAccuracy"]
    of_accepted = "" if accepted is None else f", {accepted:.2%} of them right"
    for name, value in (
        (
            "Accuracy",
            f"{evaluation['accuracy']:.2%} of {evaluation['count']:,} pictures {of}"
            + _believed(evaluation.get("interval")),
        ),
        ("Threshold", f"{threshold['acceptedShare']:.1%} accepted at {threshold['value']:g}{of_accepted}"),
        *(("", line) for line in _suggested(evaluation.get("suggestions", ()))),
        ("Calibration", f"off by {calibration['expectedCalibrationError']:.2%} on average"),
        ("Report", report),
    ):
        console.print(Text.assemble((f"  {name:<12}", "dim"), value), soft_wrap=True)
    _print_suspects(console, evaluation.get("suspects", ()))
    console.print(_classes(evaluation["perClass"], evaluation.get("suggestionsByClass", ())))
    if len(evaluation["labels"]) <= MATRIX_CLASSES:
        console.print(_matrix(evaluation["labels"], evaluation["confusionMatrix"]))
    else:
        console.print(_confusions(evaluation["labels"], evaluation["confusionMatrix"]))
    console.print(_bins(calibration["bins"]))


def print_confidence(
    console: Console,
    what: str,
    whole: Confidence,
    periods: Sequence[Confidence],
    length: timedelta,
    threshold: float,
    unreadable: int,
) -> None:
    """All inferences in one line, then period by period."""
    console.print(
        Text.assemble(
            (what, "bold"),
            f"  {whole.count:,} inferences, {percent(whole.accepted)} at or above {threshold:g}; "
            f"median {whole.median:.2%}, least {whole.least:.2%}",
        ),
        soft_wrap=True,
    )
    table = new_table(
        f"From, for {length}", ("Inferences", "right"), ("Mean", "right"), ("Least", "right"),
        ("Accepted", "right"), "",
    )  # fmt: skip
    for each in periods:
        bar = Text.assemble(
            ("█" * round(each.accepted * BAR), "blue"), ("█" * (BAR - round(each.accepted * BAR)), "red")
        )
        table.add_row(
            Text(local_time(each.start.isoformat()), no_wrap=True),
            f"{each.count:,}",
            percent(each.mean),
            percent(each.least),
            percent(each.accepted),
            bar,
        )
    console.print(table)
    if unreadable:
        console.print(Text(f"{unreadable:,} captured lines hold no confidence.", style="dim"))


def _believed(interval: dict[str, Any] | None) -> str:
    """How far the accuracy can be believed, where that is more than a percent."""
    if not interval or interval["high"] - interval["low"] < WORTH_SAYING:
        return ""
    crossed = interval.get("crossValidated", 0)
    of = f" ({crossed:,} more by cross-validation)" if crossed else ""
    return f"; between {interval['low']:.0%} and {interval['high']:.0%}{of}"


def _suggested(suggestions: Sequence[dict[str, Any]]) -> list[str]:
    """Which threshold to take for which accuracy; one line where several come to the same."""
    by_threshold: dict[float, dict[str, Any]] = {}
    for each in suggestions:
        if each["threshold"] is not None:
            by_threshold[each["threshold"]] = each
    return [
        f"for {100 * each['accuracy']:.4g} % right accept at {each['threshold']:.4g} "
        f"({each['coverage']:.0%} of pictures)"
        for each in by_threshold.values()
    ]


def _print_suspects(console: Console, suspects: Sequence[dict[str, Any]]) -> None:
    sure = [each for each in suspects if float(each["confidence"]) >= SURE][:SHOWN_SUSPECTS]
    if not sure:
        return
    table = new_table("Label to look at", "Is labelled", "Model says", ("Confidence", "right"))
    for each in sure:
        names = (Text(str(each[key]), overflow="fold") for key in ("file", "label", "said"))
        table.add_row(*names, f"{float(each['confidence']):.2f}")
    console.print(table)


def _classes(per_class: Sequence[dict[str, Any]], by_class: Sequence[dict[str, Any]] = ()) -> Table:
    accept = {
        each["label"]: next(
            (one["threshold"] for one in each["suggestions"] if one["accuracy"] == USUAL), None
        )
        for each in by_class
    }
    table = new_table(
        "Class",
        *((name, "right") for name in ("Pictures", "Precision", "Recall", "F1")),
        *([(f"{USUAL:.0%} right from", "right")] if accept else []),
    )
    shown = list(per_class)
    if len(shown) > SHOWN_CLASSES:
        shown = sorted(shown, key=lambda each: 2 if each["f1"] is None else each["f1"])[:SHOWN_CLASSES]
        table.title = f"The {SHOWN_CLASSES} classes of {len(per_class)} that it knows least"
    for each in shown:
        figures = (percent(each[name]) for name in ("precision", "recall", "f1"))
        found = accept.get(each["label"])
        last = ["–" if found is None else f"{found:.4g}"] if accept else []
        table.add_row(Text(each["label"], overflow="fold"), f"{each['support']:,}", *figures, *last)
    return table


def _matrix(labels: Sequence[str], matrix: Sequence[Sequence[int]]) -> Table:
    names = [label if len(label) <= 10 else label[:9] + "…" for label in labels]
    table = new_table("Is ↓  said →", *((name, "right") for name in names))
    for row, counts in enumerate(matrix):
        cells = [
            Text(
                f"{count:,}" if count else "·",
                style="green" if row == column else "red" if count else "dim",
            )
            for column, count in enumerate(counts)
        ]
        table.add_row(Text(names[row]), *cells)
    return table


def _confusions(labels: Sequence[str], matrix: Sequence[Sequence[int]]) -> Table:
    """Of many classes, the pairs that are confused most."""
    table = new_table("Is", "Said", ("Pictures", "right"), title="Confused most often")
    wrong = [
        (count, labels[row], labels[column])
        for row, counts in enumerate(matrix)
        for column, count in enumerate(counts)
        if count and row != column
    ]
    for count, true, said in sorted(wrong, key=lambda each: -each[0])[:SHOWN_CONFUSIONS]:
        table.add_row(Text(true), Text(said), f"{count:,}")
    return table


def _bins(bins: Sequence[dict[str, Any]]) -> Table:
    """How often it is right where it says that it is so sure."""
    table = new_table(("Confidence", "right"), ("Right", "right"), ("Pictures", "right"))
    for each in bins:
        table.add_row(
            f"{each['low']:.0%} to {each['high']:.0%}", percent(each["accuracy"]), f"{each['count']:,}"
        )
    return table
