"""Who enters a full list is said as by reading the whole of it."""

from __future__ import annotations

from itertools import combinations
from uuid import UUID

import numpy as np
import pytest

from app.repositories.backend import eligibility
from tests.people import People

LENGTH = 3
MEMBERS = 14


@pytest.fixture
def members(people: People) -> list[UUID]:
    found = people.crowd(MEMBERS)
    people.relay.look()
    rng = np.random.default_rng(1)
    with people.databases.backend() as backend:
        for a, b in combinations(sorted(found), 2):
            score = round(float(rng.uniform(0, 0.8)), 1)  # some are the same
            backend.execute(
                "UPDATE match_scores SET score = %s WHERE user_a_id = %s AND user_b_id = %s",
                (score, a, b),
            )
    people.decide(found[0], found[1], "declined")
    people.decide(found[2], found[0], "declined")
    return found


def _listed(people: People, host: UUID, without: set[UUID]) -> list[float]:
    """Read the scores of a whole list, best first, without declined pairs and those of newcomers."""
    with people.databases.backend() as backend:
        rows = backend.execute(
            "SELECT s.score, s.user_a_id, s.user_b_id FROM match_scores s"
            " JOIN matches m USING (user_a_id, user_b_id) WHERE %s IN (s.user_a_id, s.user_b_id)"
            " AND m.user_a_decision <> 'declined' AND m.user_b_decision <> 'declined'",
            (host,),
        ).fetchall()
    kept = [score for score, a, b in rows if not {a, b} & without]
    return sorted(kept, reverse=True)


def test_a_score_enters_a_list_where_fewer_than_its_length_are_as_good(
    people: People, members: list[UUID]
) -> None:
    newcomers = {members[3], members[4]}
    hosts = [one for one in members if one not in newcomers]
    rng = np.random.default_rng(0)
    asked = [(host, round(float(score), 1)) for host in hosts for score in rng.uniform(0, 0.8, 6)]
    with people.databases.backend() as backend:
        entering = eligibility.entering(
            backend, [host for host, _ in asked], [score for _, score in asked], newcomers, LENGTH
        )
    expected = []
    for host, score in asked:
        listed = _listed(people, host, newcomers)
        expected.append(len(listed) < LENGTH or score > listed[LENGTH - 1])
    assert entering == expected
    assert 0 < sum(entering) < len(entering)


def test_a_score_enters_where_the_list_has_room(people: People, members: list[UUID]) -> None:
    with people.databases.backend() as backend:
        assert eligibility.entering(backend, members[:2], [0.0, 0.0], [], MEMBERS) == [True, True]


def test_nobody_asked_is_nobody_entering(people: People) -> None:
    with people.databases.backend() as backend:
        assert eligibility.entering(backend, [], [], [], LENGTH) == []
