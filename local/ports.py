"""Loopback ports for what the local cloud and its tests start."""

import random
import socket

# Below the ports that Linux gives to outgoing connections (32768 up), one of which could take a port between
# being found free and being listened on.
_LOWEST, _HIGHEST = 20_000, 32_767
_ATTEMPTS = 1_000


def free_port() -> int:
    """A port of 127.0.0.1 that nothing uses now. Raises OSError if there is none."""
    for port in random.sample(range(_LOWEST, _HIGHEST + 1), _ATTEMPTS):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port from {_LOWEST} to {_HIGHEST}")
