"""Two times yes opens the conversation, one no ends it for good, and one rule says who is seen."""

from __future__ import annotations

from uuid import UUID

import pytest

from app.databases.names import Database
from app.domain.decisions import Choice
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.services import conversations, decisions, member_list, visibility
from tests.conftest import Pair
from tests.people import People


def couple(people: People) -> tuple[UUID, UUID]:
    """Two who fit, matched."""
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    ben = people.join("Ben", ["piano lessons"], ["tax advice"])
    people.relay.look()
    return ann, ben


def match_of(people: People, member: UUID) -> UUID:
    return people.list_of(member).introductions[0].match_id


def decide(people: People, member: UUID, match_id: UUID, choice: Choice) -> decisions.Outcome:
    with people.databases.backend() as backend:
        return decisions.decide(backend, member, match_id, choice)


def look(people: People, member: UUID) -> member_list.MemberList:
    with people.databases.backend() as backend:
        return member_list.look(backend, member)


def talking(people: People, member: UUID) -> list[conversations.Talk]:
    with people.databases.backend() as backend:
        return conversations.of_member(backend, member)


def test_two_times_yes_opens_the_conversation_and_shows_how_to_reach_each_other(
    people: People,
) -> None:
    ann, ben = couple(people)
    match_id = match_of(people, ann)
    assert not decide(people, ann, match_id, Choice.YES).talking
    assert talking(people, ann) == talking(people, ben) == []
    assert decide(people, ben, match_id, Choice.YES).talking
    for member, email in ((ann, "ben@example.org"), (ben, "ann@example.org")):
        (talk,) = talking(people, member)
        assert talk.contact is not None
        assert talk.contact.email == email
        assert [one.match_id for one in look(people, member).talking] == [match_id]


def test_one_no_ends_it_for_good_whoever_says_it_and_no_run_brings_it_back(people: People) -> None:
    ann, ben = couple(people)
    match_id = match_of(people, ann)
    decide(people, ann, match_id, Choice.YES)
    decide(people, ben, match_id, Choice.NO)
    decide(people, ben, match_id, Choice.NO)
    people.match()
    assert people.partners_of(ann) == people.partners_of(ben) == []
    for member in (ann, ben):
        with pytest.raises(ConflictError, match="ended for good"):
            decide(people, member, match_id, Choice.YES)
    assert talking(people, ann) == []


def test_deciding_the_same_again_changes_nothing(people: People, pair: Pair) -> None:
    ann, ben = couple(people)
    match_id = match_of(people, ann)
    decide(people, ann, match_id, Choice.YES)
    decide(people, ben, match_id, Choice.YES)
    before = pair.contents()
    assert decide(people, ann, match_id, Choice.YES).talking
    assert pair.contents() == before
    for choice in (Choice.NO, Choice.LATER):
        with pytest.raises(ConflictError, match="End the conversation instead"):
            decide(people, ann, match_id, choice)


def test_the_other_side_does_not_learn_of_a_yes_that_stands_alone(people: People) -> None:
    ann, ben = couple(people)
    decide(people, ann, match_of(people, ann), Choice.YES)
    assert [one.name for one in look(people, ann).said_yes] == ["Ben"]
    assert [one.name for one in look(people, ben).open] == ["Ann"]


def test_later_keeps_the_introduction_aside_and_can_be_decided_at_any_time(
    people: People, pair: Pair
) -> None:
    ann, _ = couple(people)
    match_id = match_of(people, ann)
    decide(people, ann, match_id, Choice.LATER)
    people.match()
    found = look(people, ann)
    assert [one.match_id for one in found.later] == [match_id]
    assert found.open == []
    pair.sql(Database.BACKEND, "UPDATE postponements SET until = now() - interval '1 second'")
    assert [one.match_id for one in look(people, ann).open] == [match_id]


def test_reasons_are_kept_with_the_decision_and_unknown_ones_refused(
    people: People, pair: Pair
) -> None:
    ann, _ = couple(people)
    match_id = match_of(people, ann)
    with people.databases.backend() as backend:
        with pytest.raises(InvalidInputError, match="cannot_help"):
            decisions.decide(backend, ann, match_id, Choice.NO, reasons=["made up"])
        decisions.decide(
            backend, ann, match_id, Choice.NO, reasons=["cannot_help"], note="not <my> field & so"
        )
    kept = pair.sql(
        Database.BACKEND, "SELECT decision, reason_tags, reason_text FROM match_feedback"
    )
    assert kept.strip() == "no|{cannot_help}|not <my> field & so"


def test_nobody_decides_for_others(people: People) -> None:
    ann, _ = couple(people)
    carl = people.join("Carl", ["roof repair"], ["llama shearing"])
    for match_id in (match_of(people, ann), carl):
        with pytest.raises(NotFoundError):
            decide(people, carl, match_id, Choice.YES)


def test_a_block_hides_both_from_each_other_everywhere_and_stops_the_talk(people: People) -> None:
    ann, ben = couple(people)
    match_id = match_of(people, ann)
    decide(people, ann, match_id, Choice.YES)
    decide(people, ben, match_id, Choice.YES)
    with people.databases.backend() as backend:
        visibility.block(backend, ann, ben)
    assert people.partners_of(ann) == people.partners_of(ben) == []
    assert talking(people, ann) == []
    (left,) = talking(people, ben)
    assert left.contact is None
    assert "has ended" in left.over
    for member in (ann, ben):
        with people.databases.backend() as backend, pytest.raises((ConflictError, NotFoundError)):
            conversations.send(backend, member, match_id, "hello", "key")


def test_a_block_before_any_decision_takes_the_introduction_out_of_both_lists_and_of_later_runs(
    people: People,
) -> None:
    ann, ben = couple(people)
    with people.databases.backend() as backend:
        visibility.block(backend, ben, ann)
    people.match()
    people.say(ann, ["tax advice for artists"], ["piano lessons"])
    people.relay.look()
    assert people.partners_of(ann) == people.partners_of(ben) == []


def test_who_pauses_is_in_nobodys_list_and_sees_why_theirs_is_empty(people: People) -> None:
    ann, ben = couple(people)
    with people.databases.backend() as backend:
        visibility.pause(backend, ben, paused=True)
    assert people.partners_of(ann) == []
    assert (look(people, ben).cause, look(people, ben).open) == ("paused", [])
    with people.databases.backend() as backend:
        visibility.pause(backend, ben, paused=False)
    assert people.partners_of(ann) == [ben]


def test_a_pause_does_not_stop_a_conversation_that_is_open(people: People) -> None:
    ann, ben = couple(people)
    match_id = match_of(people, ann)
    decide(people, ann, match_id, Choice.YES)
    decide(people, ben, match_id, Choice.YES)
    with people.databases.backend() as backend:
        visibility.pause(backend, ben, paused=True)
        conversations.send(backend, ann, match_id, "still there?", "key")
    assert talking(people, ben)[0].conversation.unread == 1


def test_a_list_tells_what_is_new_and_how_many_are_gone_since_the_last_look(
    people: People, pair: Pair
) -> None:
    ann, ben = couple(people)
    first = look(people, ann)
    assert first.new == {match_of(people, ann)}
    pair.sql(
        Database.BACKEND,
        "UPDATE introductions_seen SET first_seen_at = first_seen_at - interval '1 hour'",
    )
    assert look(people, ann).new == frozenset()
    people.join("Cleo", ["piano lessons"], ["tax advice"])
    people.relay.look()
    with people.databases.backend() as backend:
        visibility.pause(backend, ben, paused=True)
    later = look(people, ann)
    assert [one.name for one in later.open if one.match_id in later.new] == ["Cleo"]
    assert later.gone == 1
    assert look(people, ann).gone == 0


def test_an_empty_list_says_why(people: People) -> None:
    alone = people.join("Alone", ["tax advice"], ["piano lessons"])
    assert look(people, alone).cause == "computing"
    people.relay.look()
    assert look(people, alone).cause == "nobody"
    silent = people.join("Silent", ["x"], [], approve=False)
    assert look(people, silent).cause == "not_approved"


def test_a_longer_look_calls_nobody_new_or_gone_who_was_only_further_down(people: People) -> None:
    members = people.crowd(6)
    people.relay.look()

    def shown(count: int) -> member_list.MemberList:
        with people.databases.backend() as backend:
            return member_list.look(backend, members[0], count)

    assert (len(shown(2).open), shown(2).more) == (2, True)
    assert (len(shown(20).open), shown(20).more) == (5, False)
    assert shown(2).gone == 0
