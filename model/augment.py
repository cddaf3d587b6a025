"""Variations of training pictures, drawn on whole batches of tensors.

light: turned, slanted, scaled and moved a little, for digits, letters and signs.
photo: the same and mirrored, with other brightness, contrast and saturation, and a patch left out.
"""

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Augmentation:
    """How far pictures may be varied."""

    degrees: float = 0.0
    slant: float = 0.0
    zoom: float = 0.0
    shift: float = 0.0
    flip: bool = False
    light: float = 0.0
    patch: float = 0.0

    def __call__(self, pictures: Tensor, generator: Generator) -> Tensor:
        """N x C x H x W in 0…1, varied; the same by the same generator state."""
        if self.flip:
            mirrored = torch.rand(len(pictures), 1, 1, 1, generator=generator) < 0.5
            pictures = torch.where(mirrored, pictures.flip(3), pictures)
        if self.degrees or self.shift or self.zoom or self.slant:
            pictures = self._moved(pictures, generator)
        if self.light:
            pictures = self._lit(pictures, generator)
        return self._patched(pictures, generator) if self.patch else pictures

    def _moved(self, pictures: Tensor, generator: Generator) -> Tensor:
        count = len(pictures)
        turn, slant, scale, wide, right, down = (
            torch.rand(count, generator=generator) * 2 * most - most
            for most in (
                *(math.radians(self.degrees), self.slant, self.zoom, self.zoom / 2),
                *(2 * self.shift, 2 * self.shift),
            )
        )
        across, along = (1 + scale) * (1 + wide), (1 + scale) * (1 - wide)
        cos, sin = torch.cos(turn), torch.sin(turn)
        theta = torch.stack(
            [
                torch.stack([across * cos, slant - along * sin, right], dim=1),
                torch.stack([across * sin, along * cos, down], dim=1),
            ],
            dim=1,
        )
        grid = functional.affine_grid(theta, list(pictures.shape), align_corners=False)
        # The border goes on outwards: paper stays paper, a blackboard stays black.
        return functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)

    def _lit(self, pictures: Tensor, generator: Generator) -> Tensor:
        def factor() -> Tensor:
            return 1 + (torch.rand(len(pictures), 1, 1, 1, generator=generator) * 2 - 1) * self.light

        pictures = pictures * factor()
        mean = pictures.mean(dim=(1, 2, 3), keepdim=True)
        pictures = mean + (pictures - mean) * factor()
        grey = pictures.mean(dim=1, keepdim=True)
        return (grey + (pictures - grey) * factor()).clamp(0, 1)

    def _patched(self, pictures: Tensor, generator: Generator) -> Tensor:
        """A square of the picture's mean colour, somewhere, in half of the pictures."""
        count, _, height, width = pictures.shape
        top, left = (torch.rand(count, 1, 1, 1, generator=generator) for _ in range(2))
        rows = torch.arange(height).view(1, 1, -1, 1) / height
        columns = torch.arange(width).view(1, 1, 1, -1) / width
        inside = ((rows - top).abs() < self.patch / 2) & ((columns - left).abs() < self.patch / 2)
        inside = inside & (torch.rand(count, 1, 1, 1, generator=generator) < 0.5)
        return torch.where(inside, pictures.mean(dim=(2, 3), keepdim=True), pictures)


def augmentation_for(kind: str, flip: str, channels: int) -> Augmentation:
    """The hyperparameters `augmentation` and `flip` for pictures of that many channels."""
    if kind == "auto":
        kind = "light" if channels == 1 else "photo"
    mirrored = flip == "yes" or (flip == "auto" and kind == "photo")
    if kind == "none":
        return Augmentation(flip=mirrored)
    if kind == "light":
        return Augmentation(degrees=12, slant=0.12, zoom=0.12, shift=0.08, flip=mirrored)
    return Augmentation(degrees=8, slant=0.05, zoom=0.15, shift=0.1, flip=mirrored, light=0.25, patch=0.3)
