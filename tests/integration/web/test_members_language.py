"""Where no browser says it, members are spoken to in the language that is known of them."""

from __future__ import annotations

import html
from datetime import UTC, datetime, timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest

from app.repositories.backend import letters
from app.services import notifications
from app.services.site import Site
from tests.integration.web.conftest import PASSWORD, Browser, Members, NewBrowser

SITE = Site("https://meet.example", False, True, True)
GERMAN = {"accept-language": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.fixture
def german(new_browser: NewBrowser) -> Browser:
    browser = new_browser()
    browser.client.headers.update(GERMAN)
    return browser


def test_somebody_who_signs_up_in_german_reads_german_from_the_first_letter_on(
    german: Browser,
) -> None:
    german.post(
        "/sign-up", "/sign-up", email="ann@example.org", first_name="Ann", password=PASSWORD
    )
    outbox = html.unescape(german.get("/dev/mail"))
    assert "Bestätige deine Adresse" in outbox
    assert "Der Link gilt einen Tag lang." in outbox
    link = german.letter("confirm")
    page = german.post("/confirm", link, token=link.partition("token=")[2])
    assert "Willkommen! Erzähl mir, was du brauchst" in page
    assert "Was brauchst du gerade?" in page
    page = html.unescape(
        german.post("/onboarding", "/onboarding", text="I need a tax adviser", key="1")
    )
    assert "Ich habe 1 Bedarf notiert. Und was könntest du für jemand anderen tun?" in page
    for english in ("Welcome!", "What do you need", "I noted", "And what could you"):
        assert english not in page
    problem = html.unescape(german.post("/onboarding", "/onboarding", 422, text="...", key="2"))
    assert "There is nothing to read" not in problem


def test_news_come_in_the_language_that_the_member_chose_last(
    new_browser: NewBrowser, members: Members
) -> None:
    members.couple()
    browsers = [new_browser() for _ in range(2)]
    for name, browser in zip(("ann", "ben"), browsers, strict=True):
        browser.client.headers.update(GERMAN)
        browser.client.follow_redirects = False  # who looks at the list is told of nobody in it
        browser.post("/sign-in", "/sign-in", 303, email=f"{name}@example.org", password=PASSWORD)
    browsers[1].post("/language", "/account", 303, language="en", back="/account")
    at = datetime.now(UTC) + timedelta(minutes=3)
    assert notifications.tell(members.people.databases, SITE, at) == 2
    with members.people.databases.backend() as backend:
        told = {one.recipient: one for one in letters.newest(backend, limit=9)}
    assert told["ann@example.org"].subject == "Es gibt jemanden neu kennenzulernen"
    assert "Keine Briefe dieser Art mehr: https://" in told["ann@example.org"].body
    assert told["ben@example.org"].subject == "There is somebody new to meet"


def test_a_language_stays_with_the_member_in_the_next_browser(
    new_browser: NewBrowser, members: Members, german: Browser
) -> None:
    members.with_password("ann@example.org", "Ann")
    german.sign_in("ann@example.org")
    other = new_browser()
    other.client.headers["accept-language"] = "en"
    assert '<html lang="en">' in other.get("/sign-in")
    other.sign_in("ann@example.org")
    assert '<html lang="de">' in other.get("/account")


def test_who_signs_in_reads_the_accounts_language_whatever_was_chosen_before(
    new_browser: NewBrowser, members: Members
) -> None:
    members.with_password("ann@example.org", "Ann")
    first = new_browser()
    first.post("/language", "/sign-in", language="de", back="/sign-in")
    first.sign_in("ann@example.org")
    assert '<html lang="de">' in first.get("/account"), "the choice became the account's"
    other = new_browser()
    other.post("/language", "/sign-in", language="en", back="/sign-in")
    assert '<html lang="en">' in other.get("/sign-in")
    other.sign_in("ann@example.org")
    assert '<html lang="de">' in other.get("/account")


def test_the_page_after_signing_out_stays_in_the_language_it_was_in(
    new_browser: NewBrowser, members: Members
) -> None:
    members.with_password("ann@example.org", "Ann")
    for path in ("/sign-out", "/account/sessions/end-all"):
        browser = new_browser()
        browser.sign_in("ann@example.org")
        browser.post("/language", "/account", language="de", back="/account")
        assert '<html lang="de">' in browser.post(path, "/account")
        assert '<html lang="de">' in browser.get("/sign-in")


def test_what_is_taken_along_is_to_be_read_in_the_same_language(
    members: Members, german: Browser
) -> None:
    members.with_password("ann@example.org", "Ann")
    packed = german.sign_in("ann@example.org").client.get("/your-data/everything.zip").content
    with ZipFile(BytesIO(packed)) as files:
        page = files.read("index.html").decode()
    assert '<html lang="de">' in page
    assert "Alles, was über dich gespeichert ist" in page
    assert "die Sprache, in der ein Mitglied liest" in page
