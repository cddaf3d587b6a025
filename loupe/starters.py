"""The models that Loupe brings along, and a person's own: a name or a path becomes a folder to host."""

import os
from collections.abc import Mapping
from pathlib import Path

from loupe.aws import Cloud
from loupe.console import step, working
from loupe.errors import InputError, ModelRefusedError
from loupe.hosting import Hosted, Hosting
from loupe.stack import Stack
from loupe.training.endpoint import Endpoint
from model import photos
from model.check import Report, check_model
from model.errors import ModelError
from model.spec import SPEC_FILE

PHOTOS, DIGITS = "photos", "digits"
STARTERS = (PHOTOS, DIGITS)
DIGITS_FOLDER = Path("model", "artifacts", "digits")
PICTURES = ("coffee.jpg", "cat.jpg", "digit-5.png")
"""Real pictures that every model is tried with, in events/images."""


def is_model(wanted: str) -> bool:
    """Whether this is one of ours, or a folder with a model."""
    return wanted in STARTERS or (Path(wanted).expanduser() / SPEC_FILE).is_file()


def model_folder(root: Path, wanted: str) -> Path:
    """The folder of `photos`, `digits` or a path; InputError when there is no model."""
    if wanted == DIGITS:
        return root / DIGITS_FOLDER
    if wanted == PHOTOS:
        try:
            if photos.is_current(root / photos.FOLDER):
                return root / photos.FOLDER
            with working("Building the photo model", "Photo model built"):
                return photos.built(root)
        except ModelError as error:
            raise InputError(f"The photo model cannot be built: {error}.") from error
    folder = Path(wanted).expanduser()
    if not folder.is_dir():
        near = " A path that is no folder here?" if os.sep in wanted else ""
        raise InputError(f"There is no model {wanted}: give {' or '.join(STARTERS)}, or a folder.{near}")
    return folder


def try_out_pictures(root: Path) -> Mapping[str, bytes]:
    """Real pictures by name: two photos and a digit."""
    return {name: (root / "events" / "images" / name).read_bytes() for name in PICTURES}


def check_folder(root: Path, folder: Path) -> Report:
    """Check a model on real pictures; ModelRefusedError names what is wrong, and what to do."""
    report = check_model(folder, try_out_pictures(root))
    if report.passed:
        return report
    what = "; ".join(each.message for each in report.problems)
    fixable = all(each.fix is not None for each in report.problems)
    advice = f". `loupe model check {folder} --fix NEW` writes it put right to NEW" if fixable else ""
    raise ModelRefusedError(f"The model in {folder} can't be hosted: {what}{advice}.")


def deploy_model(hosting: Hosting, root: Path, wanted: str) -> Hosted:
    """Check `photos`, `digits` or a folder, and bring it into service. InputError, ModelRefusedError."""
    folder = model_folder(root, wanted)
    return hosting.deploy(folder, try_out_pictures(root), check_folder(root, folder))


def host_starter(cloud: Cloud, stack: Stack, root: Path, wanted: str | None) -> None:
    """Give the stack's endpoint a model: the wanted one, or, where nothing is live, the photo model."""
    endpoint = Endpoint(cloud, stack.output("EndpointName"))
    live = endpoint.live()
    if wanted is None and live is not None and live.status == "InService":
        step("Endpoint is in service", f"{endpoint.name} serves {', '.join(live.shares)}")
        return
    hosted = deploy_model(Hosting(cloud, stack, endpoint), root, wanted or PHOTOS)
    if live is not None and live.config == hosted.config:
        step("Endpoint is in service", f"{endpoint.name} serves {hosted.model}")
