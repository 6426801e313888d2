"""Reports are handled: dismissed, warned about, answered by a suspension, which can be lifted."""

from __future__ import annotations

from uuid import UUID

from app.databases.names import Database
from app.services import reports
from tests.conftest import Pair
from tests.integration.web.conftest import PASSWORD, Browser, Members, NewBrowser, words

BACKEND = Database.BACKEND


def _reported(members: Members) -> tuple[UUID, UUID, str]:
    """Let Ann report Ben; give both and the page of the report."""
    ann, ben, match_id = members.couple()
    report_id = reports.report(
        members.people.databases, ann, match_id, "spam", "Ben <b>sells</b> pianos"
    )
    return ann, ben, f"/operator/reports/{report_id}"


def test_a_report_is_read_escaped_and_dismissed_once(
    operator: Browser, members: Members, pair: Pair
) -> None:
    _, ben, page = _reported(members)
    assert "ben@example.org" in operator.get("/operator/reports")
    text = operator.get(page)
    assert "Ben &lt;b&gt;sells&lt;/b&gt; pianos" in text
    assert "Dismissed" in operator.post(page, page, decision="dismiss")
    assert pair.sql(BACKEND, "SELECT state, outcome FROM reports") == (
        "handled|We have looked at it and found nothing to act on."
    )
    told = operator.post(page, "/account", 409, decision="suspend")
    assert "decided on this report already" in told
    assert pair.sql(BACKEND, f"SELECT is_active FROM users WHERE id = '{ben}'") == "t"
    actions = pair.sql(BACKEND, "SELECT action FROM operator_actions ORDER BY at").split()
    assert actions.count("report_dismissed") == 1
    assert actions.count("member_suspended") == 0
    assert "handled" in operator.get("/operator/reports?state=handled").lower()


def test_a_warning_is_a_letter_in_the_operators_words_and_the_reporter_reads_the_answer(
    operator: Browser, members: Members, new_browser: NewBrowser, pair: Pair
) -> None:
    _, ben, page = _reported(members)
    operator.post(page, page, decision="warn", words="No sales here.", answer="Thank you, Ann.")
    letter = pair.sql(BACKEND, f"SELECT subject, body FROM letters WHERE user_id = '{ben}'")
    assert letter.startswith("A word about how you treat others here|")
    assert "No sales here." in letter
    assert "Thank you, Ann." in new_browser().sign_in("ann@example.org").get("/settings")
    log = operator.get("/operator/audit?action=member_warned")
    assert "No sales here." not in log
    assert "Warned a member" in words(log.partition("<tbody>")[2])


def test_a_suspended_member_is_signed_out_and_in_nobodys_list_until_it_is_lifted(
    operator: Browser, members: Members, new_browser: NewBrowser, pair: Pair
) -> None:
    ann, ben, page = _reported(members)
    browser = new_browser().sign_in("ben@example.org")
    operator.post(page, page, decision="suspend")
    assert browser.client.get("/account", follow_redirects=False).status_code == 303
    assert members.people.partners_of(ann) == []
    again = new_browser()
    again.post("/sign-in", "/sign-in", 401, email="ben@example.org", password=PASSWORD)
    member = f"/operator/members/{ben}"
    assert "suspended or inactive, so it stands in nobody" in words(operator.get(member))
    assert "The suspension is lifted" in operator.post(f"{member}/lift", member)
    operator.post(f"{member}/lift", member, 409)
    members.people.relay.look()
    assert members.people.partners_of(ann) == [ben]
    again.sign_in("ben@example.org")
    log = words(operator.get(f"/operator/audit?about={ben}").partition("<tbody>")[2])
    assert "Suspended a member Ben report:" in log
    assert "Lifted a suspension Ben" in log
    assert pair.sql(BACKEND, "SELECT count(*) FROM letters WHERE subject LIKE '%suspended'") == "1"


def test_nothing_is_half_done_when_a_decision_cannot_be_carried_out(
    operator: Browser, members: Members, pair: Pair
) -> None:
    _, ben, page = _reported(members)
    operator_id = pair.sql(BACKEND, "SELECT user_id FROM operators")
    pair.sql(BACKEND, f"UPDATE reports SET about_id = '{operator_id}' WHERE about_id = '{ben}'")
    assert "cannot suspend yourself" in operator.post(page, page, 409, decision="suspend")
    assert "dismiss, warn or suspend" in operator.post(page, page, 422, decision="ban")
    assert pair.sql(BACKEND, "SELECT state FROM reports") == "open"
    assert pair.sql(BACKEND, f"SELECT is_active FROM users WHERE id = '{operator_id}'") == "t"
