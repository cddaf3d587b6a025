"""The keys of a local cloud, in its state folder, which is for its user alone.

`credentials.json` holds the account's root key: `test`/`test`, which everybody knows, or with
`LOUPE_CREDENTIALS=random` a pair that is made once for the folder, for a machine that several people use.
`cloud.secret` is made at every start: what shows that a request for the cloud's own paths or services comes
from the gateway or from somebody who may read the folder.
"""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.cloud.errors import CloudError

KEY_FILE = "credentials.json"
SECRET_FILE = "cloud.secret"
SECRET_HEADER = "x-loupe-secret"
# How the services that the gateway starts learn it.
SECRET_VARIABLE = "LOUPE_CLOUD_SECRET"
_CHOICES = ("test", "random")


@dataclass(frozen=True)
class RootKey:
    """The root user's access key."""

    access_key: str
    secret_key: str = field(repr=False)

    @property
    def known(self) -> bool:
        """Whether it is the one that everybody knows."""
        return self == KNOWN_KEY


KNOWN_KEY = RootKey("test", "test")


def choose_root_key(state: Path, environ: Mapping[str, str]) -> RootKey:
    """The folder's key, made if it must be: what LOUPE_CREDENTIALS says, else what the folder has, else
    `test`. Raises CloudError for a word that is neither `test` nor `random`.
    """
    choice = environ.get("LOUPE_CREDENTIALS") or None
    if choice not in (None, *_CHOICES):
        raise CloudError(f"LOUPE_CREDENTIALS is {choice!r}: give `random`, or `test`.")
    key = read_root_key(state)
    if choice == "test":
        key = KNOWN_KEY
    elif choice == "random" and key.known:
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
        name = "AKIA" + "".join(secrets.choice(letters) for _ in range(16))
        key = RootKey(name, secrets.token_urlsafe(30))
    document = {"accessKeyId": key.access_key, "secretAccessKey": key.secret_key}
    write_private(state / KEY_FILE, json.dumps(document))
    return key


def read_root_key(state: Path) -> RootKey:
    """The folder's root key; `test` where there is no file."""
    try:
        document = json.loads((state / KEY_FILE).read_text())
        return RootKey(str(document["accessKeyId"]), str(document["secretAccessKey"]))
    except (OSError, ValueError, KeyError, TypeError):
        return KNOWN_KEY


def new_secret(state: Path) -> str:
    """A secret for this start, left in the folder."""
    secret = secrets.token_urlsafe(32)
    write_private(state / SECRET_FILE, secret)
    return secret


def read_secret(state: Path) -> str:
    """The secret of the cloud that runs on the folder; nothing where none does."""
    try:
        return (state / SECRET_FILE).read_text()
    except OSError:
        return ""


def is_secret(given: str | None, secret: str) -> bool:
    """Whether a request's secret is the cloud's; never with an empty one."""
    return bool(secret) and given is not None and secrets.compare_digest(given.encode(), secret.encode())


def make_private(state: Path) -> None:
    """Make the state folder, for its user alone. Raises CloudError where it belongs to somebody else."""
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        state.chmod(0o700)
    except PermissionError as error:
        raise CloudError(f"The state folder {state} belongs to somebody else: {error.strerror}.") from error


def write_private(path: Path, text: str) -> None:
    """Replace a file by one that its user alone may read."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new.replace(path)
