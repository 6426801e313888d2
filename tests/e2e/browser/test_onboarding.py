"""A member is heard in a conversation, and never sent back to it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.browser.conftest import PATIENCE, Windows

pytestmark = pytest.mark.browser

SAID = "I am looking for somebody who helps me with my taxes. I can teach piano to beginners."


def test_what_is_said_stands_in_the_lists_at_once_and_done_is_done_for_good(
    windows: Windows,
) -> None:
    ann = windows.open(viewport={"width": 390, "height": 844})
    ann.sign_up("Ann", "ann@example.org")
    expect(ann.page).to_have_url(re.compile("/onboarding"))
    ann.page.get_by_label("Your answer").fill(SAID)
    ann.press("Send")
    offers = ann.page.get_by_role("region", name="You offer")
    expect(offers).to_contain_text("teach piano to beginners", timeout=PATIENCE)
    expect(ann.page.get_by_label("Your answer")).to_be_focused(timeout=PATIENCE)
    ann.page.reload()
    expect(offers).to_contain_text("teach piano to beginners")
    mark = offers.get_by_role("button", name=re.compile("Only now and then"))
    expect(mark).to_have_attribute("aria-pressed", "false")
    mark.focus()
    ann.page.keyboard.press("Enter")
    expect(mark).to_have_attribute("aria-pressed", "true", timeout=PATIENCE)
    expect(mark).to_be_focused()
    ann.press("I am done")
    ann.sees("Here is what we understood")
    marked = ann.page.get_by_role("checkbox", name=re.compile("Only now and then.*Offer 1"))
    expect(marked).to_be_checked()
    ann.press("Save and approve")
    ann.sees("Your matches are being made")
    ann.press("Sign out")
    ann.sign_in("ann@example.org")
    for move in (ann.page.reload, ann.page.go_back, ann.page.go_forward, lambda: ann.open("/")):
        move()
        assert "/onboarding" not in ann.page.url
    expect(ann.page).to_have_url(re.compile("/matches$"))
