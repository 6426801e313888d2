"""The way back in, changes of password and address, sessions, and how often anything may be tried."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.databases.names import Database
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.repositories.backend import rate_limits
from app.services import account_changes, accounts, demo_sign_ins, limits, sessions
from app.services.accounts import LinkTooOldError, Wish, WrongPasswordError
from app.services.limits import Rule, TooOftenError
from tests.conftest import Pair
from tests.integration.accounts.conftest import PASSWORD, Door

ANN, NEW = "ann@example.org", "a newer horse battery"


def test_a_forgotten_password_is_replaced_by_a_link_that_signs_out_everywhere(door: Door) -> None:
    door.join(ANN)
    _, secret = door.enter(ANN)
    accounts.forgotten(door.databases, door.site, "Ann@Example.org", door.place)
    token = door.token("Ann@Example.org")
    accounts.choose_password(door.databases, door.site, token, NEW)
    assert not door.inside(secret)
    door.enter(ANN, NEW)
    with pytest.raises(WrongPasswordError):
        door.enter(ANN)
    with pytest.raises(LinkTooOldError):
        accounts.choose_password(door.databases, door.site, token, "yet another horse")


def test_an_unknown_address_gets_the_same_answer_and_no_letter(door: Door) -> None:
    accounts.forgotten(door.databases, door.site, "nobody@example.org", door.place)
    assert door.letters_to("nobody@example.org") == []


def test_a_newer_link_makes_the_older_one_stop_working(door: Door) -> None:
    door.join(ANN)
    accounts.forgotten(door.databases, door.site, ANN, door.place)
    older = door.token(ANN)
    accounts.forgotten(door.databases, door.site, ANN, door.place)
    with pytest.raises(LinkTooOldError):
        accounts.choose_password(door.databases, door.site, older, NEW)


def test_links_and_sessions_die_of_age(door: Door, pair: Pair) -> None:
    door.join(ANN)
    _, secret = door.enter(ANN)
    accounts.forgotten(door.databases, door.site, ANN, door.place)
    door.ask("late@example.org")
    for table in ("account_links", "sessions", "sign_ups"):
        pair.sql(Database.BACKEND, f"UPDATE {table} SET expires_at = now() - interval '1 second'")
    assert not door.inside(secret)
    with pytest.raises(LinkTooOldError):
        accounts.choose_password(door.databases, door.site, door.token(ANN), NEW)
    with pytest.raises(LinkTooOldError):
        accounts.confirm(door.databases, door.site, door.token("late@example.org"))


def test_a_changed_password_signs_out_other_devices_and_not_this_one(door: Door) -> None:
    door.join(ANN)
    _, elsewhere = door.enter(ANN)
    here, secret = door.enter(ANN)
    with pytest.raises(InvalidInputError, match="current password is wrong"):
        account_changes.change_password(door.databases, door.site, here, "wrong wrong", NEW)
    account_changes.change_password(door.databases, door.site, here, PASSWORD, NEW)
    assert door.inside(secret)
    assert not door.inside(elsewhere)
    assert door.letters_to(ANN)[0].subject == "Your password was changed"


def test_an_address_changes_when_the_new_one_is_confirmed_and_the_old_one_is_told(
    door: Door,
) -> None:
    who = door.join(ANN)
    account_changes.ask_new_address(door.databases, door.site, who, PASSWORD, "new@example.org")
    assert "new@example.org" in door.letters_to(ANN)[0].body
    assert door.enter(ANN)[0].email == ANN
    account_changes.confirm_address(door.databases, door.token("new@example.org"))
    assert door.enter("new@example.org")[0].user_id == who.user_id
    with pytest.raises(WrongPasswordError):
        door.enter(ANN)


def test_an_address_that_somebody_has_is_asked_for_with_the_same_answer_and_never_taken(
    door: Door,
) -> None:
    door.join("ben@example.org", name="Ben")
    who = door.join(ANN)
    account_changes.ask_new_address(door.databases, door.site, who, PASSWORD, "BEN@example.org")
    assert "token=" not in door.letters_to("BEN@example.org")[0].body
    assert door.enter("ben@example.org")[0].name == "Ben"


def test_an_address_that_was_taken_meanwhile_is_not_taken_again(door: Door) -> None:
    who = door.join(ANN)
    account_changes.ask_new_address(door.databases, door.site, who, PASSWORD, "new@example.org")
    token = door.token("new@example.org")
    door.join("NEW@example.org", name="Quicker")
    with pytest.raises(LinkTooOldError):
        account_changes.confirm_address(door.databases, token)
    assert door.enter(ANN)[0].user_id == who.user_id


def test_a_member_sees_and_ends_their_own_sessions_and_nobody_elses(door: Door) -> None:
    ann, ben = door.join(ANN), door.join("ben@example.org")
    _, secret = door.enter(ANN)
    with door.databases.backend() as backend:
        assert len(sessions.of_member(backend, ann.user_id)) == 2
        with pytest.raises(NotFoundError):
            sessions.end(backend, ann.user_id, ben.session_id)
        sessions.end(backend, ann.user_id, ann.session_id)
        assert len(sessions.of_member(backend, ann.user_id)) == 1
    assert door.inside(secret)
    with door.databases.backend() as backend:
        assert sessions.end_all(backend, ann.user_id) == 1
    assert not door.inside(secret)


def test_a_browsers_secret_is_no_bearer_token(door: Door) -> None:
    door.join(ANN)
    _, secret = door.enter(ANN)
    with door.databases.backend() as backend:
        assert sessions.find(backend, secret, "bearer") is None


def test_a_limit_lets_a_burst_through_and_then_tells_the_wait(door: Door) -> None:
    rule = Rule("a test", timedelta(seconds=100), 3)
    for _ in range(3):
        limits.take(door.databases, rule, "Somebody")
    with pytest.raises(TooOftenError) as told:
        limits.take(door.databases, rule, "somebody")
    assert 95 <= told.value.wait <= 100
    assert told.value.headers == {"Retry-After": str(told.value.wait)}
    limits.take(door.databases, rule, "somebody else")


def test_a_refused_attempt_does_not_make_the_wait_longer(door: Door) -> None:
    key = b"k"
    with door.databases.backend() as backend:
        assert rate_limits.take(backend, key, every=timedelta(seconds=60), burst=1) is None
        first = rate_limits.take(backend, key, every=timedelta(seconds=60), burst=1)
        second = rate_limits.take(backend, key, every=timedelta(seconds=60), burst=1)
    assert first == second == timedelta(seconds=60)


def test_guessing_at_one_account_is_limited_whether_it_exists_or_not(door: Door) -> None:
    accounts.create(door.databases, Wish(ANN, PASSWORD, "Ann"))
    waits = []
    for email in (ANN, "nobody@example.org"):
        for number in range(limits.SIGN_IN_ADDRESS.burst):
            with pytest.raises(WrongPasswordError):
                accounts.sign_in(door.databases, door.site, email, "wrong", f"192.0.2.{number}")
        with pytest.raises(TooOftenError) as told:
            accounts.sign_in(door.databases, door.site, email, PASSWORD, "192.0.2.99")
        waits.append(told.value.wait)
    assert abs(waits[0] - waits[1]) <= 2


def test_an_operator_is_made_of_a_new_or_a_known_account(door: Door) -> None:
    member = door.join(ANN)
    assert not member.operator
    with door.databases.backend() as backend:
        assert accounts.promote(backend, "nobody@example.org") is None
        assert accounts.promote(backend, "ANN@example.org") == member.user_id
    assert door.enter(ANN)[0].operator
    accounts.create(door.databases, Wish("op@example.org", PASSWORD, "Op"), operator=True)
    assert door.enter("op@example.org")[0].operator
    with pytest.raises(ConflictError):
        accounts.create(door.databases, Wish("op@example.org", PASSWORD, "Op"))


def test_a_demo_gets_two_members_and_an_operator_who_can_sign_in_each_time_it_runs(
    door: Door,
) -> None:
    door.join(ANN)
    for _ in range(2):
        made = demo_sign_ins.make(door.databases, [ANN, "ben@example.org"])
        assert [one.operator for one in made] == [False, False, True]
        for one in made:
            assert door.enter(one.email, one.password)[0].operator is one.operator
