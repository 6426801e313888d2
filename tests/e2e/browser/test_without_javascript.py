"""The whole way of two members whose browsers run no script: every page reads, every form sends."""

from __future__ import annotations

import re
from zipfile import ZipFile

import pytest
from playwright.sync_api import expect

from tests.e2e.browser.conftest import PASSWORD, Window, Windows
from tests.people import People

pytestmark = pytest.mark.browser

# What a member reads on each page that their way does not lead over.
_READ = {
    "/profile": ("heading", "Picture"),
    "/account": ("heading", "Where you are signed in"),
    "/your-data": ("link", "Download everything"),
    "/summary": ("heading", "Your matches"),
    "/onboarding": ("region", "You offer"),
    "/conversations": ("link", "Ben"),
    "/privacy": ("heading", "What the software does"),
    "/terms": ("heading", "Terms"),
}
_READ_SIGNED_OUT = {
    "/": ("heading", "Meet people where both of you gain"),
    "/sign-in": ("button", "Sign in"),
    "/sign-up": ("button", "Sign up"),
    "/forgotten": ("button", "Send the link"),
}


def test_two_members_go_the_whole_way_without_javascript(windows: Windows, people: People) -> None:
    ann, ben = (windows.open(java_script_enabled=False) for _ in range(2))
    _arrives(ann, "Ann", "tax advice", "piano lessons")
    _arrives(ben, "Ben", "piano lessons", "tax advice")
    people.relay.look()
    _meet(ann, ben)
    _talk(ann, ben)
    _every_other_page(ann)
    _settings(ben)
    _leaves(ann)


def _arrives(window: Window, name: str, need: str, offer: str) -> None:
    """Sign up, verify, onboard by forms, correct the summary, approve it, and watch its stages."""
    window.sign_up(name, f"{name.lower()}@example.org")
    page = window.page
    page.get_by_label("Your answer").fill("I can teach chess to children.")
    window.press("Send")
    expect(page.get_by_role("region", name="You offer")).to_contain_text("teach chess to children")
    for kind, text in (("need", need), ("offer", f"{offer}, draft"), ("fact", "I live in Porto")):
        page.get_by_text("Add something by hand").click()
        form = page.locator('form[action="/onboarding/items"]')
        form.get_by_label("In your words").fill(text)
        form.get_by_label("This is").select_option(kind)
        form.get_by_role("button", name="Add").click()
        expect(page.locator("section.list", has_text=text)).to_have_count(1)
    item = page.get_by_role("listitem").filter(has_text="teach chess to children")
    item.get_by_text("Change").click()
    item.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("region", name="You offer")).not_to_contain_text("chess")
    window.press("I am done")
    window.sees("Here is what we understood")
    expect(page.get_by_label("Need 1", exact=True)).to_have_value(need)
    page.get_by_label("Offer 1", exact=True).fill(offer)
    window.press("Save and approve")
    window.sees("Your matches are being made")
    expect(page.locator("#progress li").first).to_contain_text("Approved")


def _meet(ann: Window, ben: Window) -> None:
    for window, other, need, said in (
        (ann, "Ben", "tax advice", "You said yes. When they do too"),
        (ben, "Ann", "piano lessons", "The conversation is open"),
    ):
        window.open("/matches")
        card = window.page.get_by_role("article", name=other)
        expect(card.get_by_role("heading", name="What you gain").locator("..")).to_contain_text(
            need
        )
        card.get_by_role("button", name="Yes, introduce us").click()
        window.sees(said)


def _talk(ann: Window, ben: Window) -> None:
    ben.page.get_by_role("link", name="I offer “tax advice”").click()
    expect(ben.page.get_by_label("Message", exact=True)).to_have_value(re.compile("tax advice"))
    ben.page.get_by_label("Message", exact=True).fill("When do you have time?")
    ben.press("Send")
    expect(ben.page.locator("#messages")).to_contain_text("When do you have time?")
    expect(ben.page.get_by_label("Message", exact=True)).to_have_value("")
    expect(ben.page.locator("#receipt")).to_have_text("Sent")
    ann.open("/conversations")
    expect(ann.page.locator("#unread .count")).to_have_text("1")
    ann.page.get_by_role("link", name="Ben").click()
    ann.sees("ben@example.org")
    expect(ann.page.locator("#messages")).to_contain_text("When do you have time?")
    ann.page.get_by_label("Message", exact=True).fill("On Monday <3")
    ann.press("Send")
    ben.page.reload()
    expect(ben.page.locator("#messages")).to_contain_text("On Monday <3")
    expect(ben.page.locator("#unread")).to_be_hidden()
    ann.open("/matches")
    ann.page.get_by_role("heading", name="You both said yes").wait_for()


def _every_other_page(window: Window) -> None:
    for path, (role, name) in _READ.items():
        window.open(path)
        window.page.get_by_role(role, name=name).first.wait_for()  # type: ignore[arg-type] # a role of ARIA
    window.open("/profile")
    expect(window.page.get_by_label("Your name")).to_have_value("Ann")
    window.page.get_by_label("Headline").fill("Plays and counts")
    window.page.get_by_role("button", name="Save", exact=True).click()
    expect(window.page.get_by_label("Headline")).to_have_value("Plays and counts")
    window.press("Deutsch")
    window.page.get_by_role("heading", name="Profil", exact=True).wait_for()
    window.press("English")


def _settings(window: Window) -> None:
    page = window.page
    window.open("/settings")
    page.get_by_label("Only people in these places").fill("Porto")
    window.press("Save the rules")
    expect(page.get_by_label("Only people in these places")).to_have_value("Porto")
    page.get_by_label("Somebody new to meet").select_option("never")
    window.press("Save how you are told")
    expect(page.get_by_label("Somebody new to meet")).to_have_value("never")
    window.press("Pause")
    window.sees("You are paused: nobody sees you in their list.")
    window.open("/matches")
    window.sees("You are paused, so nobody is introduced to you.")


def _leaves(window: Window) -> None:
    window.open("/your-data")
    with window.page.expect_download() as download:
        window.page.get_by_role("link", name="Download everything").click()
    with ZipFile(download.value.path()) as archive:
        assert "On Monday &lt;3" in archive.read("index.html").decode()
    window.page.get_by_label("Current password").fill(PASSWORD)
    window.press("Erase me")
    window.sees("Your account is erased on")
    window.press("Sign out")
    for path, (role, name) in _READ_SIGNED_OUT.items():
        window.open(path)
        window.page.get_by_role(role, name=name).first.wait_for()  # type: ignore[arg-type] # a role of ARIA
