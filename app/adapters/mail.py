"""Hand letters to an SMTP server."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.utils import formatdate
from typing import Final
from urllib.parse import unquote, urlsplit

from app.errors import SettingsError
from app.repositories.backend.letters import Letter
from app.services.delivery import PostmanError

TIMEOUT: Final = 20.0  # seconds
_PORTS: Final = {"smtp": 587, "smtps": 465}
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_FORM: Final = (
    "smtp://USER:PASSWORD@HOST:587 (STARTTLS where offered), or smtps://… for TLS at once"
)
# A folded address in List-Unsubscribe is none that mail programs read; lines may have 998 signs.
_POLICY: Final = policy.default.clone(max_line_length=990)


@dataclass(frozen=True, slots=True, repr=False)
class SmtpPostman:
    """Send letters through one server; a password never travels unencrypted but to this machine."""

    scheme: str
    host: str
    port: int
    user: str | None
    password: str | None
    sender: str

    @classmethod
    def of(cls, address: str, sender: str) -> SmtpPostman:
        """Read SMTP_URL; raise SettingsError, repeating nothing of it, when it cannot be read."""
        try:
            found = urlsplit(address)
            port = found.port or _PORTS[found.scheme]
        except (ValueError, KeyError):
            raise SettingsError(f"SMTP_URL cannot be read; write {_FORM}.") from None
        if not found.hostname:
            raise SettingsError(f"SMTP_URL has no host; write {_FORM}.")
        user = unquote(found.username) if found.username else None
        password = unquote(found.password) if found.password else None
        return cls(found.scheme, found.hostname, port, user, password, sender)

    def send(self, letter: Letter) -> None:
        """Send one letter; raise PostmanError when the server cannot be reached or refuses."""
        try:
            message = _message(self.sender, letter)
            with self._connected() as server:
                self._sign_in(server)
                server.send_message(message)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            # The words of a refusal may repeat the recipient; the kind of error says enough.
            code = getattr(error, "smtp_code", "")
            raise PostmanError(
                f"The mail server {self.host}:{self.port} did not take a letter:"
                f" {type(error).__name__} {code}".rstrip()
                + ". It is tried again; is SMTP_URL right?"
            ) from None

    def _connected(self) -> smtplib.SMTP:
        if self.scheme == "smtps":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT, context=context)
        return smtplib.SMTP(self.host, self.port, timeout=TIMEOUT)

    def _sign_in(self, server: smtplib.SMTP) -> None:
        server.ehlo()
        encrypted = self.scheme == "smtps"
        if not encrypted and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
            encrypted = True
        if self.user is None or self.password is None:
            return
        if not encrypted and self.host not in _LOOPBACK:
            raise PostmanError(
                f"The mail server {self.host} offers no encryption, so the password was not sent."
                " Use smtps://, or a server with STARTTLS."
            )
        server.login(self.user, self.password)


def _message(sender: str, letter: Letter) -> EmailMessage:
    domain = sender.rsplit("@", 1)[-1].rstrip(">") or "localhost"
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    message["To"] = letter.recipient
    message["Subject"] = letter.subject
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{letter.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if letter.unsubscribe:
        message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.body)
    return message
