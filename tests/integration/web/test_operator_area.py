"""The operators' area: how the place is, and the log of what operators do."""

from __future__ import annotations

import html
import re

from app.databases.names import Database
from app.services import erasure
from app.services.operator_actions import Action
from tests.conftest import Pair
from tests.integration.web.conftest import Browser, Members, NewBrowser, words

AI, BACKEND = Database.AI, Database.BACKEND


def test_the_overview_tells_both_databases_and_members_by_stage_from_the_data(
    operator: Browser, members: Members, pair: Pair
) -> None:
    members.couple()
    members.people.join("Draft", ["x"], ["y"], approve=False)
    told = words(operator.get("/operator"))
    pair_id = pair.sql(AI, "SELECT pair_id FROM ai_identity")
    assert told.count(pair_id) == 2
    for database in (AI, BACKEND):
        revision = pair.sql(database, f"SELECT version_num FROM alembic_version_{database}")
        assert revision in told
    for expected in (
        "Signed up, taking introductions 4",
        "Onboarding begun 4",
        "Onboarding completed 3",
        "Summary approved 2",
        "With vectors 2",
        "With matches 2",
        "Approved summaries without vectors 0",
        "Members with vectors and no summary (orphans) 0",
        "Work given up (dead letters) 0",
        "Exact or approximate exact",
        "Pairs stored 1",
        "The vectors that serve were made by words, and this process is set to",
    ):
        assert expected in told, f"{expected}: {told}"


def test_the_overview_says_in_words_what_is_wrong(
    operator: Browser, members: Members, pair: Pair
) -> None:
    members.couple()
    pair.sql(BACKEND, "UPDATE outbox SET state = 'dead', last_error = 'x' WHERE topic = 'embed'")
    pair.sql(AI, "DELETE FROM member_vectors")
    told = words(operator.get("/operator"))
    assert "2 pieces of work were given up" in told
    assert "2 members have an approved summary and no vectors" in told


def test_the_overview_of_a_place_without_members_says_that_all_is_well(operator: Browser) -> None:
    told = words(operator.get("/operator"))
    assert "nothing in them is as it should not be" in told
    assert "No matching run was made yet" in told


def test_an_overview_is_shown_while_the_ai_database_is_at_another_revision(
    operator: Browser, pair: Pair
) -> None:
    pair.sql(AI, "UPDATE alembic_version_ai SET version_num = '0001'")
    told = words(operator.get("/operator"))
    assert "State not ready ready" in told
    assert "run `reciprocity migrate`" in told


def test_only_operators_see_the_link_to_their_area(
    operator: Browser, new_browser: NewBrowser, members: Members
) -> None:
    members.with_password("ann@example.org", "Ann")
    assert 'href="/operator"' in operator.get("/account")
    assert 'href="/operator"' not in new_browser().sign_in("ann@example.org").get("/account")


def test_reading_the_log_stands_in_the_log_with_who_when_and_by_which_request(
    operator: Browser, pair: Pair
) -> None:
    operator.client.get("/operator/audit", headers={"X-Request-ID": "a-request-of-mine"})
    told = words(operator.get("/operator/audit"))
    assert "op@example.org Read this log a-request-of-mine" in told
    assert pair.sql(BACKEND, "SELECT count(*) FROM operator_actions") == "2"


def test_the_log_is_filtered_by_operator_action_member_and_day(
    operator: Browser, members: Members
) -> None:
    operator.get("/operator/audit")
    members.with_password("ann@example.org", "Ann")
    for query, found in (
        ("action=log_read", True),
        ("action=member_seen", False),
        ("since=2026-01-01", True),
        ("until=2026-01-01", False),
        ("about=ann@example.org", False),
    ):
        rows = operator.get(f"/operator/audit?{query}").partition("<tbody>")[2]
        assert ("Read this log" in rows) is found, query


def test_a_filter_that_cannot_be_read_is_told_and_not_ignored(operator: Browser) -> None:
    for query, told in (
        ("since=yesterday", "is no day"),
        ("action=nothing", "no such action"),
        ("operator=x", "is not a member"),
        ("at=2026-01-01&last=x", "is not one that a page before has named"),
    ):
        assert told in words(operator.get(f"/operator/audit?{query}", 422))


def test_a_log_longer_than_a_page_is_read_to_its_end(operator: Browser, pair: Pair) -> None:
    pair.sql(
        BACKEND,
        "INSERT INTO operator_actions SELECT gen_random_uuid(), NULL, 'log_read', NULL, '{}',"
        " 'row' || n, now() - n * interval '1 minute' FROM generate_series(1, 70) n",
    )
    first = operator.get("/operator/audit")
    older = re.search(r'href="(\?[^"]+)">Older', first)
    assert older is not None
    both = first + operator.get("/operator/audit" + html.unescape(older[1]))
    assert {f"row{n}" for n in range(1, 71)} <= set(re.findall(r">(row\d+)<", both))


def test_an_erasure_takes_the_member_out_of_the_log_and_leaves_what_was_done(
    operator: Browser, members: Members, pair: Pair
) -> None:
    ann = members.join("Ann", ["tax advice"], ["piano lessons"])
    pair.sql(
        BACKEND,
        "INSERT INTO operator_actions"
        f" VALUES (gen_random_uuid(), NULL, 'member_seen', '{ann}', '{{}}', '', now())",
    )
    assert "Ann" in words(
        operator.get("/operator/audit?action=member_seen").partition("<tbody>")[2]
    )
    with members.people.databases.backend() as backend:
        erasure.erase(backend, ann)
    rows = operator.get("/operator/audit?action=member_seen").partition("<tbody>")[2]
    assert "erased since Opened a member's page" in words(rows)
    assert str(ann) not in pair.sql(BACKEND, "SELECT * FROM operator_actions")


def test_every_action_has_words_on_the_page_of_the_log(operator: Browser) -> None:
    page = operator.get("/operator/audit")
    for action in Action:
        words_of = re.search(rf'<option value="{action.value}">([^<]+)<', page)
        assert words_of is not None, action
        assert words_of[1] != action.value, f"app/web/templates/operator_macros.html lacks {action}"
