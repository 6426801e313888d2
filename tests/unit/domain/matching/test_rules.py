"""What members' rules remove, and what they leave alone."""

from __future__ import annotations

import pytest

from app.domain.matching.rules import NONE, Person, Rules, allows, between

ANN = Person.saying(
    place="São Paulo, Brazil",
    languages=["English (fluent)", "Português"],
    fields=["Technical recruiting", "C++"],
    name="Ann O'Brien",
    email="Ann@Example.org",
)


@pytest.mark.parametrize(
    ("rules", "removed_by"),
    [
        (NONE, None),
        (Rules.typed(places=["sao paulo"]), None),
        (Rules.typed(places=["BRAZIL", "Lisbon"]), None),
        (Rules.typed(places=["São Paulo, Brazil"]), None),
        (Rules.typed(places=["Paulo"]), "another place"),
        (Rules.typed(languages=["english"]), None),
        (Rules.typed(languages=["Portugues"]), None),
        (Rules.typed(languages=["German"]), "no common language"),
        (Rules.typed(fields_wanted=["recruiting"]), None),
        (Rules.typed(fields_wanted=["c++"]), None),
        (Rules.typed(fields_wanted=["c"]), "another field"),
        (Rules.typed(fields_wanted=["recruit"]), "another field"),
        (Rules.typed(fields_unwanted=["Recruiting"]), "field not wanted"),
        (Rules.typed(people_unwanted=["ann@example.ORG "]), "person not wanted"),
        (Rules.typed(people_unwanted=["ann o'brien"]), "person not wanted"),
        (Rules.typed(people_unwanted=["ann"]), None),
        (Rules.typed(places=["", "  "], people_unwanted=["", "-"]), None),
    ],
)
def test_a_rule_compares_whole_words_whatever_case_and_accents(
    rules: Rules, removed_by: str | None
) -> None:
    assert allows(rules, ANN) == removed_by


def test_who_says_nothing_does_not_satisfy_a_rule_and_is_never_unwanted() -> None:
    silent = Person.saying()
    assert allows(Rules.typed(places=["Lisbon"]), silent) == "another place"
    assert allows(Rules.typed(languages=["English"]), silent) == "no common language"
    assert allows(Rules.typed(fields_unwanted=["design"], people_unwanted=["x y"]), silent) is None


def test_rules_of_either_side_keep_two_apart() -> None:
    picky = Rules.typed(places=["Lisbon"])
    ben = Person.saying(place="Lisbon")
    assert between(picky, ANN, NONE, ben) is None
    assert between(picky, ben, NONE, ANN) == "another place"
    assert between(NONE, ANN, picky, ben) == "another place"


def test_new_york_is_no_york() -> None:
    assert allows(Rules.typed(places=["York"]), Person.saying(place="New York")) is not None


def test_a_budget_alone_asks_for_nothing() -> None:
    assert not Rules.typed(budget=3).asks
    assert Rules.typed(fields_unwanted=["x"]).asks
