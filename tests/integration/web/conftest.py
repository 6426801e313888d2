"""The site as a browser sees it, on real databases."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.adapters.postgresql import PostgreSQLAdapter
from app.main import create_app
from app.repositories.backend import users
from app.services import accounts
from app.services.accounts import Wish
from app.settings import ApiSettings
from tests.conftest import Pair
from tests.people import People

PASSWORD = "correct horse battery"
SERVICE_KEY = "the service's key"


@pytest.fixture
def app(pair: Pair) -> FastAPI:
    values = pair.environment | {"RECIPROCITY_ENVIRONMENT": "test", "API_KEY": SERVICE_KEY}
    return create_app(ApiSettings.model_validate(values))


@dataclass
class Browser:
    """Click through the site: forms are sent with what their page holds."""

    client: TestClient

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def csrf(self, path: str) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.get(path))
        assert found is not None, path
        return html.unescape(found[1])

    def post(self, path: str, page: str, status: int = 200, **fields: Any) -> str:
        """Send a form of a page; the answer's text, redirects followed."""
        answer = self.client.post(path, data={"csrf": self.csrf(page)} | fields)
        assert answer.status_code == status, answer.text
        return answer.text

    def sign_in(self, email: str, password: str = PASSWORD) -> Browser:
        self.post("/sign-in", "/sign-in", email=email, password=password)
        return self

    def letter(self, word: str) -> str:
        """Follow the newest link with this word in the outbox of the machine."""
        text = html.unescape(self.get("/dev/mail"))
        found = re.search(rf"/{word}\?token=[\w-]+", text)
        assert found is not None, text
        return found[0]


def words(page: str) -> str:
    """Give what a page says, without its tags, with single blanks."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


NewBrowser = Callable[[], Browser]


@pytest.fixture
def new_browser(app: FastAPI) -> Iterator[NewBrowser]:
    with TestClient(app) as running:

        def made() -> Browser:
            client = TestClient(app, base_url="http://site.example")
            # The application runs already: this client is another visitor of the same.
            client.portal = running.portal
            return Browser(client)

        yield made


@dataclass
class Members:
    """Let members with accounts join, matched by the words they share."""

    people: People

    def join(self, name: str, needs: list[str], offers: list[str]) -> UUID:
        user_id = self.people.join(name, needs, offers)
        return self.with_password(f"{name.lower()}@example.org", name, user_id)

    def with_password(self, email: str, name: str, user_id: UUID | None = None) -> UUID:
        made = accounts.create(self.people.databases, Wish(email, PASSWORD, name))
        assert user_id in (None, made)
        return made

    def couple(self) -> tuple[UUID, UUID, UUID]:
        """Two who fit, matched: their ids and the match's."""
        ann = self.join("Ann", ["tax advice"], ["piano lessons"])
        ben = self.join("Ben", ["piano lessons"], ["tax advice"])
        self.people.relay.look()
        return ann, ben, self.people.list_of(ann).introductions[0].match_id


@pytest.fixture
def members(people: People) -> Members:
    return Members(people)


@pytest.fixture
def operator_id(members: Members) -> UUID:
    wish = Wish("op@example.org", PASSWORD, "Op")
    return accounts.create(members.people.databases, wish, operator=True)


@pytest.fixture
def operator(operator_id: UUID, new_browser: NewBrowser) -> Browser:
    del operator_id  # who signs in has to be there
    return new_browser().sign_in("op@example.org")


def user_named(databases: PostgreSQLAdapter, email: str) -> users.User:
    with databases.backend() as backend:
        return users.by_email(backend, email)
