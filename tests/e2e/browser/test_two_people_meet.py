"""Two people come, say what they need and offer, see each other, say yes and talk."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from app.workers.relay import Relay
from tests.e2e.browser.conftest import PATIENCE, Window, Windows
from tests.people import People

pytestmark = pytest.mark.browser


def _says(window: Window, need: str, offer: str) -> None:
    window.open("/summary")
    window.page.get_by_role("textbox", name="Need 1").fill(need)
    window.page.get_by_role("textbox", name="Offer 1").fill(offer)
    window.press("Save and approve")
    window.sees("Your matches are being made")


def _talking(windows: Windows, people: People) -> tuple[Window, Window]:
    """Two who have signed up, matched, said yes, and opened their conversation."""
    ann, ben = windows.open(), windows.open(viewport={"width": 390, "height": 844}, has_touch=True)
    ann.sign_up("Ann", "ann@example.org")
    ben.sign_up("Ben", "ben@example.org")
    _says(ann, "tax advice", "piano lessons")
    _says(ben, "piano lessons", "tax advice")
    people.relay.look()
    ann.page.get_by_role("link", name="See your matches").click()
    ann.press("Yes, introduce us")
    ann.sees("You said yes to Ben")
    ben.open("/matches")
    ben.sees("What you gain")
    ben.press("Yes, introduce us")
    ben.page.get_by_role("link", name="Open the conversation").first.click()
    ben.sees("ann@example.org")
    ann.open("/conversations")
    ann.page.get_by_role("link", name="Ben").click()
    return ann, ben


def _send(window: Window, text: str) -> None:
    window.page.get_by_label("Message", exact=True).fill(text)
    window.press("Send")


def _rows(window: Window, text: str) -> int:
    return window.page.locator("#messages li", has_text=text).count()


def test_two_people_meet_and_talk_live_in_two_windows(windows: Windows, people: People) -> None:
    ann, ben = _talking(windows, people)
    ann.page.get_by_role("link", name=re.compile("I offer “piano lessons”")).click()
    ann.press("Send")
    expect(ben.page.locator("#messages")).to_contain_text(
        "I offer “piano lessons”", timeout=PATIENCE
    )
    expect(ann.page.locator("#receipt")).to_have_text("Read", timeout=PATIENCE)
    _send(ben, "Yes! <b>gladly</b>")
    expect(ann.page.locator("#messages")).to_contain_text("Yes! <b>gladly</b>", timeout=PATIENCE)
    ann.open("/matches")
    _send(ben, "When?")
    expect(ann.page.locator("#unread .count")).to_have_text("1", timeout=PATIENCE)
    assert ann.page.title().startswith("(1)")


def test_what_is_written_while_the_connection_is_away_arrives_once_when_it_is_back(
    windows: Windows, people: People
) -> None:
    ann, ben = _talking(windows, people)
    ann.context.set_offline(True)
    _send(ann, "written in a tunnel")
    ann.sees("Not sent yet")
    ann.page.get_by_label("Message", exact=True).fill("half a sen")
    _send(ben, "sent meanwhile")
    ann.context.set_offline(False)
    expect(ben.page.locator("#messages")).to_contain_text("written in a tunnel", timeout=PATIENCE)
    expect(ann.page.locator("#messages")).to_contain_text("sent meanwhile", timeout=PATIENCE)
    expect(ann.page.locator(".waiting")).to_have_count(0, timeout=PATIENCE)
    for window in (ann, ben):
        assert _rows(window, "written in a tunnel") == _rows(window, "sent meanwhile") == 1
    ann.page.reload()
    expect(ann.page.get_by_label("Message", exact=True)).to_have_value("half a sen")
    assert _rows(ann, "written in a tunnel") == 1


def test_a_member_who_completed_onboarding_is_never_at_it_again(
    windows: Windows, people: People
) -> None:
    ann, _ = _talking(windows, people)
    ann.open("/")
    expect(ann.page).to_have_url(re.compile("/matches$"))
    ann.press("Sign out")
    ann.sign_in("ann@example.org")
    for move in (ann.page.reload, ann.page.go_back, ann.page.go_forward, lambda: ann.open("/")):
        move()
        assert "/summary" not in ann.page.url
    expect(ann.page).to_have_url(re.compile("/matches$"))


def test_signing_out_leaves_nothing_behind_the_back_button(
    windows: Windows, people: People
) -> None:
    ann, _ = _talking(windows, people)
    ann.page.get_by_label("Message", exact=True).fill("a secret draft")
    ann.press("Sign out")
    ann.sees("Meet people where both of you gain")
    ann.page.go_back()
    expect(ann.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert ann.page.evaluate("localStorage.length") == 0


def test_a_stage_that_fails_is_told_live_and_done_again_at_a_press(
    windows: Windows, people: People
) -> None:
    ann = windows.open(color_scheme="dark")
    ann.sign_up("Ann", "ann@example.org")
    _says(ann, "poison", "piano lessons")
    people.relay.look()
    ann.sees("is tried again")
    ann.press("Try again now")
    ann.sees("Looking for people who fit")
    Relay(people.databases, people.embedder).look()
    ann.sees("is tried again")


def test_everything_but_live_words_works_without_javascript(
    windows: Windows, people: People
) -> None:
    ann = windows.open(java_script_enabled=False)
    ann.sign_up("Ann", "ann@example.org")
    _says(ann, "tax advice", "piano lessons")
    people.join("Ben", ["piano lessons"], ["tax advice"])
    people.relay.look()
    ann.open("/matches")
    ann.press("Yes, introduce us")
    ann.sees("You said yes")
    ann.page.get_by_role("link", name="Settings").click()
    ann.press("Pause")
    ann.sees("You are paused")
