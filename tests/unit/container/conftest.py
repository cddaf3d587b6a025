"""An account with the stack's bucket and table."""

from collections.abc import Iterator

import pytest

from tests.unit.container.world import World
from tests.unit.container.world import world as make_world


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with make_world(monkeypatch) as made:
        yield made
