"""Charts: names of classes in any script are drawn, not boxes."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

# matplotlib takes a second to import, and each worker collects this file: the tests import it.

NAMES = {
    "Chinese": "\u732b",
    "Korean": "\uace0\uc591\uc774",
    "Japanese": "\u30cd\u30b3",
    "Hindi": "\u0915\u0941\u0924\u094d\u0924\u093e",
    "Arabic": "\u0627\u0644\u0637\u0627\u0626\u0631",
    "Thai": "\u0e41\u0e21\u0e27",
    "Amharic": "\u12f5\u1218\u1275",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_every_script_has_a_font(name: str) -> None:
    from model.chart_fonts import families_for

    families, missing = families_for([name])
    assert missing == set()
    assert len(families) >= 1


def test_latin_names_look_at_no_other_font() -> None:
    from model.chart_fonts import families_for

    assert families_for(["caf\u00e9", "\u043a\u043e\u0442", "$5"]) == (["DejaVu Sans"], set())


def test_what_no_font_has_is_written_as_its_name() -> None:
    from matplotlib.figure import Figure

    from model.chart_fonts import use_fonts_for

    figure = Figure()
    title = figure.subplots().set_title("my \U0001f986\ufe0f")
    use_fonts_for(figure)
    assert title.get_text() == "my [duck]"


def test_a_chart_of_them_misses_no_glyph(tmp_path: Path) -> None:
    from model.charts import draw_confusion

    labels = [*NAMES.values(), "\U0001f986", "$x_1$"]
    with warnings.catch_warnings():
        # matplotlib warns of each character that it draws as a box.
        warnings.simplefilter("error")
        draw_confusion(tmp_path / "confusion", np.eye(len(labels), dtype=np.int64), labels)
    assert (tmp_path / "confusion.png").stat().st_size > 5_000
    assert (tmp_path / "confusion.svg").is_file()
