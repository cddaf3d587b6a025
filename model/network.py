"""The small convolutional network that is trained from scratch, for any picture size."""

# mypy: disable-error-code="misc"
import torch
from torch import Tensor, nn

MIN_MAP = 8
WIDEST = 4
DECAY = 0.998


def convolution(inputs: int, outputs: int) -> nn.Sequential:
    """3 x 3 with batch norm."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class SmallNetwork(nn.Module):
    """N x channels x height x width, normalised, to N x classes logits.

    One narrow convolution at full size, where each costs most; then stages of two that halve the map and
    double the width, `base` in the first, until the map is about 8 x 8; a last pooling, so that the
    classifier sees where things are but is not large.
    """

    def __init__(
        self, channels: int, height: int, width: int, classes: int, base: int = 48, dropout: float = 0.3
    ) -> None:
        super().__init__()
        inputs = max(8, base // 4)
        layers: list[nn.Module] = [convolution(channels, inputs)]
        stage = 0
        while (stage < 2 and min(height, width) >= 4) or min(height, width) > MIN_MAP:
            outputs = base * min(2**stage, WIDEST)
            layers += [nn.MaxPool2d(2), convolution(inputs, outputs), convolution(outputs, outputs)]
            height, width, inputs, stage = height // 2, width // 2, outputs, stage + 1
        if min(height, width) >= 4:
            layers.append(nn.MaxPool2d(2))
            height, width = height // 2, width // 2
        self.features = nn.Sequential(*layers)
        self.head = nn.Sequential(
            nn.Flatten(), nn.Dropout(dropout), nn.Linear(inputs * height * width, classes)
        )

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(pictures))
        return logits


def averaged(model: nn.Module) -> torch.optim.swa_utils.AveragedModel:
    """A copy of the model whose weights, and batch-norm statistics, are a moving average of the model's."""

    def average(ours: list[Tensor], theirs: list[Tensor], count: Tensor | int) -> None:
        # A short memory at first, or the beginning would be remembered for thousands of steps.
        share = max(1 - DECAY, 9 / (10 + int(count)))
        for mine, new in zip(ours, theirs, strict=True):
            if mine.is_floating_point():
                mine.lerp_(new, share)
            else:
                mine.copy_(new)

    return torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=average, use_buffers=True)
