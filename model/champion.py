"""Champion and challenger: the live model and a new one on the same held-out pictures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.dataset.store import TRANSFER, Part, pixels_as, read_part
from model.errors import DatasetError, ModelError
from model.inference import Classifier
from model.test_folder import read_folder


def compare(
    champion: Callable[[], Classifier],
    test: Path,
    data: Path | None,
    part: Part,
    right: npt.NDArray[np.bool_],
) -> dict[str, Any]:
    """How the live model does on the challenger's test pictures, of which the challenger answers `right`.

    {"accuracy", "notWorse", "comparable", "reason"}. Not worse: at least as many right, or fewer by no more
    than chance explains (McNemar's test, one-sided 5 %, on the pictures that one of the two gets wrong). A
    champion that cannot be compared (other labels, pictures that were not kept as it takes them) bars nobody.
    """
    try:
        live = champion()
        same = _pictures_for(live, test, data, part)
        answers = np.array([_said(live, pixels) for pixels in same])
    except ModelError as error:
        return {"accuracy": None, "notWorse": True, "comparable": False, "reason": str(error)}
    theirs = answers == np.array([part.labels[target] for target in part.targets])
    lost, won = int((theirs & ~right).sum()), int((right & ~theirs).sum())
    worse = lost > won and _chance(lost, won) < 0.05
    return {
        "accuracy": float(theirs.mean()),
        "notWorse": not worse,
        "comparable": True,
        "reason": f"of {len(part)} pictures the live model has {int(theirs.sum())} right, the new one "
        f"{int(right.sum())}",
    }


def _said(live: Classifier, pixels: npt.NDArray[np.uint8]) -> str:
    return live.labels[int(live.scores_of_pixels(pixels).argmax())]


def _pictures_for(live: Classifier, test: Path, data: Path | None, part: Part) -> npt.NDArray[np.uint8]:
    """The same pictures as the live model takes them. Raises DatasetError where there are none."""
    if not set(part.labels) <= set(live.labels):
        raise DatasetError("the live model does not know all of the new one's labels")
    if data:
        return read_folder(data, live).pictures
    reasons = []
    for folder in (test, test / TRANSFER):
        if folder.is_dir():
            try:
                return pixels_as(live.spec.input, read_part(folder))
            except DatasetError as error:
                reasons.append(str(error))
    raise DatasetError("; ".join(reasons) or "there are no pictures")


def _chance(lost: int, won: int) -> float:
    """How often a fair coin would lose at least so often."""
    from math import comb

    total = lost + won
    return float(sum(comb(total, k) for k in range(lost, total + 1)) / 2**total)
