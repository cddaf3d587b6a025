"""The local cloud's inbox: what its SMTP server delivered to people."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.cloud.credentials import SECRET_HEADER, read_secret
from loupe.errors import CloudError

TIMEOUT_SECONDS = 15.0
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Message:
    """One e-mail or SMS. `received_at` is UTC in ISO 8601."""

    to: str
    subject: str
    body: str
    received_at: str

    def to_dict(self) -> dict[str, str]:
        """Its keys are a contract."""
        return {"to": self.to, "subject": self.subject, "body": self.body, "receivedAt": self.received_at}


class Inbox:
    """Read and clear the inbox over the gateway of the cloud on a state folder, whose secret is there."""

    def __init__(self, gateway_url: str, state: Path) -> None:
        self._url = f"{gateway_url}/_loupe/inbox"
        self._state = state

    def messages(self) -> list[Message]:
        """All messages, the oldest first."""
        return [
            Message(each["to"], each["subject"], each["body"], each["receivedAt"])
            for each in self._call("GET")
        ]

    def clear(self) -> int:
        """Delete all messages; gives how many there were."""
        return int(self._call("DELETE")["deleted"])

    def _call(self, method: str) -> Any:
        headers = {SECRET_HEADER: read_secret(self._state)}
        request = urllib.request.Request(self._url, method=method, headers=headers)
        try:
            with _OPENER.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return json.load(answer)
        except (OSError, ValueError) as error:
            raise CloudError(f"The inbox at {self._url} does not answer: {error}") from error
