"""One MiniStack for all tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.integration.states.harness import Cloud, Server


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    server = Server(tmp_path_factory.mktemp("states"), {})
    try:
        yield server.start()
    finally:
        server.stop()
