"""Every page and every caller against one table; what is not in the table fails the test."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from fastapi import FastAPI

from app.bootstrap import member_side
from app.main import create_app
from app.services import accounts
from app.services.site import Site
from app.settings import ApiSettings
from app.web.site import POLICY, pages
from tests.conftest import Pair
from tests.integration.web import operator_routes
from tests.integration.web.conftest import SERVICE_KEY, Browser, Members, NewBrowser

# Route → what each caller gets, redirects not followed:
# nobody, another member, the member whose it is, an operator, the key of a service.
OPEN = (200, 200, 200, 200, 200)
INSIDE = (303, 200, 200, 200, 303)
CHANGE = (303, 303, 303, 303, 303)
THEIRS = (303, 404, 200, 404, 303)
GONE = (410, 410, 410, 410, 410)
TABLE = {
    "GET /": (200, 303, 303, 303, 200),
    "GET /privacy": OPEN,
    "GET /terms": OPEN,
    "POST /language": (422, 422, 422, 422, 422),
    "GET /dev/mail": OPEN,
    "GET /sign-up": OPEN,
    "POST /sign-up": (422, 422, 422, 422, 422),
    "GET /confirm": GONE,
    "POST /confirm": GONE,
    "GET /sign-in": (200, 303, 303, 303, 200),
    "POST /sign-in": (401, 401, 401, 401, 401),
    "POST /sign-out": CHANGE,
    "GET /forgotten": OPEN,
    "POST /forgotten": (422, 422, 422, 422, 422),
    "GET /new-password": GONE,
    "POST /new-password": GONE,
    "GET /new-address": OPEN,
    "POST /new-address": GONE,
    "GET /account": INSIDE,
    "POST /account/password": (303, 422, 422, 422, 303),
    "POST /account/address": (303, 422, 422, 422, 303),
    "POST /account/sessions/end-all": CHANGE,
    "POST /account/sessions/{session_id:uuid}/end": (303, 404, 404, 404, 303),
    "GET /profile": INSIDE,
    "POST /profile": (303, 422, 422, 422, 303),
    "POST /profile/picture": (303, 422, 422, 422, 303),
    "GET /pictures/{version:uuid}": (303, 404, 404, 404, 303),
    "POST /onboarding/document": (303, 422, 422, 422, 303),
    "GET /settings": INSIDE,
    "POST /settings/rules": (303, 422, 422, 422, 303),
    "POST /settings/pause": CHANGE,
    "POST /settings/shown": (303, 422, 422, 422, 303),
    "POST /settings/letters": (303, 422, 422, 422, 303),
    "POST /settings/blocked/{user_id:uuid}/unblock": (303, 404, 404, 404, 303),
    "GET /your-data": INSIDE,
    "GET /your-data/everything.zip": INSIDE,
    "POST /your-data/erase": (303, 422, 422, 422, 303),
    "POST /your-data/stay": (303, 404, 404, 404, 303),
    "GET /receipts/{receipt_id:uuid}": (404, 404, 404, 404, 404),
    "GET /unsubscribe": GONE,
    "POST /unsubscribe": GONE,
    "GET /matches/{match_id:uuid}/report": THEIRS,
    "POST /matches/{match_id:uuid}/report": (303, 404, 422, 404, 303),
    "GET /onboarding": INSIDE,
    "POST /onboarding": (303, 422, 422, 422, 303),
    "POST /onboarding/items": (303, 422, 422, 422, 303),
    "POST /onboarding/items/{item_id:uuid}": (303, 422, 422, 422, 303),
    "POST /onboarding/done": (303, 422, 303, 422, 303),
    "GET /summary": INSIDE,
    "POST /summary": (303, 422, 422, 422, 303),
    "GET /summary/progress": INSIDE,
    "POST /summary/again": (303, 409, 409, 409, 303),
    "GET /matches": INSIDE,
    "POST /matches/{match_id:uuid}": (303, 422, 422, 422, 303),
    "POST /matches/{match_id:uuid}/block": (303, 404, 303, 404, 303),
    "GET /conversations": INSIDE,
    "GET /conversations/{match_id:uuid}": THEIRS,
    "POST /conversations/{match_id:uuid}": (303, 404, 422, 404, 303),
    "GET /conversations/{match_id:uuid}/messages": THEIRS,
    "POST /conversations/{match_id:uuid}/read": (303, 404, 204, 404, 303),
    "POST /conversations/{match_id:uuid}/end": (303, 404, 303, 404, 303),
    "GET /live": (303, 200, 200, 200, 303),
} | operator_routes.TABLE
CALLERS = ("nobody", "another member", "the member", "an operator", "a service")


def _routes(app: FastAPI, pair: Pair) -> list[str]:
    settings = ApiSettings.model_validate(pair.environment | {"RECIPROCITY_ENVIRONMENT": "test"})
    side = member_side(app.state.platform, settings)
    return [f"{entry.method} {entry.path}" for entry in pages(side).entries]


def test_every_page_stands_in_the_table(app: FastAPI, pair: Pair) -> None:
    assert sorted(_routes(app, pair)) == sorted(TABLE)


def _callers(new_browser: NewBrowser, members: Members) -> tuple[dict[str, Browser], str]:
    *_, match_id = members.couple()
    members.with_password("other@example.org", "Other")
    members.with_password("op@example.org", "Op")
    with members.people.databases.backend() as backend:
        accounts.promote(backend, "op@example.org")
    ann = new_browser().sign_in("ann@example.org")
    ben = new_browser().sign_in("ben@example.org")
    for one in (ann, ben):
        one.post(f"/matches/{match_id}", "/matches", choice="yes")
    service = new_browser()
    service.client.headers["X-API-KEY"] = SERVICE_KEY
    found = {
        "nobody": new_browser(),
        "another member": new_browser().sign_in("other@example.org"),
        "the member": ann,
        "an operator": new_browser().sign_in("op@example.org"),
        "a service": service,
    }
    return found, str(match_id)


def _asked(browser: Browser, route: str, match_id: str) -> int:
    method, path = route.split(" ")
    path = path.replace("{match_id:uuid}", match_id)
    path = re.sub(r"\{\w+:uuid\}", str(uuid4()), path)
    path = re.sub(r"\{\w+:int\}", "999999", path)
    if method == "GET":
        with browser.client.stream("GET", path, follow_redirects=False) as answer:
            return answer.status_code
    page = "/account" if browser.client.cookies.get("session") else "/privacy"
    form = (
        {"csrf": browser.csrf(page)} if page == "/account" else {"csrf": browser.csrf("/sign-up")}
    )
    return browser.client.post(path, data=form, follow_redirects=False).status_code


def test_every_caller_gets_at_every_page_what_the_table_says(
    new_browser: NewBrowser, members: Members
) -> None:
    callers, match_id = _callers(new_browser, members)
    ending = ("end-all", "sign-out", "/end", "/block")
    order = sorted(
        TABLE,
        key=lambda route: (route.endswith(ending), "sign-out" in route, route.endswith("/block")),
    )
    wrong = []
    for place, name in enumerate(CALLERS):
        for route in order:
            if name == "the member" and route.endswith(("end-all", "sign-out")):
                continue  # the session it would end is needed for the rows that follow
            if route == "GET /live" and callers[name].client.cookies.get("session"):
                continue  # this stream never ends by itself: its own test reads it
            got = _asked(callers[name], route, match_id)
            if route.endswith(("end-all", "sign-out")) and name not in {"nobody", "a service"}:
                callers[name].sign_in(
                    {"another member": "other@example.org", "an operator": "op@example.org"}[name]
                )
            if got != TABLE[route][place]:
                wrong.append(f"{name}: {route} gave {got}, not {TABLE[route][place]}")
    assert wrong == []


@pytest.mark.parametrize("token", ["", "made up"])
def test_no_change_is_made_without_the_token_of_this_browsers_forms(
    new_browser: NewBrowser, members: Members, pair: Pair, token: str
) -> None:
    callers, match_id = _callers(new_browser, members)
    # The link in a letter proves itself: a mail program has no form of ours.
    changes = [one for one in TABLE if one.startswith("POST") and one != "POST /unsubscribe"]
    before = pair.contents()
    for name in ("the member", "nobody"):
        browser = callers[name]
        browser.get("/privacy")
        for route in changes:
            path = re.sub(r"\{\w+:uuid\}", match_id, route.split(" ")[1])
            path = re.sub(r"\{\w+:int\}", "1", path)
            answer = browser.client.post(path, data={"csrf": token}, follow_redirects=False)
            assert answer.status_code in (403, 303), route
            if name == "the member":
                assert answer.status_code == 403, route
                assert "nothing was changed" in answer.text
    assert pair.contents() == before


def test_another_sites_form_is_refused_even_with_the_right_token(
    new_browser: NewBrowser, members: Members
) -> None:
    members.with_password("ann@example.org", "Ann")
    browser = new_browser().sign_in("ann@example.org")
    answer = browser.client.post(
        "/settings/pause",
        data={"csrf": browser.csrf("/account"), "paused": "yes"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403


def test_every_answer_carries_the_policy_and_no_page_needs_more(
    new_browser: NewBrowser, members: Members
) -> None:
    callers, match_id = _callers(new_browser, members)
    assert "unsafe" not in POLICY
    browser = callers["the member"]
    for path in ("/", "/matches", "/summary", "/profile", "/account", "/conversations", "/nowhere",
                 "/settings", f"/conversations/{match_id}", "/privacy", "/dev/mail"):  # fmt: skip
        answer = browser.client.get(path)
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", answer.text), path
        assert answer.text.count("<script") == answer.text.count('<script src="/static/')


def test_static_files_are_kept_for_good_under_their_version_only(new_browser: NewBrowser) -> None:
    client = new_browser().client
    found = re.search(r'href="(/static/style\.css\?v=\w+)"', client.get("/").text)
    assert found is not None
    assert "immutable" in client.get(found[1]).headers["cache-control"]
    assert client.get("/static/style.css").headers["cache-control"] == "no-cache"
    assert client.get("/static/%2e%2e/site.py").status_code == 404
    assert client.get("/static/live.js").headers["content-type"].startswith("text/javascript")


def test_the_outbox_page_exists_on_development_machines_only(pair: Pair) -> None:
    for environment, there in (("development", True), ("production", False), ("", False)):
        values = pair.environment | (
            {"RECIPROCITY_ENVIRONMENT": environment} if environment else {}
        )
        app = create_app(ApiSettings.model_validate(values))
        side = member_side(app.state.platform, ApiSettings.model_validate(values))
        assert side.site.development is there
        assert any(entry.path == "/dev/mail" for entry in pages(side).entries) is there


def test_cookies_are_out_of_reach_of_scripts_and_over_https_of_other_hosts(
    new_browser: NewBrowser, members: Members
) -> None:
    members.with_password("ann@example.org", "Ann")
    browser = new_browser()
    answer = browser.client.post(
        "/sign-in",
        data={
            "csrf": browser.csrf("/sign-in"),
            "email": "ann@example.org",
            "password": "correct horse battery",
        },
        follow_redirects=False,
    )
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert Site("https://x.example", False, True, True).secure
    assert not Site("http://x.example", False, True, True).secure


def test_what_members_write_is_shown_escaped_everywhere(
    new_browser: NewBrowser, members: Members
) -> None:
    nasty = "<script>alert(1)</script> &amp; \"'"
    members.join("Ann", [f"tax {nasty}"], [f"piano {nasty}"])
    members.join("Ben", [f"piano {nasty}"], [f"tax {nasty}"])
    members.people.relay.look()
    ann, ben = (new_browser().sign_in(f"{name}@example.org") for name in ("ann", "ben"))
    for one in (ann, ben):
        one.post("/profile", "/profile", first_name=nasty, headline=nasty, place=nasty)
    found = re.search(r'action="/matches/([\w-]+)"', ann.get("/matches"))
    assert found is not None
    for one in (ann, ben):
        one.post(f"/matches/{found[1]}", "/matches", choice="yes", note=nasty)
    talk = f"/conversations/{found[1]}"
    ben.post(talk, talk, body=nasty, key="k")
    pages_read = ("/matches", "/summary", "/profile", "/account", "/conversations", talk)
    for one in (ann, ben):
        for path in pages_read:
            text = one.get(path)
            assert "<script>alert" not in text, path
            assert "&amp;amp;" in text or path == "/account", path
    messages = ann.client.get(f"{talk}/messages", headers={"HX-Request": "true"}).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp;" in messages
