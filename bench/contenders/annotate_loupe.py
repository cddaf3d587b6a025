"""Loupe's annotated picture: annotate_loupe.py PICTURE LABEL SCORE LABEL SCORE …"""

import sys
from pathlib import Path

from bench.contenders.turns import take_turns
from loupe_imaging.annotate import annotate
from loupe_imaging.picture import read_picture


def main(path: Path, words: list[str]) -> None:
    predictions = [(label, float(score)) for label, score in zip(words[::2], words[1::2], strict=True)]
    take_turns(lambda: len(annotate(read_picture(path.read_bytes()), predictions, []).content))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
