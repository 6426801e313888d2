"""Members who are onboarded in tests, and readers that fail on purpose."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NoReturn
from uuid import UUID

from app.adapters.postgresql import PostgreSQLAdapter
from app.repositories.backend import users
from app.repositories.backend.onboarding import Message
from app.services.onboarding_reading import Reader


def member(databases: PostgreSQLAdapter, first_name: str, last_name: str) -> UUID:
    """Sign somebody up who has said nothing yet; give their id."""
    with databases.backend() as backend:
        user_id = users.insert(
            backend,
            email=f"{first_name.lower()}@example.org",
            first_name=first_name,
            last_name=last_name,
            at=datetime.now(UTC),
        )
    assert user_id is not None
    return user_id


class BrokenReader(Reader):
    """A reader that fails, as one does whose model's file is gone."""

    def read(self, message: Message, at: datetime) -> NoReturn:
        raise RuntimeError(f"out of order at {at}, message {message.position}")
