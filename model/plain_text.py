"""Text of strangers, where a person or a terminal reads it: keys, titles, labels, messages.

A terminal obeys control characters (C0, C1 and what follows ESC), and bidirectional marks make a text look
like another. Zero-width characters hide in names. Joiners stay: emoji and several scripts are written with
them.
"""

import json
import re
from collections.abc import Callable
from typing import Any

# C0 but tab and line feed; DEL and C1; line and paragraph separators; bidirectional marks, embeddings and
# isolates; zero-width space, word joiner, invisible operators, byte order mark; lone surrogates.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff]"
)
# A whole escape sequence, so that no "[31m" is left of it.
_SEQUENCE = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b\]|\x9d).*?(?:\x07|\x1b\\|\x9c)", re.DOTALL)


def is_plain(text: str) -> bool:
    """Whether a text has none of these characters, nor a tab or line feed: fit for a name."""
    return _UNSAFE.search(text) is None and not {"\t", "\n"} & set(text)


def plain(text: str) -> str:
    """The text without them; tabs and line feeds stay."""
    return _UNSAFE.sub("", _SEQUENCE.sub("", text))


def plain_json(value: Any, default: Callable[[Any], Any] | None = None) -> str:
    """JSON on one line that reads back as the value, with these characters escaped."""
    text = json.dumps(value, ensure_ascii=False, default=default)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
