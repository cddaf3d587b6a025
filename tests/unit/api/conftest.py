"""The API on moto."""

from collections.abc import Iterator

import pytest

from tests.unit.api.world import World, made_world


@pytest.fixture
def world() -> Iterator[World]:
    with made_world() as made:
        yield made
