"""No text of a stranger commands a terminal or hides in one."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from loupe.console import PlainConsole
from model.errors import ModelSpecError
from model.plain_text import is_plain, plain, plain_json
from model.spec import parse_spec, read_spec

HOSTILE = [
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "\x9b31m",
    "\x9d0;title\x9c",
    "a\x08b",
    "a\rb",
    "a\x00b",
    "a\x7fb",
    "a\x85b",
    "evil\u202egnp.exe",
    "a\u2066b\u2069",
    "a\u200bb",
    "a\u2028b",
    "\ufeffa",
    "a\u061cb",
]
DIGITS = {
    "name": "digits",
    "input": {"width": 8, "height": 8, "channels": 1, "color": "L", "scale": 1, "mean": [0], "std": [1]},
    "output": {"kind": "logits"},
    "labels": ["0", "1"],
}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_made_plain(text: str) -> None:
    assert not is_plain(text)
    assert is_plain(plain(text))


@pytest.mark.parametrize("text", ["Grüße, 日本 – שלום", "👩‍🚀 🏳️‍🌈", "می‌خواهم", "a b", ""])
def test_what_people_write_stays(text: str) -> None:
    assert is_plain(text)
    assert plain(text) == text
    assert json.loads(plain_json(text)) == text


@given(st.text())
def test_a_plain_text_is_plain_and_json_is_the_same_value(text: str) -> None:
    assert is_plain(plain(text).replace("\t", "").replace("\n", ""))
    written = plain_json({"text": text})
    assert is_plain(written)
    assert json.loads(written) == {"text": text}


def test_a_whole_sequence_goes() -> None:
    assert plain("a\x1b[31;1mb\x1b[0mc\x1b]8;;http://evil.example\x1b\\d") == "abcd"


@pytest.mark.parametrize("text", HOSTILE)
def test_no_console_passes_them_on(text: str) -> None:
    file = io.StringIO()
    console = PlainConsole(file=file, force_terminal=False, width=80)
    table = Table("key")
    table.add_row(text)
    for each in (text, Text(text), Text.assemble(("styled", "red"), text), table):
        console.print(each, markup=False)

    assert is_plain(file.getvalue().replace("\n", ""))


def test_a_terminal_gets_its_styles() -> None:
    file = io.StringIO()
    PlainConsole(file=file, force_terminal=True, width=80, color_system="standard").print(
        Text("\x1b[2Jred", style="red")
    )

    assert file.getvalue() == "\x1b[31mred\x1b[0m\n"


@pytest.mark.parametrize("text", [*HOSTILE, "two\nlines", "a\ttab"])
def test_a_model_names_nothing_so(text: str) -> None:
    parse_spec(DIGITS)
    for changed in ({"labels": ["0", text]}, {"name": text}):
        with pytest.raises(ModelSpecError, match="invisible") as caught:
            parse_spec(DIGITS | changed)
        assert is_plain(str(caught.value))


@pytest.mark.parametrize("content", ["[" * 100_000, '{"a":' * 50_000, " " * (8 * 1024 * 1024 + 1)])
def test_a_model_json_is_bounded(tmp_path: Path, content: str) -> None:
    (tmp_path / "model.json").write_text(content)

    with pytest.raises(ModelSpecError, match=r"nested|larger"):
        read_spec(tmp_path)
