"""An account begins with the click on a link, and nobody learns who has one."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.databases.names import Database
from app.errors import InvalidInputError
from app.repositories.backend import users
from app.services import accounts
from app.services.accounts import LinkTooOldError, Wish, WrongPasswordError
from app.services.site import AccountsElsewhereError, NoMailError, Site
from tests.conftest import Pair
from tests.integration.accounts.conftest import PASSWORD, Door


def test_an_account_begins_when_its_letter_is_opened_and_not_before(door: Door) -> None:
    door.ask("ann@example.org")
    with pytest.raises(WrongPasswordError):
        door.enter("ann@example.org")
    accounts.confirm(door.databases, door.site, door.token("ann@example.org"))
    who, _ = door.enter("ANN@Example.org")
    assert (who.email, who.name, who.onboarding_status) == ("ann@example.org", "Ann", "not_started")


def test_a_link_begins_one_account_once(door: Door) -> None:
    door.ask("ann@example.org")
    token = door.token("ann@example.org")
    accounts.confirm(door.databases, door.site, token)
    with pytest.raises(LinkTooOldError, match="Ask for a new one"):
        accounts.confirm(door.databases, door.site, token)
    with pytest.raises(LinkTooOldError):
        accounts.confirm(door.databases, door.site, "made-up")


def test_two_who_claim_one_address_do_not_disturb_each_other_and_the_link_decides(
    door: Door,
) -> None:
    door.ask("ann@example.org", name="Ann herself")
    hers = door.token("ann@example.org")
    door.ask("ann@example.org", "the password of mallory", name="Mallory")
    accounts.confirm(door.databases, door.site, hers)
    assert door.enter("ann@example.org")[0].name == "Ann herself"
    with pytest.raises(WrongPasswordError):
        door.enter("ann@example.org", "the password of mallory")


def test_signing_up_with_a_members_address_changes_nothing_and_tells_the_member_alone(
    door: Door,
) -> None:
    door.join("ann@example.org")
    door.ask("ANN@example.org", "the password of mallory", name="Mallory")
    newest = door.letters_to("ANN@example.org")[0]
    assert newest.subject == "You have an account already"
    assert "token=" not in newest.body
    assert door.enter("ann@example.org")[0].name == "Ann"


def test_a_member_who_was_read_in_from_a_file_takes_the_account_over_by_a_link(door: Door) -> None:
    with door.databases.backend() as backend:
        known = users.insert(
            backend,
            email="ben@example.org",
            first_name="Ben",
            last_name="",
            at=datetime.now(UTC),
        )
    door.ask("ben@example.org", name="Somebody")
    took = accounts.choose_password(
        door.databases, door.site, door.token("ben@example.org"), "my very own password"
    )
    assert took == known
    assert door.enter("ben@example.org", "my very own password")[0].name == "Ben"


@pytest.mark.parametrize("name", ["José", "O'Brien", "Ann (Annie)", "<script>", "名", "A & B"])
def test_any_name_is_welcome_and_stored_as_typed(door: Door, name: str) -> None:
    assert door.join("ann@example.org", name=name).first_name == name


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        (Wish("ann", PASSWORD, "Ann"), "not an e-mail address"),
        (Wish("ann@example.org\r\nBcc: x@y.zz", PASSWORD, "Ann"), "not an e-mail address"),
        (Wish("ann@example.org", "short", "Ann"), "too short"),
        (Wish("ann@example.org", "x" * 257, "Ann"), "too long"),
        (Wish("ann@example.org", "ann@example.org", "Ann"), "guessed"),
        (Wish("ann@example.org", "aaaaaaaaaaaa", "Ann"), "guessed"),
        (Wish("ann@example.org", PASSWORD, "  "), "missing"),
        (Wish("ann@example.org", PASSWORD, "A\0nn"), "no text can hold"),
        (Wish("ann@example.org", PASSWORD, "A" * 201), "too long"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_what_to_do(door: Door, wish: Wish, told: str) -> None:
    with pytest.raises(InvalidInputError, match=told):
        accounts.sign_up(door.databases, door.site, wish, door.place)


def test_passwords_and_links_stand_in_the_database_as_digests_only(door: Door, pair: Pair) -> None:
    door.ask("ann@example.org")
    first = door.token("ann@example.org")
    accounts.confirm(door.databases, door.site, first)
    _, secret = door.enter("ann@example.org")
    for table in ("credentials", "sessions", "sign_ups", "account_links"):
        held = pair.sql(Database.BACKEND, f"SELECT t::text FROM {table} t")
        assert PASSWORD not in held
        assert secret not in held
        assert first not in held
    assert "$argon2id$" in pair.sql(Database.BACKEND, "SELECT password_hash FROM credentials")


def _median(call: Callable[[], object], times: int = 9) -> float:
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        call()
        took.append(time.perf_counter() - begun)
    return statistics.median(took)


def test_an_unknown_address_takes_as_long_as_a_wrong_password(door: Door) -> None:
    door.join("ann@example.org")

    def wrong(email: str) -> None:
        with pytest.raises(WrongPasswordError):
            accounts.sign_in(door.databases, door.site, email, "not the password", door.place)

    wrong("warm@example.org")
    known = _median(lambda: wrong("ann@example.org"), 5)
    unknown = _median(lambda: wrong("nobody@example.org"), 5)
    assert 0.4 < known / unknown < 2.5


def test_beside_another_backend_nobody_signs_up_or_in_here_and_is_told_where(door: Door) -> None:
    elsewhere = replace(door.site, keeps_accounts=False)
    wish = Wish("ann@example.org", PASSWORD, "Ann")
    with pytest.raises(AccountsElsewhereError, match="RECIPROCITY_BACKEND_URL"):
        accounts.sign_up(door.databases, elsewhere, wish, door.place)
    with pytest.raises(AccountsElsewhereError):
        accounts.sign_in(door.databases, elsewhere, wish.email, wish.password, door.place)
    with pytest.raises(AccountsElsewhereError):
        accounts.forgotten(door.databases, elsewhere, wish.email, door.place)


@pytest.mark.parametrize(
    ("site", "lacking"),
    [
        (Site("https://site.example", False, True, False), "SMTP_URL"),
        (Site(None, False, True, True), "RECIPROCITY_SITE_URL"),
    ],
)
def test_a_site_that_cannot_send_the_letter_says_so_before_it_promises_one(
    door: Door, site: Site, lacking: str
) -> None:
    with pytest.raises(NoMailError, match=lacking):
        accounts.sign_up(door.databases, site, Wish("a@b.cd", PASSWORD, "Ann"), door.place)
