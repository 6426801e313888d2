"""An account's whole life on real databases, letters read where they wait."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from app.adapters.postgresql import PostgreSQLAdapter
from app.repositories.backend import letters
from app.repositories.backend.sessions import SignedIn
from app.services import accounts, sessions
from app.services.accounts import Wish
from app.services.site import Site

PASSWORD = "correct horse battery"
SITE = Site("http://site.example", development=True, keeps_accounts=True, sends_mail=False)


@dataclass
class Door:
    """Sign people up and in as the site does."""

    databases: PostgreSQLAdapter
    site: Site = SITE
    place: str = "192.0.2.1"

    def ask(self, email: str, password: str = PASSWORD, name: str = "Ann") -> None:
        accounts.sign_up(self.databases, self.site, Wish(email, password, name), self.place)

    def letters_to(self, email: str) -> list[letters.Letter]:
        with self.databases.backend() as backend:
            return [one for one in letters.newest(backend, limit=100) if one.recipient == email]

    def token(self, email: str) -> str:
        """Read the token in the newest letter to this address."""
        found = re.search(r"token=([\w-]+)", self.letters_to(email)[0].body)
        assert found is not None
        return found[1]

    def join(self, email: str, password: str = PASSWORD, name: str = "Ann") -> SignedIn:
        self.ask(email, password, name)
        accounts.confirm(self.databases, self.site, self.token(email))
        return self.enter(email, password)[0]

    def enter(self, email: str, password: str = PASSWORD) -> tuple[SignedIn, str]:
        """Sign in; give who it is and the secret of the session."""
        user_id = accounts.sign_in(self.databases, self.site, email, password, self.place)
        with self.databases.backend() as backend:
            token, _ = sessions.start(backend, user_id, "browser", "a test")
            who = sessions.find(backend, token.secret, "browser")
        assert who is not None
        return who, token.secret

    def inside(self, secret: str) -> bool:
        with self.databases.backend() as backend:
            return sessions.find(backend, secret, "browser") is not None


@pytest.fixture
def door(adapter: PostgreSQLAdapter) -> Door:
    return Door(adapter)
