"""Every page, on a desktop and a phone, light and dark: readable by everybody, and pictured."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Page

from app.adapters.postgresql import PostgreSQLAdapter
from app.main import create_app
from app.repositories.backend import accounts as stored
from app.repositories.backend import departures, notifications, users
from app.services import accounts, passwords
from app.settings import ApiSettings
from app.web.site import pages
from tests.conftest import ROOT, Pair
from tests.e2e.browser.conftest import PASSWORD, Window, Windows
from tests.people import People

pytestmark = pytest.mark.browser

# The pages that the operators' tests walk, by the names of their pictures.
OF_OPERATORS = {
    "overview": "/operator",
    "members": "/operator/members",
    "member": "/operator/members/{user_id:uuid}",
    "why": "/operator/why",
    "reports": "/operator/reports",
    "report": "/operator/reports/{report_id:uuid}",
    "quality": "/operator/quality",
    "work": "/operator/outbox",
    "work-one": "/operator/outbox/{number:int}",
    "audit": "/operator/audit",
}
AXE = ROOT / "third_party" / "axe-core" / "axe.min.js"
PICTURES = ROOT / "ci-output" / "screenshots"
JUDGE = """
axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
  .then((found) => found.violations.map((one) => one.id + " at " + one.nodes[0].target.join(" ")))
"""
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
SIZES = {"desktop": {"width": 1100, "height": 800}, "phone": {"width": 390, "height": 844}}
OUTSIDE = ("/", "/sign-up", "/sign-in", "/forgotten", "/privacy", "/terms", "/nowhere")
# Pages that a letter leads to; what stands for their secrets is put in when the browser goes there.
BY_LETTER = (
    "/confirm",
    "/new-password",
    "/new-address",
    "/unsubscribe",
    "/receipts/{receipt_id:uuid}",
)
OF_A_MATCH = ("/conversations/{match_id:uuid}", "/matches/{match_id:uuid}/report")
# No pages of their own: parts that a page asks for, a stream, a file, a picture.
PARTS = (
    "/summary/progress", "/conversations/{match_id:uuid}/messages", "/live",
    "/your-data/everything.zip", "/pictures/{version:uuid}",
)  # fmt: skip
INSIDE = (
    "/matches",
    "/conversations",
    "/onboarding",
    "/summary",
    "/profile",
    "/settings",
    "/your-data",
    "/account",
    "/dev/mail",
)


def _judged(page: Page, picture: Path) -> list[str]:
    page.screenshot(path=str(picture), full_page=True)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(JUDGE)
    return [*found, "too wide"] if page.evaluate(TOO_WIDE) else found


def _walk(window: Window, paths: tuple[str, ...], kind: str) -> list[str]:
    wrong = []
    for path in paths:
        window.open(path)
        plain = re.sub(r"/[0-9a-f-]{36}", "/one", path.partition("?")[0])
        name = plain.strip("/").replace("/", "-") or "front"
        picture = PICTURES / f"{name}-{kind}.png"
        wrong += [f"{path} {kind}: {one}" for one in _judged(window.page, picture)]
    window.page.close()
    window.complaints.clear()  # the page that does not exist is told in the console
    return wrong


def _meet(windows: Windows, people: People) -> tuple[Window, str]:
    """Two who talk, with others in the list; give the first one's window and the conversation."""
    for name, needs, offers in (
        ("Ann", ["tax advice"], ["piano lessons"]),
        ("Ben", ["piano lessons"], ["tax advice"]),
        ("Cleo O'Brien", ["piano lessons for my daughter"], ["tax advice and bookkeeping"]),
    ):
        people.join(name, needs, offers)
    people.relay.look()
    both = []
    for name in ("ann", "ben"):
        email = f"{name}@example.org"
        accounts.create(people.databases, accounts.Wish(email, PASSWORD, name))
        window = windows.open()
        window.sign_in(email)
        window.open("/matches")
        other = "Ben" if name == "ann" else "Ann"
        card = window.page.get_by_role("article", name=other)
        card.get_by_role("button", name="Yes, introduce us").click()
        window.sees(f"You said yes to {other}" if name == "ann" else "you can talk now")
        both.append(window)
    ann, ben = both
    ben.page.get_by_role("link", name="Open the conversation").first.click()
    ben.page.get_by_label("Message", exact=True).fill("Hello Ann, when do you have time?")
    ben.press("Send")
    ben.sees("Sent")
    return ann, ben.page.url.removeprefix(ben.address)


def _letters(databases: PostgreSQLAdapter) -> tuple[str, ...]:
    """Bring about what letters lead to; give the pages' paths."""
    secret, at = passwords.new_token(), datetime.now(UTC)
    asked = stored.SignUp("new@example.org", "New", "", passwords.hashed(PASSWORD))
    with databases.backend() as backend:
        ann = users.by_email(backend, "ann@example.org").id
        stored.add_sign_up(backend, secret.digest, asked, at, at + timedelta(days=1))
        stored.add_link(
            backend, secret.digest, ann, "password", "ann@example.org", at + timedelta(hours=1)
        )
        notifications.add_link(backend, secret.digest, ann, ["messages"], at)
        receipt = departures.add_receipt(
            backend, uuid4(), None, {"users": 1, "statements": 4}, at, "en"
        )
    pages = (path.replace("{receipt_id:uuid}", str(receipt)) for path in BY_LETTER)
    return tuple(p if p.startswith("/receipts/") else f"{p}?token={secret.secret}" for p in pages)


def test_every_page_is_walked_here_or_with_the_operators(pair: Pair) -> None:
    app = create_app(
        ApiSettings.model_validate(pair.environment | {"RECIPROCITY_ENVIRONMENT": "test"})
    )
    found = {one.path for one in pages(app.state.members).entries if one.method == "GET"}
    here = {*OUTSIDE, *INSIDE, *BY_LETTER, *OF_A_MATCH} - {"/nowhere"}
    assert not here & set(OF_OPERATORS.values())
    assert found == here | set(OF_OPERATORS.values()) | set(PARTS)


def test_no_page_keeps_anybody_out_at_any_size_in_light_or_dark(
    windows: Windows, people: People
) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    ann, talk = _meet(windows, people)
    letters = _letters(people.databases)
    kept = ann.context.storage_state()
    report = talk.replace("/conversations/", "/matches/") + "/report"
    wrong = []
    for scheme in ("light", "dark"):
        for size, viewport in SIZES.items():
            # The judge is put into the page from outside, which the page's own policy forbids.
            options = {"color_scheme": scheme, "viewport": viewport, "bypass_csp": True}
            kind = f"{size}-{scheme}"
            wrong += _walk(windows.open(**options), (*OUTSIDE, *letters), kind)
            wrong += _walk(
                windows.open(**options, storage_state=kept), (*INSIDE, talk, report), kind
            )
    assert wrong == []


def test_the_keyboard_alone_reaches_and_sends_everything(windows: Windows, people: People) -> None:
    ann, talk = _meet(windows, people)
    ann.open("/matches")
    ann.page.keyboard.press("Tab")
    assert ann.page.evaluate("document.activeElement.textContent") == "Skip to the content"
    ann.page.keyboard.press("Enter")
    ann.page.keyboard.press("Tab")
    assert ann.page.evaluate("document.querySelector('main').contains(document.activeElement)")
    card = ann.page.get_by_role("article", name="Cleo")
    card.get_by_role("button", name="Later").focus()
    ann.page.keyboard.press("Enter")
    ann.sees("is put aside")
    ann.page.wait_for_function("document.activeElement.textContent.trim().startsWith('Cleo')")
    ann.open(talk)
    ann.page.get_by_label("Message", exact=True).focus()
    ann.page.keyboard.type("by keyboard")
    ann.page.keyboard.press("Control+Enter")
    ann.page.locator("#messages li[data-number]", has_text="by keyboard").wait_for()
