"""The SMTP server on loopback: it takes mail for anybody, from the cloud alone, and keeps it in the inbox."""

import asyncio
import email
import email.policy
import logging
import warnings
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from local.cloud.credentials import is_secret
from local.cloud.settings import HOST
from local.mail.inbox import Inbox

MAX_MESSAGE_BYTES = 1024 * 1024


class _Keep:
    """aiosmtpd's handler: every recipient gets its own message in the inbox."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the message; the name is aiosmtpd's."""
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content).encode()
        message = email.message_from_bytes(raw, EmailMessage, policy=email.policy.default)
        part = message.get_body(("plain", "html"))
        body = str(part.get_content()).replace("\r\n", "\n") if part is not None else ""
        for recipient in envelope.rcpt_tos:
            await asyncio.to_thread(
                self._inbox.add, recipient, str(message["Subject"] or ""), body.rstrip("\n")
            )
        return "250 Message accepted for delivery"


class MailServer:
    """Runs the SMTP server in a thread of its own."""

    def __init__(self, inbox: Inbox, port: int, secret: str) -> None:
        self._secret = secret
        self._controller = Controller(
            _Keep(inbox),
            hostname=HOST,
            port=port,
            data_size_limit=MAX_MESSAGE_BYTES,
            enable_SMTPUTF8=True,
            authenticator=self._authenticate,
            auth_required=True,
            # Loopback is as private as TLS.
            auth_require_tls=False,
        )
        self.port = port

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        """Only who has the cloud's secret sends: a browser's request to this port, for one, does not."""
        known = isinstance(data, LoginPassword) and is_secret(data.password.decode("latin-1"), self._secret)
        return AuthResult(success=known)

    @property
    def url(self) -> str:
        """`smtp://127.0.0.1:PORT`."""
        return f"smtp://{HOST}:{self.port}"

    def start(self) -> None:
        """Start, and return when it accepts connections."""
        with warnings.catch_warnings():
            # It warns of passwords without TLS.
            warnings.simplefilter("ignore", UserWarning)
            logging.getLogger("mail.log").setLevel(logging.ERROR)
            self._controller.start()

    def stop(self) -> None:
        """Stop, and close the port."""
        self._controller.stop()
