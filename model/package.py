"""Build model.tar.gz as SageMaker wants it, byte for byte the same from the same files.

python -m model.package DIR OUT
"""

import argparse
import gzip
import os
import sys
import tarfile
from pathlib import Path

from model.errors import ModelError, ModelSpecError
from model.spec import MODEL_FILE, read_spec


def build_package(folder: Path, out: Path) -> Path:
    """Pack a folder into the archive `out`. Raises ModelSpecError when it holds no usable model."""
    read_spec(folder)
    if not (folder / MODEL_FILE).is_file():
        raise ModelSpecError("(model)", f"there is no {MODEL_FILE} in {folder}")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.resolve() != out.resolve())
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_name(out.name + ".part")
    with (
        unfinished.open("wb") as raw,
        # No name and no time in gzip's header; no owner and no time in tar's.
        gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in files:
            entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
            entry.size = path.stat().st_size
            entry.mode = 0o644
            with path.open("rb") as content:
                archive.addfile(entry, content)
    os.replace(unfinished, out)
    return out


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m model.package", description="Build model.tar.gz from a folder."
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder with model.onnx and model.json")
    parser.add_argument("out", type=Path, metavar="OUT", help="the archive to write")
    options = parser.parse_args(arguments)
    try:
        print(build_package(options.folder, options.out))
    except (ModelError, OSError) as error:
        print(f"model.package: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
