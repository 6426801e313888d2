"""Rules as members set them, as matching reads them."""

from __future__ import annotations

import pytest

from app.domain.matching.rules import BUDGET, allows
from app.errors import InvalidInputError
from app.services import erasure, member_profiles, member_rules
from app.services.member_profiles import MemberProfile
from app.services.member_rules import TypedRules
from tests.people import People


def test_rules_are_kept_as_typed_and_given_as_compared(people: People) -> None:
    ann, ben = people.join("Ann", ["x"], ["y"]), people.join("Ben", ["y"], ["x"])
    with people.databases.backend() as backend:
        profile = MemberProfile("Ben", place="Lisbon, Portugal", fields=["Piano"])
        member_profiles.put(backend, ben, profile)
        typed = TypedRules(ann, places=["Porto ", "", "Porto"], fields_unwanted=["PIANO"], budget=3)
        member_rules.put(backend, typed)
    with people.databases.backend() as backend:
        assert member_rules.typed(backend, ann).places == ["Porto"]
        assert member_rules.typed(backend, ben).budget == BUDGET
        rules = member_rules.of(backend, [ann, ben])
        known = member_rules.people(backend, [ann, ben])
    assert set(rules) == {ann}
    assert rules[ann].budget == 3
    assert allows(rules[ann], known[ben]) == "field not wanted"
    assert allows(rules[ann], known[ann]) == "another place"


@pytest.mark.parametrize(
    "wanted",
    [
        {"budget": -1},
        {"budget": 51},
        {"places": ["x" * 101]},
        {"fields_wanted": [str(n) for n in range(51)]},
        {"people_unwanted": ["a\0b"]},
    ],
)
def test_what_no_rule_can_hold_is_refused(people: People, wanted: dict[str, object]) -> None:
    ann = people.join("Ann", ["x"], ["y"])
    with people.databases.backend() as backend, pytest.raises(InvalidInputError):
        member_rules.put(backend, TypedRules(ann, **wanted))  # type: ignore[arg-type] # any of its fields


def test_rules_go_with_the_member(people: People) -> None:
    ann = people.join("Ann", ["x"], ["y"])
    with people.databases.backend() as backend:
        member_rules.put(backend, TypedRules(ann, places=["Porto"]))
    with people.databases.backend() as backend:
        erasure.erase(backend, ann)
        assert member_rules.of(backend, [ann]) == {}
