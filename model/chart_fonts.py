"""Fonts for class names in any script: matplotlib's own has Latin, Greek and Cyrillic only.

The Noto fonts come as packages (requirements/train.in). They are looked at only where a name needs them.
"""

import importlib.util
import unicodedata
from collections.abc import Container, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import cast

import matplotlib
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

# In the order in which they are asked; the first is the smallest with most scripts of the West.
PACKAGES = (
    "justmytype_western_core",
    "justmytype_intl_rtl",
    "justmytype_intl_south_asia",
    "justmytype_intl_sea",
    "justmytype_intl_africa",
    "noto_cjk_sans_jp_regular",
)


def use_fonts_for(figure: Figure) -> None:
    """Set every text of a figure in families that have its characters.

    What no font has (an emoji) is written as its name: [duck].
    """
    texts = cast("list[Text]", figure.findobj(Text))
    families, missing = families_for(each.get_text() for each in texts)
    for each in texts:
        each.set_fontfamily(families)
        each.set_text(spelled(each.get_text(), missing))


def families_for(texts: Iterable[str]) -> tuple[list[str], set[str]]:
    """Families for rcParams["font.family"]: matplotlib's own, then those that have what it lacks; and the
    characters that none has.
    """
    own = str(matplotlib.rcParamsDefault["font.sans-serif"][0])
    missing = {character for text in texts for character in text if character != "\n"}
    missing -= _characters(Path(font_manager.findfont(own)))
    families = [own]
    for path in _packaged() if missing else ():
        if not (found := missing & _characters(path)):
            continue
        font_manager.fontManager.addfont(path)
        families.append(FT2Font(str(path)).family_name)
        missing -= found
        if not missing:
            break
    return families, missing


def spelled(text: str, missing: Container[str]) -> str:
    """With names for the characters that are missing. Joiners and selectors of a form are nothing then."""
    if not any(character in missing for character in text):
        return text
    return "".join(
        f"[{unicodedata.name(character, f'U+{ord(character):04X}').lower()}]"
        if character in missing
        else character
        for character in text
        if character != "\u200d" and not "\ufe00" <= character <= "\ufe0f"
    )


@cache
def _characters(path: Path) -> frozenset[str]:
    return frozenset(map(chr, FT2Font(str(path)).get_charmap()))


def _packaged() -> Iterator[Path]:
    """Upright fonts of the packages that are installed. Nothing of theirs is imported."""
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            for path in sorted(Path(folder).rglob("*.[ot]tf")):
                if "Sans" in path.name and not any(word in path.name for word in ("Italic", "Mono")):
                    yield path
