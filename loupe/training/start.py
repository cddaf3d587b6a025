"""What `--backbone` means: where training starts from, and how the data is prepared for it."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from loupe.aws import Cloud
from loupe.aws_errors import translate_errors
from loupe.errors import CommandError, InputError
from loupe.pictures import S3Location, parse_s3_uri
from model.errors import ModelError, ModelSpecError
from model.photos import built
from model.spec import SPEC_FILE, InputSpec, parse_spec, read_spec

AUTO, NONE, PHOTOS = "auto", "none", "photos"


@dataclass(frozen=True)
class Start:
    """`source` is None for nothing; `remark` is to be said."""

    source: Path | S3Location | None = None
    preparation: dict[str, str | bool] = field(default_factory=dict)
    hyperparameters: dict[str, str] = field(default_factory=dict)
    remark: str | None = None


def start_from(text: str, root: Path) -> Start:
    """`auto`, `none`, `photos`, a folder or s3://…; InputError for a folder that isn't there.

    auto: the photo model for colour pictures, unless training from nothing does better on validation
    pictures; the training decides. Where the photo model cannot be built, from nothing, with a remark.
    """
    if text == NONE:
        return Start()
    if text in (AUTO, PHOTOS):
        try:
            folder = built(root)
            takes = read_spec(folder).input
        except (ModelError, OSError) as error:
            if text == PHOTOS:
                raise InputError(f"The photo model cannot be built: {error}.") from error
            return Start(remark=f"Training from nothing: the photo model cannot be built ({error})")
        if text == PHOTOS:
            return Start(folder, _prepared_as(takes))
        return Start(folder, {"transfer": f"{takes.width},{takes.filter}"}, {"backbone": AUTO})
    if text.startswith("s3://"):
        location = parse_s3_uri(text)
        return Start(location if location.is_prefix else S3Location(location.bucket, location.key + "/"))
    path = Path(text).expanduser()
    if not path.is_dir():
        raise InputError(f"--backbone {text}: no such folder. Give auto, none, photos, a folder or s3://….")
    try:
        return Start(path, _prepared_as(read_spec(path).input))
    except ModelSpecError:  # an EfficientNet's weights have none; a broken one the training names
        return Start(path)


def preparation_in_s3(cloud: Cloud, location: S3Location) -> dict[str, str | bool]:
    """How to prepare data for a backbone in S3, by its model.json; nothing where it has none."""
    try:
        with translate_errors(cloud.where):
            answer = cloud.client("s3").get_object(Bucket=location.bucket, Key=location.key + SPEC_FILE)
            document = json.loads(answer["Body"].read())
        return _prepared_as(parse_spec(document).input)
    except (CommandError, ValueError, ModelSpecError):
        return {}


def _prepared_as(takes: InputSpec) -> dict[str, str | bool]:
    if takes.width != takes.height:
        return {}
    color = "L" if takes.channels == 1 else "RGB"
    return {"side": str(takes.width), "color": color, "filter": takes.filter}
