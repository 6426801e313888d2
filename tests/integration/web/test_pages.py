"""From sign-up to talk, page by page and without any JavaScript."""

from __future__ import annotations

import re
from typing import Any

from tests.integration.web.conftest import PASSWORD, Members, NewBrowser
from tests.people import People


def test_somebody_signs_up_confirms_says_what_they_need_and_approves(
    new_browser: NewBrowser, people: People
) -> None:
    browser = new_browser()
    sent = browser.post(
        "/sign-up",
        "/sign-up",
        first_name="José O'Brien",
        email="jose@example.org",
        password=PASSWORD,
    )
    assert "jose@example.org" in sent
    link = browser.letter("confirm")
    assert "José O&#39;Brien" in browser.get(link)
    welcome = browser.post("/confirm", link, token=link.split("=")[1])
    assert "Your address is confirmed" in welcome
    assert "What do you need, what do you offer?" in welcome
    more = browser.post("/summary", "/summary", need=["tax advice"], offer=[""], wish="more-needs")
    assert more.count('name="need"') > 4
    assert "tax advice" in more
    page = browser.post(
        "/summary", "/summary", need=["tax advice", ""], offer=["piano\r\nlessons"], wish="approve"
    )
    assert "Your matches are being made" in page
    assert 'hx-get="/summary/progress"' in page
    people.relay.look()
    assert "See your matches" in browser.get("/summary/progress")
    assert "There is nobody to introduce right now" in browser.get("/matches")


def test_two_decide_yes_and_write_to_each_other(new_browser: NewBrowser, members: Members) -> None:
    *_, match_id = members.couple()
    ann = new_browser().sign_in("ann@example.org")
    ben = new_browser().sign_in("ben@example.org")
    page = ann.get("/matches")
    assert "Ben" in page
    assert "tax advice" in page
    assert "ben@example.org" not in page
    said = ann.post(
        f"/matches/{match_id}", "/matches", choice="yes", reason=["i_can_help"], note="x"
    )
    assert "You said yes" in said
    opened = ben.post(f"/matches/{match_id}", "/matches", choice="yes")
    assert "The conversation is open" in opened
    assert "ann@example.org" in opened
    assert "A way to begin" in opened
    talk = f"/conversations/{match_id}"
    key = re.search(r'name="key" value="([^"]+)"', opened)
    assert key is not None
    for _ in range(2):
        ben.post(talk, talk, body="hello & <b>welcome</b>", key=key[1])
    home = ann.get("/conversations")
    assert re.search(r'id="unread"[^>]*>\s*<span class="count">1<', home)
    read = ann.get(talk)
    assert read.count("hello &amp; &lt;b&gt;welcome&lt;/b&gt;") == 1
    assert "Read" in ben.get(talk)


def test_an_empty_form_is_shown_again_with_what_is_wrong_and_what_was_typed(
    new_browser: NewBrowser,
) -> None:
    page = new_browser().post(
        "/sign-up", "/sign-up", status=422, first_name="Ann", email="nowhere", password=PASSWORD
    )
    assert "That is not an e-mail address" in page
    assert 'value="Ann"' in page
    assert PASSWORD not in page


def test_whoever_is_signed_out_is_sent_to_sign_in_and_then_to_where_they_wanted(
    new_browser: NewBrowser, members: Members
) -> None:
    members.with_password("ann@example.org", "Ann")
    browser = new_browser()
    asked = browser.client.get("/profile", follow_redirects=False)
    assert asked.headers["location"] == "/sign-in?next=/profile"
    page = browser.post(
        "/sign-in",
        "/sign-in?next=/profile",
        email="ann@example.org",
        password=PASSWORD,
        next="/profile",
    )
    assert "<h1>Profile</h1>" in page


def test_the_way_back_after_signing_in_never_leads_to_another_host(
    new_browser: NewBrowser, members: Members
) -> None:
    members.with_password("ann@example.org", "Ann")
    for wanted in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:1"):
        browser = new_browser()
        answer = browser.client.post(
            "/sign-in",
            data={
                "csrf": browser.csrf("/sign-in"),
                "email": "ann@example.org",
                "password": PASSWORD,
                "next": wanted,
            },
            follow_redirects=False,
        )
        assert answer.headers["location"] == "/"


def test_a_member_who_completed_onboarding_is_never_sent_back_to_it(
    new_browser: NewBrowser, members: Members
) -> None:
    members.couple()
    for _ in range(2):
        browser = new_browser().sign_in("ann@example.org")
        assert str(browser.client.get("/").url).endswith("/matches")
        browser.post("/sign-out", "/account")
        assert browser.client.get("/matches", follow_redirects=False).status_code == 303


def test_a_profile_is_kept_as_typed_and_dangerous_links_are_refused(
    new_browser: NewBrowser, members: Members
) -> None:
    members.with_password("ann@example.org", "Ann")
    browser = new_browser().sign_in("ann@example.org")
    typed: dict[str, Any] = {
        "first_name": "Ann & <i>co</i>",
        "headline": '"quoted"',
        "languages": "English, , Français",
    }
    page = browser.post("/profile", "/profile", **typed, links="example.org/me")
    assert "Ann &amp; &lt;i&gt;co&lt;/i&gt;" in page
    assert 'value="English, Français"' in page
    assert "https://example.org/me" in page
    for link in ("javascript:alert(1)", "data:text/html,x", "https://"):
        refused = browser.post("/profile", "/profile", status=422, **typed, links=link)
        assert "not a web address" in refused


def test_a_stage_that_failed_says_which_and_why_without_words_from_inside(
    new_browser: NewBrowser, people: People, members: Members
) -> None:
    members.with_password("ann@example.org", "Ann")
    browser = new_browser().sign_in("ann@example.org")
    browser.post("/summary", "/summary", need=["poison"], offer=["piano"], wish="approve")
    people.relay.look()
    page = browser.get("/summary")
    assert "Reading what you wrote" in page
    assert "is tried again" in page
    assert "leave it out" not in page
    browser.post("/summary", "/summary", need=["tax advice"], offer=["piano"], wish="approve")
    browser.post("/summary/again", "/summary")
    people.relay.look()
    assert "See your matches" in browser.get("/summary/progress")


def test_a_wrong_turn_is_told_in_a_page_and_below_the_api_as_a_problem(
    new_browser: NewBrowser,
) -> None:
    browser = new_browser()
    assert "There is no such page" in browser.get("/nowhere", status=404)
    answer = browser.client.get("/api/nowhere")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"
    assert "does not work any more" in browser.get("/confirm?token=old", status=410)


def test_a_member_ends_other_sessions_and_a_blocked_person_is_gone(
    new_browser: NewBrowser, members: Members
) -> None:
    *_, match_id = members.couple()
    here, there = (new_browser().sign_in("ann@example.org") for _ in range(2))
    here.post("/account/sessions/end-all", "/account")
    assert there.client.get("/matches", follow_redirects=False).status_code == 303
    ann = new_browser().sign_in("ann@example.org")
    assert "Blocked." in ann.post(f"/matches/{match_id}/block", "/matches")
    assert "Ben" not in ann.get("/matches")
    assert "Take the block back" in ann.get("/settings")


def test_somebody_is_heard_corrects_what_was_understood_and_is_done(
    new_browser: NewBrowser, members: Members
) -> None:
    members.with_password("ann@example.org", "Ann")
    browser = new_browser().sign_in("ann@example.org")
    said = "I am looking for somebody who helps me with my taxes. I can teach piano to beginners."
    browser.post("/onboarding", "/onboarding", text=said, key="one")
    page = browser.post("/onboarding", "/onboarding", text=said, key="one")
    assert page.count("teach piano to beginners") >= 2, "in the message and in the list"
    assert page.count(f"<p>{said}</p>") == 1
    item = re.search(r'action="/onboarding/items/([\w-]{36})"', page)
    assert item is not None
    path = f"/onboarding/items/{item[1]}"
    page = browser.post(
        path, "/onboarding", kind="need", text="help <b>with</b> taxes & co", wish="change"
    )
    assert "help &lt;b&gt;with&lt;/b&gt; taxes &amp; co" in page
    assert "add words" not in page
    browser.post("/onboarding/items", "/onboarding", kind="offer", text="add words", key="two")
    page = browser.post("/onboarding/done", "/onboarding")
    assert "Here is what we understood" in page
    assert "help &lt;b&gt;with&lt;/b&gt; taxes &amp; co" in page
    assert "add words" in page
    assert str(browser.client.get("/").url).endswith("/matches")


def test_who_says_nothing_is_told_so_and_nothing_is_completed(
    new_browser: NewBrowser, members: Members
) -> None:
    members.with_password("ann@example.org", "Ann")
    browser = new_browser().sign_in("ann@example.org")
    assert "neither a need nor an offer" in browser.post(
        "/onboarding/done", "/onboarding", status=422
    )
    assert str(browser.client.get("/").url).endswith("/onboarding")
