"""A wildcard of a policy matches every character.

AWS: `*` is any characters, a line feed in a key among them. Stock MiniStack: compiles it to a regular
expression's `.*`, which stops at a line feed, so that a Deny of `arn:…/*` misses such a key; and `$` lets one
follow.
"""

import functools
import re

from ministack.core import iam_evaluator


def install() -> None:
    """Match as AWS does."""
    iam_evaluator._fnmatch_compile = compiled


@functools.lru_cache(maxsize=4096)
def compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    """The regular expression of an IAM pattern, to be matched from its beginning."""
    wild = {"*": ".*", "?": "."}
    expression = "".join(wild.get(character) or re.escape(character) for character in pattern)
    return re.compile(rf"{expression}\Z", re.DOTALL | (re.IGNORECASE if ignore_case else 0))
