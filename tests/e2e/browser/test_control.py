"""Control without JavaScript, and a good end for whoever stays when somebody leaves."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, expect

from app.services import accounts, departures
from tests.e2e.browser.conftest import PASSWORD, PATIENCE, Window, Windows
from tests.people import People
from tests.unit.adapters.test_documents import pdf

pytestmark = pytest.mark.browser


def _couple(people: People) -> None:
    for name, need, offer in (
        ("Ann", "tax advice", "piano lessons"),
        ("Ben", "piano lessons", "tax advice"),
    ):
        people.join(name, [need], [offer])
        accounts.create(
            people.databases, accounts.Wish(f"{name.lower()}@example.org", PASSWORD, name)
        )
    people.relay.look()


def _signed_in(windows: Windows, name: str, **options: object) -> Window:
    window = windows.open(**options)
    window.sign_in(f"{name}@example.org")
    return window


def test_one_leaves_for_good_and_the_other_sees_it_end_well(
    windows: Windows, people: People
) -> None:
    _couple(people)
    ann, ben = (_signed_in(windows, name) for name in ("ann", "ben"))
    for window in (ann, ben):
        window.open("/matches")
        window.press("Yes, introduce us")
        window.sees("You said yes" if window is ann else "you can talk now")
    for window, words in ((ann, "from Ann"), (ben, "from Ben")):
        window.open("/conversations")
        window.page.get_by_role("listitem").get_by_role("link").last.click()
        window.page.get_by_label("Message", exact=True).fill(words)
        window.press("Send")
        window.page.locator("#messages li[data-number]", has_text=words).wait_for()
    ann.open("/your-data")
    ann.page.get_by_label("Current password").fill(PASSWORD)
    ann.press("Erase me")
    ann.sees("Your account is erased on")
    ann.press("Erase nothing")
    ann.sees("nothing is erased")
    ann.page.get_by_label("Current password").fill(PASSWORD)
    ann.press("Erase me")
    ann.sees("Your account is erased on")
    departures.carry_out(people.databases, datetime.now(UTC) + departures.DAYS)
    expect(ben.page.get_by_text("This member has left").first).to_be_visible(timeout=PATIENCE)
    expect(ben.page.locator("#messages")).to_contain_text("from Ben")
    expect(ben.page.locator("#messages")).not_to_contain_text("from Ann")
    expect(ben.page.get_by_label("Message", exact=True)).to_have_count(0)
    ann.open("/matches")
    ann.page.get_by_role("button", name="Sign in").wait_for()


def test_control_and_files_work_without_javascript(windows: Windows, people: People) -> None:
    _couple(people)
    ann = _signed_in(windows, "ann", java_script_enabled=False)
    ann.open("/settings")
    ann.page.get_by_label("Only people in these places").fill("Lisbon\nPorto")
    ann.page.get_by_label("New introductions in one round").fill("4")
    ann.press("Save the rules")
    ann.sees("It counts from the next introductions on")
    expect(ann.page.get_by_label("Only people in these places")).to_have_value("Lisbon\nPorto")
    ann.page.get_by_label("New messages").select_option("weekly")
    ann.press("Save how you are told")
    expect(ann.page.get_by_label("New messages")).to_have_value("weekly")
    ann.page.get_by_label("Last name").select_option("talking")
    ann.press("Save what is shown")
    expect(ann.page.get_by_label("Last name")).to_have_value("talking")
    _files(ann)
    ann.open("/matches")
    ann.page.get_by_text("More: Ben").click()
    ann.page.get_by_role("link", name="Report Ben").click()
    ann.page.get_by_label("They advertise or sell").check()
    ann.press("Send the report")
    ann.sees("Those who run this place look at it")
    ann.open("/your-data")
    with ann.page.expect_download() as download:
        ann.page.get_by_role("link", name="Download everything").click()
    assert download.value.suggested_filename == "everything-about-me.zip"


def _files(window: Window) -> None:
    window.open("/profile")
    written = io.BytesIO()
    Image.new("RGB", (600, 600), "teal").save(written, "PNG")
    picture: FilePayload = {
        "name": "me.png",
        "mimeType": "image/png",
        "buffer": written.getvalue(),
    }
    window.page.get_by_label("A JPEG, PNG or WebP file").set_input_files(picture)
    window.press("Save the picture")
    window.sees("Your picture is saved.")
    expect(window.page.get_by_alt_text("Your picture")).to_have_js_property("naturalWidth", 512)
    window.open("/onboarding")
    resume: FilePayload = {
        "name": "resume.pdf",
        "mimeType": "application/pdf",
        "buffer": pdf("I can teach piano to beginners."),
    }
    window.page.get_by_text("Send a résumé instead").click()
    window.page.get_by_label("A PDF or Word file").set_input_files(resume)
    window.press("Read the file")
    window.sees("I can teach piano to beginners")
