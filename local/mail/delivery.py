"""Takes messages to the inbox in the order they were sent: e-mail over SMTP, text messages directly."""

import logging
import queue
import smtplib
import threading
from email.message import EmailMessage

from local.cloud.settings import HOST
from local.mail.inbox import Inbox

SENDER = "no-reply@sns.amazonaws.com"
SMTP_SECONDS = 10
_log = logging.getLogger(__name__)


class MailSender:
    """One thread that delivers, so that Publish does not wait and the order stays."""

    def __init__(self, inbox: Inbox, smtp_port: int, secret: str) -> None:
        self._inbox = inbox
        self._port = smtp_port
        self._secret = secret
        self._queue: queue.Queue[EmailMessage | tuple[str, str] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="mail-sender", daemon=True)

    def start(self) -> None:
        """Start delivering."""
        self._thread.start()

    def stop(self) -> None:
        """Deliver what waits, then stop."""
        self._queue.put(None)
        self._thread.join(SMTP_SECONDS)

    def mail(self, to: str, subject: str, body: str) -> None:
        """Send an e-mail."""
        message = EmailMessage()
        message["From"] = f"AWS Notifications <{SENDER}>"
        message["To"] = to
        message["Subject"] = subject
        message.set_content(body)
        self._queue.put(message)

    def text(self, number: str, body: str) -> None:
        """Send a text message; it has no subject."""
        self._queue.put((number, body))

    def _run(self) -> None:
        while (message := self._queue.get()) is not None:
            try:
                if isinstance(message, tuple):
                    self._inbox.add(message[0], "", message[1])
                else:
                    with smtplib.SMTP(HOST, self._port, timeout=SMTP_SECONDS) as connection:
                        connection.login("loupe", self._secret)
                        connection.send_message(message)
            except (OSError, smtplib.SMTPException) as error:
                _log.warning("a message was not delivered: %s", error)
