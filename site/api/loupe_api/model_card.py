"""What a model says of itself: its model.json, its MODEL_CARD.md and its evaluation, as the API shows them.

Pure. A card is Markdown: its first paragraph says what the model is for, a table of two columns has rows
named `licence` and `weights`, a section "What it can't do" is a list. What a model does not say is None.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from loupe_api import about_model as models

MAX_LABELS = 1000
MAX_LIMITS, MAX_LIMIT, MAX_TEXT = 20, 600, 1000
_LICENCE, _SOURCE = ("licence", "license"), ("data", "weights", "network")
_LIMITS = re.compile(r"what it (can't|cannot|can not) do|limits|limitations", re.IGNORECASE)
_MARKUP = re.compile(r"\*\*|`|\[([^\]]*)\]\([^)]*\)")


def labels_of(spec: Mapping[str, Any], evaluation: Mapping[str, Any] | None) -> models.ModelLabels | None:
    """The model's labels, at most a thousand of them; None where neither names any."""
    found = _texts(spec.get("labels")) or _texts((evaluation or {}).get("labels"))
    if not found:
        return None
    return models.ModelLabels(count=len(found), items=found[:MAX_LABELS], complete=len(found) <= MAX_LABELS)


def input_of(spec: Mapping[str, Any]) -> models.ModelInput | None:
    given = _section(spec, "input")
    width, height = _count(given.get("width")), _count(given.get("height"))
    if width is None or height is None:
        return None
    kind: Literal["grey", "color"] = "grey" if given.get("color") == "L" else "color"
    return models.ModelInput(kind=kind, width=width, height=height)


def accuracy_of(
    spec: Mapping[str, Any], evaluation: Mapping[str, Any] | None, tagged: float | None
) -> models.ModelAccuracy | None:
    """Of the training's evaluation with its interval; else what the model itself says it was measured at,
    with the number of pictures; None where nothing was measured.
    """
    if evaluation is not None and _is_share(evaluation.get("accuracy")):
        interval = _section(evaluation, "interval")
        return models.ModelAccuracy(
            value=evaluation["accuracy"],
            low=_share(interval.get("low")),
            high=_share(interval.get("high")),
            pictures=_count(evaluation.get("count")),
            measured="evaluation",
        )
    if tagged is not None and _is_share(tagged):
        return models.ModelAccuracy(value=tagged, measured="evaluation")
    own = _section(_section(spec, "about"), "ordered")
    if _is_share(own.get("accuracy")):
        return models.ModelAccuracy(
            value=own["accuracy"], pictures=_count(own.get("count")), measured="model"
        )
    return None


def license_of(spec: Mapping[str, Any], card: str) -> str | None:
    return _row(card, _LICENCE) or _text(_section(spec, "about").get("license"))


def source_of(spec: Mapping[str, Any], card: str) -> str | None:
    """What the model was made of: its data, or the weights that it began with."""
    about = _section(spec, "about")
    named = next((about[name] for name in (*_SOURCE, "start") if _text(about.get(name))), None)
    return _row(card, _SOURCE[1:2]) or _text(named)


def summary_of(card: str) -> str | None:
    """The card's first paragraph."""
    for block in re.split(r"\n\s*\n", card.replace("\r\n", "\n")):
        if block.strip() and not block.lstrip().startswith(("#", "|", "-", "```", "<")):
            return _plain(block)[:MAX_TEXT]
    return None


def limits_of(card: str) -> list[str]:
    """What the model cannot do, a text each."""
    found: list[str] = []
    inside = False
    for line in card.splitlines():
        if line.startswith("#"):
            inside = bool(_LIMITS.fullmatch(line.strip("# ").replace("\u2019", "'")))
        elif inside and re.match(r"[-*] ", line):
            found.append(line[2:])
        elif inside and found and line.startswith("  "):
            found[-1] += f" {line}"
    return [_plain(each)[:MAX_LIMIT] for each in found[:MAX_LIMITS]]


def _row(card: str, names: Sequence[str]) -> str | None:
    """The second cell of the first row of this name."""
    for line in card.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.lstrip().startswith("|") and len(cells) == 2 and cells[0].casefold() in names and cells[1]:
            return _plain(cells[1])[:MAX_TEXT]
    return None


def _plain(markdown: str) -> str:
    """Without marks of Markdown: pages show it as text."""
    return " ".join(_MARKUP.sub(lambda found: found[1] or "", markdown).split())


def _section(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name)
    return found if isinstance(found, Mapping) else {}


def _texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value[:MAX_TEXT] if isinstance(value, str) and value.strip() else None


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _share(value: Any) -> float | None:
    return float(value) if _is_share(value) else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
