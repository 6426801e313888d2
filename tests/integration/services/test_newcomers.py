"""Whoever comes in gets a list, and enters the lists of others."""

from __future__ import annotations

from itertools import pairwise

from tests.people import People


def test_a_newcomer_gets_a_list_and_appears_in_other_peoples_lists(people: People) -> None:
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    people.relay.look()
    assert people.partners_of(ann) == []
    ben = people.join("Ben", ["piano lessons"], ["tax advice"])
    people.relay.look()
    assert people.partners_of(ben) == [ann]
    assert people.partners_of(ann) == [ben]


def test_a_newcomer_in_a_large_community_enters_the_lists_where_they_are_among_the_best(
    people: People,
) -> None:
    people.crowd(30)
    best = people.join("Best", ["piano lessons"], ["tax advice"])
    people.relay.look()
    worst_before = people.list_of(best).introductions[-1]
    newcomer = people.join("Newcomer", ["tax advice"], ["piano lessons"])
    done = people.relay.look()
    assert done == 2, "one piece of work for the vectors and one for the matches"
    assert people.partners_of(best)[0] == newcomer
    assert people.partners_of(newcomer)[0] == best
    assert worst_before.score < people.list_of(best).introductions[0].score


def test_a_pair_stands_in_one_row_and_scores_the_same_from_either_side(people: People) -> None:
    members = people.crowd(12)
    people.relay.look()
    with people.databases.backend() as backend:
        rows = backend.execute("SELECT user_a_id, user_b_id FROM matches").fetchall()
    assert len(rows) == 12 * 11 / 2
    assert all(a < b for a, b in rows)
    assert len({frozenset(row) for row in rows}) == len(rows)
    seen = {
        (member, one.partner_id): one
        for member in members
        for one in people.list_of(member).introductions
    }
    for (member, partner), mine in seen.items():
        theirs = seen[partner, member]
        assert mine.match_id == theirs.match_id
        assert mine.score == theirs.score
        assert mine.i_gain == theirs.they_gain
        assert mine.they_gain == theirs.i_gain


def test_a_list_is_ordered_best_first_and_each_half_names_a_need_and_the_offer_that_answers_it(
    people: People,
) -> None:
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    people.join("Fits", ["piano lessons"], ["tax advice"])
    people.join("Half", ["piano lessons"], ["tax cuts and speeches"])
    people.join("Stranger", ["llama shearing"], ["roof repair"])
    people.relay.look()
    found = people.list_of(ann)
    assert [one.name for one in found.introductions] == ["Fits", "Half", "Stranger"]
    for better, worse in pairwise(found.introductions):
        assert better.score > worse.score
    best = found.introductions[0]
    assert (best.i_gain.need, best.i_gain.offer) == ("tax advice", "tax advice")
    assert (best.they_gain.need, best.they_gain.offer) == ("piano lessons", "piano lessons")


def test_needs_are_compared_with_offers_only_so_two_who_want_the_same_are_no_fit(
    people: People,
) -> None:
    investor = people.join("Investor", ["companies to invest in"], ["seed money"])
    people.join("SameWish", ["companies to invest in"], ["seed money"])
    people.join("Founder", ["seed money"], ["companies to invest in"])
    people.relay.look()
    listed = people.list_of(investor).introductions
    assert [one.name for one in listed] == ["Founder", "SameWish"]
    assert listed[0].score > 0.9
    assert listed[1].score < 0.2


def test_somebody_who_needs_and_offers_nothing_that_anybody_has_is_ranked_last_and_not_hidden(
    people: People,
) -> None:
    people.crowd(5)
    stranger = people.join("Stranger", ["llama shearing"], ["roof repair"])
    people.relay.look()
    assert len(people.partners_of(stranger)) == 5
