"""`reciprocity matches EMAIL`: best first, with the reason of each half in people's own words."""

from __future__ import annotations

import json
import re
from uuid import UUID

import pytest

from app.databases.names import Database
from tests.conftest import Pair, Reciprocity
from tests.people import People

PROTAGONIST = "marisol.etcheverry@surcohumedo.example"


def _said(pair: Pair) -> set[str]:
    """Give every need and offer of everybody, as typed."""
    return set(json.loads(pair.sql(Database.BACKEND, "SELECT json_agg(text) FROM statements")))


def test_matches_are_listed_best_first_with_what_each_gains(
    read_only_pair: Pair, reciprocity: Reciprocity
) -> None:
    ended = reciprocity("matches", PROTAGONIST, environment=read_only_pair.environment)
    assert ended.status == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[0] == "Matches of Marisol Etcheverry (exact, ready)"
    heads = [
        re.match(r" *(\d+)\. (.+)  (\d\.\d\d)  (strong|promising|possible)$", x) for x in lines
    ]
    found = [head for head in heads if head]
    assert [int(head[1]) for head in found] == list(range(1, 11))
    scores = [float(head[3]) for head in found]
    assert scores == sorted(scores, reverse=True)
    said = _said(read_only_pair)
    for label in ("need: ", "offer:"):
        texts = [x.split(label, 1)[1].strip() for x in lines if x.strip().startswith(label)]
        assert len(texts) == 20
        assert set(texts) <= said
    assert sum("You gain" in x for x in lines) == sum("They gain" in x for x in lines) == 10


def test_json_holds_the_same_list_for_programs(
    read_only_pair: Pair, reciprocity: Reciprocity
) -> None:
    ended = reciprocity(
        "matches", PROTAGONIST, "--json", "--limit", "5", environment=read_only_pair.environment
    )
    assert ended.status == 0
    told = json.loads(ended.stdout)
    assert (told["state"], told["method"], told["member"]["email"]) == (
        "ready",
        "exact",
        PROTAGONIST,
    )
    assert len(told["introductions"]) == 5
    scores = [one["score"] for one in told["introductions"]]
    assert scores == sorted(scores, reverse=True)
    for one in told["introductions"]:
        assert UUID(one["partner_id"]) != UUID(told["member"]["id"])
        for half in ("i_gain", "they_gain"):
            assert one[half]["need"]
            assert one[half]["offer"]
            assert 0 <= one[half]["probability"] <= 1
        product = one["i_gain"]["probability"] * one["they_gain"]["probability"]
        assert one["score"] == pytest.approx(product**0.5, abs=1e-6)


def test_the_partner_sees_the_same_match_from_the_other_side(
    read_only_pair: Pair, reciprocity: Reciprocity
) -> None:
    environment = read_only_pair.environment
    mine = json.loads(reciprocity("matches", PROTAGONIST, "--json", environment=environment).stdout)
    best = mine["introductions"][0]
    query = f"SELECT email FROM users WHERE id = '{best['partner_id']}'"
    email = read_only_pair.sql(Database.BACKEND, query)
    theirs = json.loads(
        reciprocity(
            "matches", email.upper(), "--json", "--limit", "200", environment=environment
        ).stdout
    )
    me = mine["member"]["id"]
    seen = next(one for one in theirs["introductions"] if one["partner_id"] == me)
    assert (seen["match_id"], seen["score"]) == (best["match_id"], best["score"])
    assert (seen["i_gain"], seen["they_gain"]) == (best["they_gain"], best["i_gain"])


@pytest.mark.parametrize(
    "email", ["nobody@example.org", "O'Brien@example.org", "José", "%", "' OR 1=1"]
)
def test_an_unknown_address_is_an_error_that_names_it(
    read_only_pair: Pair, reciprocity: Reciprocity, email: str
) -> None:
    for options in ((), ("--json",)):
        ended = reciprocity("matches", email, *options, environment=read_only_pair.environment)
        assert ended.status == 1
        assert ended.stdout == ""
        assert f"No member has the e-mail address {email}." in ended.stderr


def test_an_empty_list_is_printed_with_its_reason(
    people: People, pair: Pair, reciprocity: Reciprocity
) -> None:
    people.join("Ann", ["tax advice"], [])
    computing = reciprocity("matches", "ann@example.org", environment=pair.environment)
    assert computing.stdout.startswith("Matches of Ann (exact, computing)")
    people.relay.look()
    ended = reciprocity("matches", "Ann@Example.org", environment=pair.environment)
    assert ended.status == 0
    assert ended.stdout.startswith("Matches of Ann (exact, incomplete)")
    assert "holds no offer" in ended.stdout


def test_a_list_that_failed_is_an_error_and_not_an_empty_list(
    people: People, pair: Pair, reciprocity: Reciprocity
) -> None:
    people.join("Ill", ["poison"], ["help"])
    people.relay.look()
    pair.sql(Database.BACKEND, "UPDATE outbox SET state = 'dead'")
    plain = reciprocity("matches", "ill@example.org", environment=pair.environment)
    as_json = reciprocity("matches", "ill@example.org", "--json", environment=pair.environment)
    for ended in (plain, as_json):
        assert ended.status == 1
        assert "a text holds the word poison" in ended.stderr
    assert json.loads(as_json.stdout)["state"] == "failed"


def test_names_are_printed_as_typed(people: People, pair: Pair, reciprocity: Reciprocity) -> None:
    people.join("Ann", ["tax advice"], ["piano lessons"])
    ben = people.join("Ben", ["piano lessons"], ["tax & audit advice &amp; more"])
    pair.sql(
        Database.BACKEND,
        f"UPDATE users SET first_name = 'José (Pepe)', last_name = 'O''Brien' WHERE id = '{ben}'",
    )
    people.relay.look()
    ended = reciprocity("matches", "ann@example.org", environment=pair.environment)
    assert "José (Pepe) O'Brien" in ended.stdout
    assert "tax & audit advice &amp; more" in ended.stdout


def test_match_sync_has_all_lists_made_anew_by_the_worker(
    people: People, pair: Pair, reciprocity: Reciprocity
) -> None:
    ann, ben = people.crowd(2)
    people.relay.look()
    pair.sql(Database.BACKEND, "DELETE FROM matches; DELETE FROM match_scores")
    assert people.partners_of(ann) == []
    ended = reciprocity("match-sync", environment=pair.environment)
    assert ended.status == 0
    people.relay.look()
    assert people.partners_of(ann) == [ben]
