"""The digits classifier's network, and how its training pictures are drawn from 8 x 8 greys."""

# mypy: disable-error-code="misc"
import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

CANVAS = 32


def block(inputs: int, outputs: int) -> nn.Sequential:
    """A 3 x 3 convolution with batch norm."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class DigitNetwork(nn.Module):
    """N x 1 x 16 x 16 in 0…1 to N x 10 logits.

    The network first stretches contrast to the full range and turns dark on light over, going by the border,
    so that pencil on paper and chalk on a board look the same to it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            block(1, 24),
            block(24, 24),
            nn.MaxPool2d(2),
            block(24, 48),
            block(48, 48),
            nn.MaxPool2d(2),
            block(48, 96),
        )
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Flatten(), nn.Linear(96 * 16, 10))

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(light_on_dark(pictures)))
        return logits


def light_on_dark(pictures: Tensor) -> Tensor:
    """Full contrast, and the background dark."""
    low = pictures.amin(dim=(2, 3), keepdim=True)
    high = pictures.amax(dim=(2, 3), keepdim=True)
    full = (pictures - low) / (high - low).clamp(min=0.1)
    ring = torch.cat([full[:, :, 0], full[:, :, -1], full[:, :, :, 0], full[:, :, :, -1]], dim=2)
    light_border = ring.mean(dim=2).unsqueeze(-1).unsqueeze(-1) > 0.5
    return torch.where(light_border, 1 - full, full)


def written(small: Tensor, side: int, generator: Generator) -> Tensor:
    """N x 1 x 8 x 8 greys as people might hand them in: smaller, turned, slanted, blurred or sharp."""
    count = len(small)

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(count, generator=generator) * (high - low) + low

    canvas = functional.interpolate(small, size=(CANVAS, CANVAS), mode="bicubic", align_corners=False).clamp(
        0, 1
    )
    # theta maps output to input: a factor above 1 makes the digit smaller and leaves a margin.
    zoom = uniform(0.95, 1.6)
    stretch = uniform(0.9, 1.1)
    turn, slant = uniform(-0.2, 0.2), uniform(-0.2, 0.2)
    free = (zoom - 0.9).clamp(min=0.05)
    right, down = uniform(-1, 1) * free * 0.6, uniform(-1, 1) * free * 0.6
    cos, sin = torch.cos(turn), torch.sin(turn)
    theta = torch.stack(
        [
            torch.stack([zoom * stretch * cos, zoom * (slant - sin), right], dim=1),
            torch.stack([zoom * sin, zoom / stretch * cos, down], dim=1),
        ],
        dim=1,
    )
    grid = functional.affine_grid(theta, [count, 1, CANVAS, CANVAS], align_corners=False)
    moved = functional.grid_sample(canvas, grid, align_corners=False)
    # A pen is sharper than a scan: half of the strokes are hardened, their width by the bend.
    hardness, bend = uniform(4, 20).view(-1, 1, 1, 1), uniform(0.25, 0.6).view(-1, 1, 1, 1)
    pen = torch.sigmoid((moved - bend) * hardness) - torch.sigmoid(-bend * hardness)
    chosen = (torch.rand(count, generator=generator) < 0.5).view(-1, 1, 1, 1)
    drawn = torch.where(chosen, pen.clamp(0, 1), moved)
    shrunk = functional.interpolate(drawn, size=(side, side), mode="bilinear", antialias=True)
    plain = functional.interpolate(small, size=(side, side), mode="bilinear", align_corners=False)
    untouched = (torch.rand(count, generator=generator) < 0.2).view(-1, 1, 1, 1)
    return torch.where(untouched, plain, shrunk)


def not_digits(pictures: Tensor, count: int, generator: Generator) -> Tensor:
    """Pictures that are no digit: blank, noise, waves, and two digits laid over each other."""
    side = pictures.shape[-1]
    kinds = torch.randint(0, 4, (count,), generator=generator).view(-1, 1, 1, 1)
    shape = (count, 1, side, side)
    blank = torch.rand((count, 1, 1, 1), generator=generator).expand(shape)
    noise = torch.rand(shape, generator=generator)
    coarse = torch.rand((count, 1, 4, 4), generator=generator)
    waves = functional.interpolate(coarse, size=(side, side), mode="bicubic").clamp(0, 1)
    one = pictures[torch.randint(0, len(pictures), (count,), generator=generator)]
    two = pictures[torch.randint(0, len(pictures), (count,), generator=generator)]
    overlaid = torch.maximum(one, two.rot90(1, (2, 3)))
    return torch.where(
        kinds == 0, blank, torch.where(kinds == 1, noise, torch.where(kinds == 2, waves, overlaid))
    )
