"""What kind of place this is: where it is found, whether it keeps accounts, whether it sends mail."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from app.errors import ReciprocityError


class AccountsElsewhereError(ReciprocityError):
    """Accounts are kept by the backend that this platform stands beside."""

    code = "accounts_elsewhere"
    status = HTTPStatus.FORBIDDEN


class NoMailError(ReciprocityError):
    """A letter would have to be sent and nothing can send it."""

    code = "no_mail"
    status = HTTPStatus.SERVICE_UNAVAILABLE


@dataclass(frozen=True, slots=True)
class Site:
    """Hold what the settings say of the site.

    `url` is where members reach it, without a slash at its end; None when nobody has said.
    """

    url: str | None
    development: bool
    keeps_accounts: bool
    sends_mail: bool

    @property
    def secure(self) -> bool:
        """Say whether members reach the site over https."""
        return self.url is not None and self.url.startswith("https://")

    def link(self, path: str, **values: str) -> str:
        """Write a link into the site, for a letter."""
        query = f"?{urlencode(values)}" if values else ""
        return f"{self.url}{path}{query}"

    def must_keep_accounts(self) -> None:
        """Raise AccountsElsewhereError where another backend keeps the accounts."""
        if not self.keeps_accounts:
            raise AccountsElsewhereError(
                "Accounts of this community are kept by its own backend (RECIPROCITY_BACKEND_URL): sign up"
                " and sign in there."
            )

    def must_send_mail(self) -> None:
        """Raise NoMailError where a letter could not be sent or could not link to the site."""
        if self.development:
            return
        if not self.sends_mail or self.url is None:
            lacking = "SMTP_URL" if not self.sends_mail else "RECIPROCITY_SITE_URL"
            raise NoMailError(
                "This site cannot send e-mail yet, so this is not possible: {variable} is not set."
                " Whoever runs the site sets it.",
                variable=lacking,
            )
