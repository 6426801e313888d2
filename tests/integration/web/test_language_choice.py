"""A browser is answered in its language, and whoever uses it can choose another."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.integration.web.conftest import Browser, Members


@pytest.fixture
def browser(app: FastAPI) -> Browser:
    return Browser(TestClient(app, base_url="http://127.0.0.1"))


def test_a_page_speaks_the_language_that_the_browser_asks_for(browser: Browser) -> None:
    assert '<html lang="en">' in browser.get("/sign-in")
    browser.client.headers["accept-language"] = "de-CH,de;q=0.9,en;q=0.5"
    page = browser.get("/sign-in")
    assert '<html lang="de">' in page
    assert "Anmelden" in page
    assert "Sign in" not in page
    missing = browser.get("/no-such-page", status=404)
    assert '<html lang="de">' in missing


def test_the_language_that_was_chosen_stays_and_the_page_comes_back(browser: Browser) -> None:
    page = browser.post("/language", "/terms", language="de", back="/terms")
    assert '<html lang="de">' in page
    assert '<html lang="de">' in browser.get("/sign-in")
    browser.post("/language", "/terms", language="en", back="/terms")
    assert '<html lang="en">' in browser.get("/sign-in")


def test_choosing_a_language_leads_back_to_the_very_page_that_was_read(
    browser: Browser, members: Members
) -> None:
    assert 'name="back" value="/sign-in?next=%2Fmatches"' in browser.get(
        "/sign-in?next=/matches&said=signed-out"
    )
    members.with_password("ann@example.org", "Ann")
    browser.sign_in("ann@example.org")
    page = browser.client.post(
        "/account/password",
        data={"csrf": browser.csrf("/account"), "current": "wrong", "password": "long enough too"},
        headers={"referer": "http://127.0.0.1/account"},
    )
    assert page.status_code in {401, 422}
    assert 'name="back" value="/account"' in page.text
    for referer in ("http://elsewhere.example/account", "http://["):
        elsewhere = browser.client.post(
            "/account/password",
            data={
                "csrf": browser.csrf("/account"), "current": "wrong", "password": "long enough too"
            },
            headers={"referer": referer},
        )  # fmt: skip
        assert 'name="back" value="/"' in elsewhere.text


@pytest.mark.parametrize(
    "path", ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere"]
)
def test_choosing_a_language_leads_to_no_other_site(browser: Browser, path: str) -> None:
    csrf = browser.csrf("/terms")
    answer = browser.client.post(
        "/language",
        data={"csrf": csrf, "language": "de", "back": path},
        follow_redirects=False,
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"


def test_a_language_that_is_not_spoken_here_is_refused(browser: Browser) -> None:
    browser.post("/language", "/terms", status=422, language="tlh", back="/terms")
    assert '<html lang="en">' in browser.get("/terms")


def test_what_is_wrong_with_a_form_is_told_in_the_same_language(browser: Browser) -> None:
    browser.client.headers["accept-language"] = "de"
    page = browser.post(
        "/sign-up",
        "/sign-up",
        status=422,
        email="ann@example.org",
        first_name="Ann",
        last_name="Lee",
        password="short",
    )
    assert "Passwort" in page
    assert "too short" not in page
