"""Rounds show everybody few people and leave nobody out; rules come before ranks."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

import pytest

from app.domain.matching.rules import BUDGET
from app.repositories.backend import member_rules, profiles, rounds, runs
from app.repositories.backend.member_rules import TypedRules
from app.services import introductions, member_list
from tests.people import People


def set_rules(people: People, rules: TypedRules) -> None:
    with people.databases.backend() as backend:
        member_rules.put(backend, rules, datetime.now(UTC))


def describe(
    people: People, user_id: UUID, *, place: str = "", fields: tuple[str, ...] = ()
) -> None:
    with people.databases.backend() as backend:
        profiles.put(
            backend,
            profiles.Profile(
                user_id=user_id,
                headline="",
                place=place,
                languages=(),
                fields=fields,
                further={},
            ),
            datetime.now(UTC),
        )


def last_round(people: People) -> rounds.Made:
    with people.databases.backend() as backend:
        return rounds.last(backend)[0]


def test_a_round_shows_nobody_more_people_than_their_budget_and_says_what_it_did(
    people: People,
) -> None:
    members = people.crowd(30)
    modest = members[3]
    set_rules(people, TypedRules(modest, budget=2))
    people.relay.look()
    lengths = {member: len(people.partners_of(member)) for member in members}
    assert lengths[modest] == 2
    assert max(lengths.values()) == BUDGET
    made = last_round(people)
    assert made.method == "quotas"
    assert made.introductions == sum(lengths.values())
    assert made.unseen <= made.plain_unseen


def test_in_a_large_community_nobody_is_left_in_nobodys_list(people: People) -> None:
    members = people.crowd(210)
    people.relay.look()
    seen = Counter(partner for member in members for partner in people.partners_of(member))
    made = last_round(people)
    assert made.method == "attention"
    assert set(seen) == set(members)
    assert made.unseen == 0.0


def test_who_said_yes_stands_in_the_others_list_though_no_round_put_them_there(
    people: People,
) -> None:
    members = people.crowd(30)
    people.relay.look()
    admirer = members[0]
    shown = set(people.partners_of(admirer))
    far = next(iter(people.matched_with(admirer) - shown))
    assert admirer not in people.partners_of(far)
    people.decide(admirer, far, "approved")
    assert admirer in people.partners_of(far)


def test_whoever_the_last_round_does_not_show_is_no_longer_available(people: People) -> None:
    members = people.crowd(30)
    people.relay.look()
    ann = members[0]
    with people.databases.backend() as backend:
        assert set(introductions.available(backend, ann)) == set(people.partners_of(ann))
        assert member_list.look(backend, ann).gone == 0
    shown = len(people.partners_of(ann))
    assert set(people.partners_of(ann)) < people.matched_with(ann)
    set_rules(people, TypedRules(ann, budget=1))
    people.match()
    assert len(people.partners_of(ann)) == 1
    with people.databases.backend() as backend:
        assert member_list.look(backend, ann).gone >= shown - 1 > 0


def test_a_newcomer_takes_a_place_in_a_full_list_from_whoever_is_worth_least(
    people: People,
) -> None:
    people.crowd(30)
    best = people.join("Best", ["piano lessons"], ["tax advice"])
    set_rules(people, TypedRules(best, budget=5))
    people.relay.look()
    before = people.list_of(best).introductions
    assert len(before) == 5
    newcomer = people.join("Newcomer", ["tax advice"], ["piano lessons"])
    people.relay.look()
    after = people.partners_of(best)
    assert len(after) == 5
    assert after[0] == newcomer
    assert before[-1].partner_id not in after


def test_a_newcomer_of_no_worth_pushes_nobody_out_of_a_full_list(people: People) -> None:
    members = people.crowd(30)
    people.relay.look()
    before = {member: people.partners_of(member) for member in members}
    stranger = people.join("Stranger", ["opera tickets"], ["falconry"])
    people.relay.look()
    assert people.partners_of(stranger), "a list is made all the same"
    for member, partners in before.items():
        assert [one for one in people.partners_of(member) if one != stranger] == partners


@pytest.mark.parametrize("whose", ["mine", "theirs"])
def test_a_rule_of_either_side_beats_any_score_whoever_is_matched(
    people: People, whose: str
) -> None:
    people.crowd(12)
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    ben = people.join("Ben", ["piano lessons"], ["tax advice"])
    ruler, ruled = (ann, ben) if whose == "mine" else (ben, ann)
    describe(people, ruled, fields=("Crypto trading",))
    set_rules(people, TypedRules(ruler, fields_unwanted=["crypto"]))
    people.relay.look()
    assert ben not in people.matched_with(ann)
    with people.databases.backend() as backend:
        run = runs.last(backend)
    assert run is not None
    assert run.removed["field not wanted"] > 0
    people.match(ann)
    people.match(ben)
    assert ben not in people.matched_with(ann)
    set_rules(people, TypedRules(ruler))
    people.match(ann)
    assert people.partners_of(ann)[0] == ben
