"""An operator finds a member and reads, stage by stage, why they have no matches."""

from __future__ import annotations

import re
from uuid import UUID

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.names import Database
from app.repositories.backend.member_rules import TypedRules
from app.services import member_rules, operator_members
from app.services.operator_journey import Journey
from tests.conftest import Pair
from tests.integration.web.conftest import Browser, Members, words

AI, BACKEND = Database.AI, Database.BACKEND


def _first(members: Members, operator_id: UUID, user_id: UUID) -> tuple[str, str]:
    """Give the first stage of a member that is not done, and its words."""
    first = _journey(members, operator_id, user_id).first
    return ("", "") if first is None else (first.name, first.words)


def _journey(members: Members, operator_id: UUID, user_id: UUID) -> Journey:
    return operator_members.journey(members.people.databases, operator_id, user_id)


def test_members_are_found_by_address_name_or_id_and_the_search_is_noted_without_its_words(
    operator: Browser, members: Members, pair: Pair
) -> None:
    ann = members.join("Ann", ["x"], ["y"])
    members.join("Joann", ["x"], ["y"])
    for asked, found in (
        ("ANN@example", {"ann@", "joann@"}),
        ("joa", {"joann@"}),
        (str(ann), {"ann@"}),
        ("%", set()),
        ("_", set()),
    ):
        told = words(operator.get(f"/operator/members?q={asked}").partition("<tbody>")[2])
        assert {f"{name}@" for name in ("ann", "joann") if f" {name}@" in f" {told}"} == found
    rows = pair.sql(BACKEND, "SELECT action, details, about_id FROM operator_actions")
    assert rows.count("members_searched") == 5
    assert "ann" not in rows.lower()


def test_the_first_stage_that_is_not_done_is_said_in_words_from_sign_up_to_list(
    members: Members, operator_id: UUID, pair: Pair
) -> None:
    people = members.people
    new = members.with_password("new@example.org", "New")
    pair.sql(BACKEND, f"UPDATE users SET onboarding_status = 'not_started' WHERE id = '{new}'")
    assert _first(members, operator_id, new)[0] == "onboarding"
    ann = people.join("Ann", ["tax advice"], ["piano lessons"], approve=False)
    stage, told = _first(members, operator_id, ann)
    assert (stage, told) == ("approved", "Version 1 is a draft; the member has to approve it.")
    people.say(ann, ["tax advice"], [])
    assert _first(members, operator_id, ann)[0] == "both_kinds"
    people.say(ann, ["tax advice"], ["piano lessons"])
    stage, told = _first(members, operator_id, ann)
    assert stage == "embedded"
    assert "waits for a worker" in told
    people.relay.look()
    assert _first(members, operator_id, ann) == (
        "people_left",
        "Nobody else can be matched at the moment.",
    )
    ben = people.join("Ben", ["piano lessons"], ["tax advice"])
    people.relay.look()
    assert _first(members, operator_id, ann) == ("", "")
    people.decide(ben, ann, "declined")
    journey = _journey(members, operator_id, ann)
    assert journey.first is not None
    assert journey.first.name == "people_left"
    assert journey.removed == {"decided already or blocked": 1}
    pair.sql(BACKEND, f"UPDATE users SET allow_matching = false WHERE id = '{ann}'")
    assert _first(members, operator_id, ann)[0] == "takes_introductions"
    pair.sql(BACKEND, f"UPDATE users SET is_active = false WHERE id = '{ann}'")
    assert _first(members, operator_id, ann)[0] == "signed_up"


def test_a_rule_that_removes_everybody_is_counted_by_its_name(
    members: Members, operator_id: UUID
) -> None:
    ann, *others = members.people.crowd(3)
    members.people.relay.look()
    with members.people.databases.backend() as backend:
        member_rules.put(backend, TypedRules(others[0], people_unwanted=("member0@example.org",)))
    journey = _journey(members, operator_id, ann)
    assert (journey.removed, journey.left) == ({"person not wanted": 1}, 1)
    with members.people.databases.backend() as backend:
        member_rules.put(backend, TypedRules(ann, places=("Lisbon",)))
    journey = _journey(members, operator_id, ann)
    assert journey.removed == {"another place": 2}
    assert journey.first is not None
    assert journey.first.name == "people_left"


def test_work_that_failed_is_told_with_its_number_and_error(
    members: Members, operator_id: UUID, pair: Pair
) -> None:
    ann = members.people.join("Ann", ["poison"], ["piano lessons"])
    members.people.relay.look()
    stage, told = _first(members, operator_id, ann)
    assert stage == "embedded"
    assert "failed 1 times and is tried again" in told
    pair.sql(BACKEND, "UPDATE outbox SET state = 'dead'")
    _, told = _first(members, operator_id, ann)
    number = pair.sql(BACKEND, "SELECT id FROM outbox")
    assert f"as work number {number}: PoisonError" in told


def test_vectors_that_are_lost_are_made_again_by_a_button_and_the_log_says_who_pressed_it(
    operator: Browser, members: Members, pair: Pair
) -> None:
    ann, _, _ = members.couple()
    page = f"/operator/members/{ann}"
    assert "Every stage is done" in operator.get(page)
    pair.sql(AI, f"DELETE FROM member_vectors WHERE user_id = '{ann}'")
    assert "There are no vectors, and no work waits" in operator.get(page)
    told = operator.post(f"{page}/again", page, stage="embed")
    assert "Due again" in told
    assert "waits for a worker" in told
    members.people.relay.look()
    assert "Every stage is done" in operator.get(page)
    log = words(operator.get("/operator/audit?about=ann@example.org").partition("<tbody>")[2])
    assert "op@example.org Had vectors made again Ann" in log
    assert "op@example.org Opened a member's page Ann" in log


def test_matches_are_made_again_by_a_button_and_nothing_is_done_without_an_approved_summary(
    operator: Browser, members: Members, pair: Pair
) -> None:
    ann, _, _ = members.couple()
    draft = members.people.join("Draft", ["x"], ["y"], approve=False)
    pair.sql(BACKEND, "DELETE FROM matches")
    pair.sql(BACKEND, "DELETE FROM match_scores")
    page = f"/operator/members/{ann}"
    operator.post(f"{page}/again", page, stage="match")
    members.people.relay.look()
    assert len(members.people.list_of(ann).introductions) == 1
    before = pair.sql(BACKEND, "SELECT count(*) FROM outbox")
    path = f"/operator/members/{draft}/again"
    assert "nothing to do again" in operator.post(path, page, 409, stage="embed")
    operator.post(f"{page}/again", page, 404, stage="everything")
    assert pair.sql(BACKEND, "SELECT count(*) FROM outbox") == before


def test_a_member_is_explained_while_the_ai_database_does_not_answer(
    members: Members, operator_id: UUID, pair: Pair
) -> None:
    ann, _, _ = members.couple()
    nowhere = re.sub(r":\d+/", ":1/", pair.settings.database_url)
    away = PostgreSQLAdapter(pair.settings.model_copy(update={"database_url": nowhere}))
    first = operator_members.journey(away, operator_id, ann).first
    away.close()
    assert first is not None
    assert first.name == "embedded"
    assert "The AI database does not answer: Cannot reach the ai database" in first.words
