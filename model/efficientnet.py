"""Transfer learning from EfficientNet (B2 and its kin): weights as Hugging Face's transformers saves them.

A folder with config.json and model.safetensors or pytorch_model.bin. All weights are tuned, the pretrained
ones at a tenth of the learning rate.
"""

# mypy: disable-error-code="misc"
import json
from dataclasses import replace
from pathlib import Path

from torch import Tensor, nn

from model.errors import BackboneError
from model.spec import InputSpec

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class EfficientNetClassifier(nn.Module):
    """N x 3 x height x width, normalised, to N x classes logits."""

    def __init__(self, folder: Path, classes: int) -> None:
        """Load the weights but for the last layer, which is new. Raises BackboneError."""
        super().__init__()
        try:
            from transformers import EfficientNetForImageClassification
        except ImportError:
            raise BackboneError("this backbone needs transformers: pip install transformers") from None
        try:
            self.model = EfficientNetForImageClassification.from_pretrained(
                str(folder), num_labels=classes, ignore_mismatched_sizes=True, local_files_only=True
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise BackboneError(f"the EfficientNet weights cannot be loaded: {error}") from None
        self.backbone = self.model.efficientnet

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.model(pixel_values=pictures).logits
        return logits


def is_efficientnet(folder: Path) -> bool:
    """Whether the folder holds an EfficientNet of transformers."""
    try:
        document = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and document.get("model_type") == "efficientnet"


def normalised_as_pretrained(folder: Path, shape: InputSpec) -> InputSpec:
    """The prepared input with the mean and standard deviation of pretraining. Raises BackboneError."""
    if shape.channels != 3:
        raise BackboneError("EfficientNet takes colour; prepare the data with --color RGB")
    mean, std = IMAGENET_MEAN, IMAGENET_STD
    path = folder / "preprocessor_config.json"
    if path.is_file():
        try:
            document = json.loads(path.read_text("utf-8"))
            mean, std = tuple(document["image_mean"]), tuple(document["image_std"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BackboneError(f"preprocessor_config.json cannot be read: {error}") from None
    return replace(shape, mean=mean, std=std)
