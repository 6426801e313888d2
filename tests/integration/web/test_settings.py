"""What members control: rules, what is shown, letters, reports; page by page without JavaScript."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from app.databases.names import Database
from app.domain.disclosure import Disclosure
from app.repositories.backend import letters
from app.services import disclosure, notifications
from app.services.site import Site
from tests.conftest import Pair
from tests.integration.web.conftest import Members, NewBrowser

NASTY = "<script>alert(1)</script> &amp; \"'"
SITE = Site("https://meet.example", development=False, keeps_accounts=True, sends_mail=True)


def test_rules_are_kept_as_typed_and_shown_escaped(
    new_browser: NewBrowser, members: Members
) -> None:
    members.with_password("ann@example.org", "Ann")
    ann = new_browser().sign_in("ann@example.org")
    saved = ann.post(
        "/settings/rules", "/settings",
        places=f"Lisbon\r\n{NASTY}", languages="English, Deutsch", fields_wanted=NASTY,
        people_unwanted="Ben Bad\r\nben@example.org", budget="3",
    )  # fmt: skip
    assert "Saved. It counts from the next introductions on." in saved
    assert "Lisbon\n&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp;" in saved
    assert 'value="English, Deutsch"' in saved
    assert "<script>alert" not in saved
    assert re.search(r'name="budget"[^>]*value="3"', saved)


@pytest.mark.parametrize("budget", ["-1", "51", "many", "", "1e3"])
def test_a_budget_that_is_none_is_told_and_what_was_typed_is_kept(
    new_browser: NewBrowser, members: Members, budget: str
) -> None:
    members.with_password("ann@example.org", "Ann")
    ann = new_browser().sign_in("ann@example.org")
    page = ann.post("/settings/rules", "/settings", status=422, places="Lisbon", budget=budget)
    assert "The number of introductions is between 0 and 50" in page
    assert "Lisbon" in page


def test_what_is_only_for_talking_is_not_shown_before_both_said_yes(
    new_browser: NewBrowser, members: Members
) -> None:
    *_, match_id = members.couple()
    ann, ben = (new_browser().sign_in(f"{name}@example.org") for name in ("ann", "ben"))
    ben.post(
        "/profile", "/profile", first_name="Ben", last_name="Secretson", headline="pianist",
        place="Lisbon",
    )  # fmt: skip
    assert "Ben Secretson" in ann.get("/matches")
    ben.post(
        "/settings/shown", "/settings", headline="introduced", picture="introduced",
        about="introduced", last_name="talking", place="talking",
    )  # fmt: skip
    page = ann.get("/matches")
    assert "Ben" in page
    assert "pianist" in page
    assert "Secretson" not in page
    assert "Lisbon" not in page
    said = ann.post(f"/matches/{match_id}", "/matches", choice="yes")
    assert "Secretson" not in said
    ben.post(f"/matches/{match_id}", "/matches", choice="yes")
    assert "Ben Secretson" in ann.get(f"/conversations/{match_id}")
    assert "Choose for each part" in ben.post("/settings/shown", "/settings", status=422, place="x")


def test_somebody_is_reported_once_the_reason_is_said(
    new_browser: NewBrowser, members: Members
) -> None:
    *_, match_id = members.couple()
    ann = new_browser().sign_in("ann@example.org")
    form = f"/matches/{match_id}/report"
    assert "Report Ben" in ann.get(form)
    refused = ann.post(form, form, status=422, text=NASTY)
    assert "Choose what is wrong" in refused
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in refused
    told = ann.post(form, form, reason="spam", text="sells things")
    assert "Those who run this place look at it" in told
    assert "They advertise or sell" in told
    ben = new_browser().sign_in("ben@example.org")
    assert "They advertise or sell" not in ben.get("/settings")


def _letters(members: Members) -> list[letters.Letter]:
    with members.people.databases.backend() as backend:
        return letters.newest(backend, limit=100)


def _tell(members: Members, after: timedelta) -> int:
    at = datetime.now(UTC) + after
    return notifications.tell(members.people.databases, SITE, at)


def test_members_are_told_once_of_what_is_new_as_soon_as_they_want(members: Members) -> None:
    members.couple()
    assert _tell(members, timedelta(minutes=3)) == 2
    assert _tell(members, timedelta(minutes=3)) == 0
    assert _tell(members, timedelta(days=2)) == 0, "nothing is new since"
    told = _letters(members)
    assert {one.recipient for one in told} == {"ann@example.org", "ben@example.org"}
    assert told[0].subject == "There is somebody new to meet"
    assert "https://meet.example/matches" in told[0].body
    assert told[0].unsubscribe in told[0].body


def test_who_wants_no_letters_gets_none_and_who_wants_them_weekly_waits(
    new_browser: NewBrowser, members: Members, pair: Pair
) -> None:
    *_, match_id = members.couple()
    ann, ben = (new_browser().sign_in(f"{name}@example.org") for name in ("ann", "ben"))
    ann.post(
        "/settings/letters", "/settings", introductions="never", opened="never", messages="weekly"
    )
    for one in (ann, ben):
        one.post(f"/matches/{match_id}", "/matches", choice="yes")
    ben.post(f"/conversations/{match_id}", f"/conversations/{match_id}", body="hello", key="1")
    assert _tell(members, timedelta(minutes=3)) == 1
    ben.post(f"/conversations/{match_id}", f"/conversations/{match_id}", body="hello?", key="2")
    for days, letters_written in ((6, 0), (8, 1)):
        told_at = f"UPDATE notification_choices SET told_at = now() - interval '{days} days'"
        pair.sql(Database.BACKEND, f"{told_at} WHERE told_at IS NOT NULL;")
        assert _tell(members, timedelta(minutes=3)) == letters_written
    told = [one for one in _letters(members) if one.recipient == "ann@example.org"]
    assert [one.subject for one in told] == ["You have 2 new messages", "You have a new message"]
    assert "hello" not in told[0].body, "what somebody wrote stays on the site"


def test_a_mail_programs_one_click_stops_letters_and_a_look_at_the_link_does_not(
    new_browser: NewBrowser, members: Members
) -> None:
    members.couple()
    _tell(members, timedelta(minutes=3))
    told = next(one for one in _letters(members) if one.recipient == "ann@example.org")
    path = told.unsubscribe.removeprefix("https://meet.example")
    stranger: TestClient = new_browser().client
    assert "No more letters" in stranger.get(path).text
    ann = new_browser().sign_in("ann@example.org")
    assert ann.get("/settings").count('value="never" selected') == 0
    answer = stranger.post(
        path,
        content=b"List-Unsubscribe=One-Click",
        headers={"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "none"},
    )
    assert answer.status_code == 200
    assert ann.get("/settings").count('value="never" selected') == 1, (
        "the kind it told of, no other"
    )
    assert stranger.post(f"{path}&all=yes").status_code == 200
    assert ann.get("/settings").count('value="never" selected') == 3
    assert stranger.post("/unsubscribe?token=made-up").status_code == 410


def test_each_letter_names_the_link_that_stops_its_kind_and_the_one_that_stops_all(
    new_browser: NewBrowser, members: Members
) -> None:
    members.couple()
    _tell(members, timedelta(minutes=3))
    told = next(one for one in _letters(members) if one.recipient == "ann@example.org")
    stop = told.unsubscribe
    assert f"No more letters like this: {stop}\n" in told.body
    assert f"No more letters about news of any kind: {stop}&all=yes\n" in told.body
    browser = new_browser()
    page = browser.get(stop.removeprefix("https://meet.example"))
    assert "Somebody new to meet" in page
    assert "New messages" not in page
    everything = browser.get(f"{stop.removeprefix('https://meet.example')}&all=yes")
    assert "of this kind" not in everything
    token = stop.partition("token=")[2]
    done = browser.client.post("/unsubscribe", data={"token": token}).text
    assert "no more letters of this kind" in done
    assert "Somebody new to meet" in done
    done = browser.client.post("/unsubscribe", data={"token": token, "all": "yes"}).text
    assert "no more letters that tell what is new" in done


def test_nobody_is_told_at_an_address_that_was_never_confirmed(
    members: Members, pair: Pair
) -> None:
    members.people.join("Ann", ["tax advice"], ["piano lessons"])
    members.people.join("Ben", ["piano lessons"], ["tax advice"])
    members.people.relay.look()
    before = pair.contents()
    assert _tell(members, timedelta(minutes=3)) == 0
    assert pair.contents() == before


def test_everything_is_shown_to_whoever_is_introduced_where_nothing_was_chosen(
    members: Members,
) -> None:
    ann, *_ = members.couple()
    with members.people.databases.backend() as backend:
        assert disclosure.of_member(backend, ann) == Disclosure()
        assert disclosure.shown(backend, [ann])[ann].name == "Ann"
