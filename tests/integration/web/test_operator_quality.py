"""The plots say what stands in the database, and say it to whoever cannot see them as well."""

from __future__ import annotations

import re
from uuid import UUID

from app.databases.names import Database
from app.services import operator_quality, upkeep
from tests.conftest import Pair
from tests.integration.web.conftest import Browser, Members, words

BACKEND = Database.BACKEND


def test_lists_exposure_and_decisions_are_measured_as_members_see_them(
    members: Members, pair: Pair
) -> None:
    crowd = members.people.crowd(8)
    alone = members.people.join("Alone", ["x"], [])
    members.people.relay.look()
    ann, ben = crowd[0], members.people.partners_of(crowd[0])[0]
    lists = {one: members.people.partners_of(one) for one in [*crowd, alone]}
    with members.people.databases.backend() as backend:
        found = operator_quality.measure(backend)
    assert sum(count * members for count, members in found.lengths) == sum(
        len(one) for one in lists.values()
    )
    shown = sorted(sum(one in others for others in lists.values()) for one in lists)
    assert sorted(k for k, members in found.exposure.shown for _ in range(members)) == shown
    assert found.exposure.never_shown == shown.count(0) / 9
    assert found.pairs == int(pair.sql(BACKEND, "SELECT count(*) FROM matches"))
    assert found.exposure.lorenz[0] == (0.0, 0.0)
    assert found.exposure.lorenz[-1] == (1.0, 1.0)
    members.people.decide(ann, ben, "approved")
    members.people.decide(crowd[1], members.people.partners_of(crowd[1])[-1], "declined")
    with members.people.databases.backend() as backend:
        after = operator_quality.measure(backend)
    assert (after.decisions, sum(one.yes for one in after.answers)) == (2, 1)
    assert after.pairs == found.pairs - 1
    made = pair.sql(BACKEND, "SELECT introductions FROM rounds ORDER BY made_at DESC LIMIT 1")
    with members.people.databases.backend() as backend:
        assert str(operator_quality.look(backend, "words").rounds[0].introductions) == made
    _as_members_see_it(members, [*crowd, alone])
    pair.sql(BACKEND, f"DELETE FROM round_members WHERE user_id = '{crowd[2]}'")
    pair.sql(BACKEND, f"INSERT INTO blocks VALUES ('{crowd[3]}', '{crowd[4]}', now())")
    pair.sql(BACKEND, f"UPDATE users SET allow_matching = false WHERE id = '{crowd[5]}'")
    _as_members_see_it(members, [one for one in (*crowd, alone) if one != crowd[5]])


def _as_members_see_it(members: Members, everybody: list[UUID]) -> None:
    lists = {one: members.people.partners_of(one) for one in everybody}
    with members.people.databases.backend() as backend:
        found = operator_quality.measure(backend)
    lengths = sorted(length for length, count in found.lengths for _ in range(count))
    shown = sorted(times for times, count in found.exposure.shown for _ in range(count))
    assert lengths == sorted(len(one) for one in lists.values())
    assert shown == sorted(sum(one in theirs for theirs in lists.values()) for one in everybody)


def test_each_plot_is_an_image_with_a_title_and_its_numbers_in_a_table(
    operator: Browser, members: Members
) -> None:
    members.couple()
    page = operator.get("/operator/quality")
    plots = re.findall(r'<svg class="plot"[^>]* role="img" aria-label="([^"]+)"><title>\1<', page)
    assert len(plots) == page.count("<svg") == 4
    for expected in (
        "Pairs that nobody declined: 1",
        "Members who may be matched 2",
        "Gini coefficient (0: all alike, 1: one has all) 0.000",
        "In nobody's list 0.0 %",
        "Nobody has decided yet",
    ):
        assert expected in words(page), expected


def test_an_empty_place_is_measured_without_an_error(operator: Browser) -> None:
    assert "Places in all lists together 0" in words(operator.get("/operator/quality"))


def test_the_page_shows_what_was_measured_last_and_when_and_measures_anew_when_told(
    operator: Browser, members: Members, pair: Pair
) -> None:
    page = words(operator.get("/operator/quality"))
    assert "Pairs that nobody declined: 0" in page
    members.couple()
    again = words(operator.get("/operator/quality"))
    assert "Pairs that nobody declined: 0" in again
    measured = re.search(r"Measured at ([\d :-]+ UTC)", page)
    assert measured is not None
    assert measured[0] in again
    anew = words(operator.post("/operator/quality", "/operator/quality"))
    assert "Pairs that nobody declined: 1" in anew
    noted = "SELECT count(*) FROM operator_actions WHERE action = 'quality_measured'"
    assert pair.sql(BACKEND, noted) == "1"


def test_the_workers_upkeep_measures_for_whoever_looks_later(
    operator: Browser, members: Members
) -> None:
    members.couple()
    upkeep.run(members.people.databases, members.people.embedder)
    members.join("Cid", ["garden"], ["cake"])
    assert "Pairs that nobody declined: 1" in words(operator.get("/operator/quality"))
