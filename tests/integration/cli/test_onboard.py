"""`reciprocity onboard` holds the conversation of the pages in a terminal."""

from __future__ import annotations

from click.testing import CliRunner

from app.adapters.postgresql import PostgreSQLAdapter, postgresql_adapter
from app.cli.onboard import onboard
from app.repositories.backend import users
from tests.conftest import Pair
from tests.onboarding_people import member


def talked(pair: Pair, lines: list[str], *arguments: str) -> tuple[int, str]:
    done = CliRunner(env=pair.environment | {"RECIPROCITY_ENV_FILE": "/nonexistent/.env"}).invoke(
        onboard, ["lena@example.org", *arguments], input="\n".join(lines) + "\n"
    )
    postgresql_adapter.close()
    return done.exit_code, done.output


def test_a_member_talks_goes_comes_back_and_is_done(pair: Pair, adapter: PostgreSQLAdapter) -> None:
    user_id = member(adapter, "Lena", "Okafor")
    status, told = talked(pair, ["I need a tax adviser who knows Swiss law", "?", "/quit"])
    assert status == 0
    assert "What do you need" in told
    assert "nothing to read" in told
    assert "goes on from here" in told
    status, told = talked(pair, ["I can teach piano", "/lists", "/done"], "--approve")
    assert status == 0
    assert "I need a tax adviser who knows Swiss law" in told
    assert "## What I offer\n\n- I can teach piano" in told
    assert "Approved" in told
    with adapter.backend() as backend:
        assert users.by_id(backend, user_id).onboarding_status == "completed"
