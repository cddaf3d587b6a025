"""Runs the fake cloud and the page on two ports of loopback, so that the browser sees two origins."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette

from tests.polling import wait_for
from tests.web.fake.classifier import THRESHOLD
from tests.web.fake.cloud import Cloud
from tests.web.fake.issuer import CLIENT_ID, Issuer
from tests.web.fake.reviews import Reviews
from tests.web.fake.site import site
from tests.web.fake.store import Store


@dataclass(frozen=True)
class FakeDeployment:
    """A running fake: where the page is, and what is behind it."""

    url: str
    cloud_url: str
    cloud: Cloud

    @property
    def reviews(self) -> Reviews:
        return self.cloud.reviews

    @property
    def store(self) -> Store:
        return self.cloud.store


@contextmanager
def fake_deployment(dist: Path, pace: float = 1.0, page_port: int = 0) -> Iterator[FakeDeployment]:
    """Both servers, ready to be asked; closed at the end."""
    with ExitStack() as stack:
        page_socket, cloud_socket = _listen(page_port), _listen(0)
        page_url, cloud_url = _url(page_socket), _url(cloud_socket)
        cloud = Cloud(Store(pace=pace), Issuer())
        config: dict[str, Any] = {
            "apiUrl": cloud_url,
            "oidc": {"authority": f"{cloud_url}/pool", "clientId": CLIENT_ID, "scope": "openid email"},
            "inboxUrl": f"{cloud_url}/_loupe/inbox",
            "threshold": THRESHOLD,
        }
        stack.enter_context(served(cloud.app(page_url), cloud_socket))
        stack.enter_context(served(site(dist, config, cloud_url), page_socket))
        yield FakeDeployment(page_url, cloud_url, cloud)


def _listen(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port))


def _url(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def served(app: Starlette, listening: socket.socket) -> Iterator[None]:
    """Serve on a socket that listens already, in a thread; the socket is closed at the end."""
    config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        wait_for(lambda: server.started, "the server to start", seconds=10)
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listening.close()
