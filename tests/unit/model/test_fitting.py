"""What a training starts from, where that is left to it. PyTorch's part is a fake's."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from model.container import Container
from model.fitted import Fitted
from model.fitting import Parts, fit, fit_last_layer
from model.hyperparameters import Hyperparameters
from tests.unit.model.backbones import Shape, colours, write_backbone


@pytest.fixture
def started_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """The backbones that a network was fitted from."""
    found: list[Path] = []
    other = write_backbone(tmp_path / "other", Shape())

    def fit_network(checkpoints: Path, hyperparameters: Hyperparameters, backbone: Path, *_: Any) -> Fitted:
        found.append(backbone)
        return fit_last_layer(hyperparameters, other, Parts(colours(30), colours(9, seed=2)))

    fake = ModuleType("model.network_fitting")
    fake.fit_network = fit_network  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "model.network_fitting", fake)
    return found


@pytest.mark.parametrize("sent", [True, False], ids=["a backbone for colours", "no backbone"])
def test_grey_pictures_are_learned_from_nothing_though_a_backbone_was_sent(
    sent: bool, started_from: list[Path], tmp_path: Path
) -> None:
    container = Container(tmp_path / "ml")
    if sent:
        write_backbone(container.channel("backbone"), Shape())
    parts = Parts(colours(30), colours(9, seed=2))

    fit(container, Hyperparameters(name="digits", backbone="auto"), parts, None, threading.Event())

    (backbone,) = started_from
    assert not backbone.exists()
    assert "the pictures are grey" in (container.model / "training.json").read_text("utf-8")
