"""Fonts for labels in any script. Lambda has none: they come as packages, and fontconfig is told where.

The packages are in the fonts layer and in the development environment. All are Noto fonts under the Open Font
License.
"""

import hashlib
import os
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from xml.sax.saxutils import escape

FAMILY = "Noto Sans"
# Package, and where in it the fonts lie.
FONTS = {
    "justmytype_western_core": ("fonts/ofl/notosans", "fonts/ofl/notosanssymbols2"),
    "justmytype_intl_rtl": ("fonts",),
    "justmytype_intl_south_asia": ("fonts",),
    "justmytype_intl_sea": ("fonts",),
    "justmytype_intl_africa": ("fonts",),
    "noto_cjk_sans_jp_regular": ("",),
}


class FontsMissingError(Exception):
    """None of the font packages is installed: the function lacks its fonts layer."""


def font_folders() -> list[Path]:
    """The folders of all font packages that are installed. Nothing of theirs is imported."""
    folders: list[Path] = []
    for package, places in FONTS.items():
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            folders += [Path(spec.origin).parent / place for place in places]
    return folders


@cache
def use_packaged_fonts() -> None:
    """Point fontconfig to the packaged fonts and to no others. Must precede the first text that is drawn."""
    folders = font_folders()
    if not folders:
        raise FontsMissingError("No font package is installed: the fonts layer is missing.")
    # Always the same content: workers that share a folder for temporary files share the cache of glyphs too.
    home = Path(tempfile.gettempdir()) / f"loupe-fonts-{os.getuid()}"
    home.mkdir(mode=0o700, exist_ok=True)
    lines = [f"<dir>{escape(str(folder))}</dir>" for folder in folders]
    lines.append(f"<cachedir>{escape(str(home / 'cache'))}</cachedir>")
    text = "<?xml version='1.0'?>\n<fontconfig>\n" + "\n".join(lines) + "\n</fontconfig>\n"
    config = home / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.conf"
    if not config.exists():
        draft = config.with_suffix(f".{os.getpid()}")
        draft.write_text(text)
        draft.replace(config)
    os.environ["FONTCONFIG_FILE"] = str(config)
