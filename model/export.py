"""Write a torch classifier as model.onnx, its temperature inside."""

# mypy: disable-error-code="misc"
import logging
import os
import warnings
from pathlib import Path

import torch
from torch import nn

from model.spec import MODEL_FILE, InputSpec


class Tempered(nn.Module):
    """A classifier: logits divided by a temperature, a share of the answer spread over all classes."""

    def __init__(self, classifier: nn.Module, temperature: float, spread: float = 0.0) -> None:
        super().__init__()
        self.classifier = classifier
        self.temperature, self.spread = temperature, spread

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.classifier(pictures) / self.temperature
        if not self.spread:
            return logits
        shares = torch.softmax(logits, dim=1)
        return torch.log(shares * (1 - self.spread) + self.spread / logits.shape[1])


def export_onnx(
    classifier: nn.Module, spec: InputSpec, temperature: float, folder: Path, spread: float = 0.0
) -> Path:
    """Write `model.onnx` with a free batch size; weights inside the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / MODEL_FILE
    model = Tempered(classifier, temperature, spread).eval()
    example = torch.zeros(2, spec.channels, spec.height, spec.width)
    for name in ("torch.onnx", "onnxscript", "onnx_ir"):
        logging.getLogger(name).setLevel(logging.ERROR)
    unfinished = path.with_name(path.name + ".part")
    with warnings.catch_warnings():
        # The exporter warns about its own internals; nothing in it concerns the model.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            model,
            (example,),
            dynamo=True,
            verbose=False,
            input_names=["pictures"],
            output_names=["logits"],
            dynamic_shapes={"pictures": {0: torch.export.Dim("batch", min=1, max=4096)}},
        )
        assert program is not None
        for node in program.model.graph:
            # Each node carries stack traces of this machine; they make the file larger and tell paths.
            node.metadata_props.clear()
        program.save(str(unfinished), external_data=False)
    os.replace(unfinished, path)
    return path
