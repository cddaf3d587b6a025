"""The inbox: every message that the local cloud delivered to a person, kept in the state folder."""

import sqlite3
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS messages "
    '(id INTEGER PRIMARY KEY, "to" TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL, '
    "receivedAt TEXT NOT NULL)"
)


@dataclass(frozen=True)
class Message:
    """A delivered message; `to` is an e-mail address or a phone number, `received_at` UTC in ISO 8601."""

    to: str
    subject: str
    body: str
    received_at: str

    def to_json(self) -> dict[str, str]:
        """`{to, subject, body, receivedAt}`."""
        return {"to": self.to, "subject": self.subject, "body": self.body, "receivedAt": self.received_at}


class Inbox:
    """A table of messages in one SQLite file; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False)
        with self._lock, self._database:
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute(_SCHEMA)

    def add(self, to: str, subject: str, body: str) -> None:
        """Keep a message that arrived now."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        with self._lock, self._database:
            self._database.execute(
                'INSERT INTO messages ("to", subject, body, receivedAt) VALUES (?, ?, ?, ?)',
                (to, subject, body, now),
            )

    def messages(self, newest: int | None = None) -> list[Message]:
        """All messages, or so many of the newest; oldest first."""
        with self._lock:
            rows = self._database.execute(
                'SELECT "to", subject, body, receivedAt FROM messages ORDER BY id DESC LIMIT ?',
                # SQLite takes a negative limit for none.
                (-1 if newest is None else newest,),
            ).fetchall()
        return [Message(*row) for row in reversed(rows)]

    def version(self) -> str:
        """Another text whenever the messages are others."""
        with self._lock:
            last, count = self._database.execute("SELECT max(id), count(*) FROM messages").fetchone()
        return f"{last or 0}-{count}"

    def clear(self) -> int:
        """Delete all messages; returns how many there were."""
        with self._lock, self._database:
            return self._database.execute("DELETE FROM messages").rowcount

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()
