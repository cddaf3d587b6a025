"""What the command reads from its surroundings, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from loupe.errors import InputError

DEFAULT_PORT = 4566
DEFAULT_STACK = "loupe"


@dataclass(frozen=True)
class Settings:
    """Where the project and its local cloud's state are, and what the environment says about the target."""

    root: Path
    state: Path
    port: int
    endpoint_url: str | None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], root: Path | None = None) -> "Settings":
        """LOUPE_STATE and LOUPE_PORT move the local cloud; AWS_ENDPOINT_URL names another target."""
        root = root or Path(__file__).resolve().parent.parent
        state = environ.get("LOUPE_STATE") or ""
        return cls(
            root=root,
            state=Path(state).expanduser().resolve() if state else root / ".loupe",
            port=parse_port(environ.get("LOUPE_PORT") or str(DEFAULT_PORT), "LOUPE_PORT"),
            endpoint_url=environ.get("AWS_ENDPOINT_URL") or None,
        )


def parse_port(text: str, name: str) -> int:
    """A TCP port, 1 to 65535; InputError names where the bad one came from."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise InputError(f"{name} is {text!r}, which is no port. Give a number from 1 to 65535.")
    return int(text)
