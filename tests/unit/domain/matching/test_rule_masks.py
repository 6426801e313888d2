"""Rules asked of many pairs at once say what they say of each pair alone."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.domain.matching.rule_masks import RuleMasks
from app.domain.matching.rules import Person, Rules, between

_WORDS = st.sampled_from(["lisbon", "berlin", "law", "physics", "port", "german", "ann lee"])
_SOME = st.lists(_WORDS, max_size=3)
_PEOPLE = st.builds(
    lambda place, languages, fields, name: Person.saying(
        place=place, languages=languages, fields=fields, name=name
    ),
    st.sampled_from(["", "Lisbon, Portugal", "Berlin", "Port"]),
    _SOME,
    _SOME,
    st.sampled_from(["Ann Lee", "Bo"]),
)
_RULES = st.builds(
    lambda places, languages, wanted, unwanted, people: Rules.typed(
        places=places,
        languages=languages,
        fields_wanted=wanted,
        fields_unwanted=unwanted,
        people_unwanted=people,
    ),
    _SOME,
    _SOME,
    _SOME,
    _SOME,
    st.lists(st.sampled_from(["ann lee"]), max_size=1),
)


@given(st.lists(st.tuples(_PEOPLE, _RULES), min_size=2, max_size=7))
def test_masks_keep_apart_exactly_the_pairs_that_the_rules_keep_apart(
    members: list[tuple[Person, Rules]],
) -> None:
    people, rules = [one for one, _ in members], [one for _, one in members]
    masks = RuleMasks.of(people, rules)
    a, b = np.triu_indices(len(members), 1)
    never = {(int(x), int(y)) for x, y in masks.never}
    barred = masks.barred(a, b)
    for k, (x, y) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        apart = between(rules[x], people[x], rules[y], people[y]) is not None
        assert (bool(barred[k]) or (x, y) in never) == apart
    assert np.array_equal(masks.barred(b, a), barred), "the same from either side"


def test_more_than_a_words_worth_of_wishes_are_all_heard() -> None:
    names = [f"field{number}" for number in range(150)]
    people = [Person.saying(fields=[name]) for name in names]
    rules = [Rules.typed(fields_unwanted=[names[-1]]), *[Rules() for _ in names[1:-1]]]
    rules.append(Rules.typed(fields_wanted=names[1:]))
    masks = RuleMasks.of(people, rules)
    last = len(names) - 1
    barred = masks.barred(np.zeros(2, np.int64), np.array([1, last]))
    assert barred.tolist() == [False, True]
    assert masks.refused["field not wanted"] == 1
