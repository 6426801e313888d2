"""The operators' area in a real browser: every page at any size, light and dark, and without JavaScript."""

from __future__ import annotations

import pytest

from app.databases.names import Database
from app.services import accounts, reports
from tests.conftest import Pair
from tests.e2e.browser.conftest import PASSWORD, Window, Windows
from tests.e2e.browser.test_pages_for_everybody import OF_OPERATORS, PICTURES, SIZES, _judged
from tests.people import People

pytestmark = pytest.mark.browser


def _operator(windows: Windows, people: People, **options: object) -> Window:
    wish = accounts.Wish("op@example.org", PASSWORD, "Op")
    accounts.create(people.databases, wish, operator=True)
    window = windows.open(**options)
    window.sign_in("op@example.org")
    return window


def _community(people: People, pair: Pair) -> dict[str, str]:
    """A community with matches, decisions, a report and work that was given up; its pages by name."""
    crowd = people.crowd(12)
    people.relay.look()
    first = people.list_of(crowd[0]).introductions
    people.decide(crowd[0], first[0].partner_id, "approved")
    people.decide(crowd[0], first[1].partner_id, "declined")
    report = reports.report(
        people.databases, crowd[0], first[0].match_id, "spam", "They sell <b>things</b>."
    )
    people.join("Poison", ["poison"], ["help with gardening"])
    people.relay.look()
    pair.sql(Database.BACKEND, "UPDATE outbox SET state = 'dead' WHERE state = 'pending'")
    number = pair.sql(Database.BACKEND, "SELECT max(id) FROM outbox WHERE state = 'dead'")
    return {
        "overview": "/operator",
        "members": "/operator/members?q=member",
        "member": f"/operator/members/{crowd[0]}",
        "why": "/operator/why?missing=member5@example.org&owner=member0@example.org",
        "reports": "/operator/reports",
        "report": f"/operator/reports/{report}",
        "quality": "/operator/quality",
        "work": "/operator/outbox",
        "work-one": f"/operator/outbox/{number}",
        "audit": "/operator/audit",
    }


def test_no_page_for_operators_keeps_anybody_out_at_any_size_in_light_or_dark(
    windows: Windows, people: People, pair: Pair
) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    pages = _community(people, pair)
    assert set(pages) == set(OF_OPERATORS)
    kept = _operator(windows, people).context.storage_state()
    wrong = []
    for scheme in ("light", "dark"):
        for size, viewport in SIZES.items():
            # The judge is put into the page from outside, which the page's own policy forbids.
            window = windows.open(
                color_scheme=scheme, viewport=viewport, bypass_csp=True, storage_state=kept
            )
            for name, path in pages.items():
                window.open(path)
                picture = PICTURES / f"operator-{name}-{size}-{scheme}.png"
                wrong += [f"{path} {size} {scheme}: {one}" for one in _judged(window.page, picture)]
            window.page.close()
    assert wrong == []


def test_an_operator_works_without_javascript_and_nothing_breaks_the_policy(
    windows: Windows, people: People, pair: Pair
) -> None:
    pages = _community(people, pair)
    window = _operator(windows, people, java_script_enabled=False)
    window.open(pages["members"])
    window.page.get_by_role("link", name="member3@example.org").click()
    window.press("Match again")
    window.sees("Due again: the list of this member is made anew.")
    window.open(pages["why"])
    window.sees("What stands between them")
    window.open(pages["report"])
    window.page.get_by_label("What the reported member is told").fill("No sales here.")
    window.press("Warn by letter")
    window.sees("Warned. A letter is on its way")
    window.open(pages["work-one"])
    window.press("Do it again")
    window.sees("Due again, as if it were new.")
    window.open(pages["audit"])
    window.page.get_by_role("cell", name="Warned a member").wait_for()
