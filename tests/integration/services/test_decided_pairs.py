"""What two people decided is theirs: no run takes it away, and no declined pair comes back."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.people import People


def _pair_row(people: People, one: UUID, other: UUID) -> tuple[object, ...] | None:
    with people.databases.backend() as backend:
        return backend.execute(
            "SELECT m.id, m.user_a_decision::text, m.user_b_decision::text, m.batch_id, s.score,"
            " s.run_id, m.updated_at, s.updated_at FROM matches m"
            " JOIN match_scores s USING (user_a_id, user_b_id)"
            " WHERE m.user_a_id = %s AND m.user_b_id = %s",
            sorted((one, other)),
        ).fetchone()


@pytest.fixture
def fitting(people: People) -> tuple[UUID, UUID]:
    """Two who fit among some who do not, all matched."""
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    ben = people.join("Ben", ["piano lessons"], ["tax advice"])
    people.crowd(8)
    people.relay.look()
    return ann, ben


@pytest.mark.parametrize("decision", ["approved", "declined"])
def test_a_decided_pair_survives_a_run_over_everybody_unchanged(
    people: People, fitting: tuple[UUID, UUID], decision: str
) -> None:
    ann, ben = fitting
    people.decide(ann, ben, decision)
    before = _pair_row(people, ann, ben)
    people.match()
    assert _pair_row(people, ann, ben) == before is not None


@pytest.mark.parametrize("who", ["the one who decided", "the other one"])
@pytest.mark.parametrize("decision", ["approved", "declined"])
def test_a_decided_pair_survives_a_run_over_either_of_its_members_unchanged(
    people: People, fitting: tuple[UUID, UUID], decision: str, who: str
) -> None:
    ann, ben = fitting
    people.decide(ann, ben, decision)
    before = _pair_row(people, ann, ben)
    people.match(ann if who == "the one who decided" else ben)
    assert _pair_row(people, ann, ben) == before is not None


def test_a_pair_both_accepted_survives_when_one_of_them_says_something_quite_different(
    people: People, fitting: tuple[UUID, UUID]
) -> None:
    ann, ben = fitting
    people.decide(ann, ben, "approved")
    people.decide(ben, ann, "approved")
    before = _pair_row(people, ann, ben)
    people.say(ann, ["llama shearing"], ["roof repair"])
    people.relay.look()
    people.match()
    assert _pair_row(people, ann, ben) == before is not None
    assert ben in people.partners_of(ann)


def test_a_pair_both_accepted_survives_the_pause_of_one_of_them(
    people: People, fitting: tuple[UUID, UUID]
) -> None:
    ann, ben = fitting
    people.decide(ann, ben, "approved")
    people.decide(ben, ann, "approved")
    before = _pair_row(people, ann, ben)
    with people.databases.backend() as backend:
        backend.execute("UPDATE users SET allow_matching = false WHERE id = %s", (ann,))
    people.match()
    assert _pair_row(people, ann, ben) == before is not None


@pytest.mark.parametrize("declines", ["Ann", "Ben"])
def test_a_declined_pair_never_returns_to_either_list(
    people: People, fitting: tuple[UUID, UUID], declines: str
) -> None:
    ann, ben = fitting
    assert people.partners_of(ann)[0] == ben
    people.decide(*((ann, ben) if declines == "Ann" else (ben, ann)), "declined")
    people.match()
    people.match(ann)
    people.match(ben)
    people.say(ann, ["tax advice", "more tax advice"], ["piano lessons"])
    people.relay.look()
    assert ben not in people.partners_of(ann)
    assert ann not in people.partners_of(ben)


def test_declined_people_take_no_place_in_a_list_that_a_newcomer_could_have(
    people: People,
) -> None:
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    for number in range(20):
        people.join(f"Fit{number}", ["piano lessons"], ["tax advice"])
    people.relay.look()
    for partner in people.partners_of(ann):
        people.decide(ann, partner, "declined")
    assert people.partners_of(ann) == []
    for number in range(25):  # enough to fill the newcomer's own list
        people.join(f"Kin{number}", ["choir singing"], ["roof repair"])
    half = people.join("Half", ["roof repair", "piano"], ["choir singing", "tax"])
    people.relay.look()
    people.match(half)
    assert half in people.matched_with(ann)
