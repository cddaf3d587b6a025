"""Loupe's model input of a picture: serialize_loupe.py PICTURE."""

import sys
from pathlib import Path

from bench.contenders.turns import take_turns
from loupe_imaging.normalise import model_input
from loupe_imaging.picture import read_picture


def main(path: Path) -> None:
    take_turns(lambda: len(model_input(read_picture(path.read_bytes()))))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
