"""Messages stand in one order, once each, and both sides know what the other has read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from app.domain.decisions import Choice
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.repositories.backend import feeds
from app.services import conversations, decisions
from tests.people import People


@pytest.fixture
def talk(people: People) -> tuple[UUID, UUID, UUID]:
    """Two who talk: their ids and their conversation's."""
    ann = people.join("Ann", ["tax advice"], ["piano lessons"])
    ben = people.join("Ben", ["piano lessons"], ["tax advice"])
    people.relay.look()
    match_id = people.list_of(ann).introductions[0].match_id
    with people.databases.backend() as backend:
        decisions.decide(backend, ann, match_id, Choice.YES)
        decisions.decide(backend, ben, match_id, Choice.YES)
    return ann, ben, match_id


def send(people: People, sender: UUID, match_id: UUID, body: str, key: str) -> int:
    with people.databases.backend() as backend:
        return conversations.send(backend, sender, match_id, body, key).number


def read(people: People, member: UUID, match_id: UUID) -> list[str]:
    with people.databases.backend() as backend:
        return [one.body for one in conversations.messages(backend, member, match_id)]


def test_both_read_the_same_messages_in_the_same_order_as_typed(
    people: People, talk: tuple[UUID, UUID, UUID]
) -> None:
    ann, ben, match_id = talk
    said = ["<script>alert(1)</script> &amp;", "two\nlines", " blanks ", "名"]
    for place, body in enumerate(said):
        send(people, (ann, ben)[place % 2], match_id, body, f"k{place}")
    assert read(people, ann, match_id) == read(people, ben, match_id) == said


def test_a_message_that_is_sent_twice_is_written_once_also_at_the_same_moment(
    people: People, talk: tuple[UUID, UUID, UUID]
) -> None:
    ann, ben, match_id = talk
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda _: send(people, ann, match_id, "hello", "key"), range(8)))
    assert set(numbers) == {1}
    assert read(people, ben, match_id) == ["hello"]
    with pytest.raises(ConflictError, match="new key"):
        send(people, ann, match_id, "something else", "key")


def test_messages_written_at_the_same_moment_get_numbers_without_gaps(
    people: People, talk: tuple[UUID, UUID, UUID]
) -> None:
    ann, ben, match_id = talk
    with ThreadPoolExecutor(4) as pool:
        numbers = list(
            pool.map(
                lambda n: send(people, (ann, ben)[n % 2], match_id, f"m{n}", f"k{n}"), range(12)
            )
        )
    assert sorted(numbers) == list(range(1, 13))


def test_unread_messages_are_counted_until_read_and_the_sender_sees_the_mark(
    people: People, talk: tuple[UUID, UUID, UUID]
) -> None:
    ann, ben, match_id = talk
    for number in range(3):
        send(people, ann, match_id, f"m{number}", f"k{number}")
    with people.databases.backend() as backend:
        assert conversations.unread(backend, ben) == 3
        assert conversations.unread(backend, ann) == 0
        conversations.read(backend, ben, match_id, 2)
        conversations.read(backend, ben, match_id, 1)
        assert conversations.unread(backend, ben) == 1
        assert conversations.find(backend, ann, match_id).conversation.their_read == 2
        conversations.read(backend, ben, match_id, 10**12)
        assert conversations.unread(backend, ben) == 0


def test_whatever_changes_for_a_member_raises_their_number(
    people: People, talk: tuple[UUID, UUID, UUID]
) -> None:
    ann, ben, match_id = talk

    def numbers() -> tuple[int, int]:
        with people.databases.backend() as backend:
            found = feeds.versions(backend, [ann, ben])
        return found[ann], found[ben]

    before = numbers()
    send(people, ann, match_id, "hello", "k")
    sent = numbers()
    assert all(now > then for now, then in zip(sent, before, strict=True))
    with people.databases.backend() as backend:
        conversations.read(backend, ben, match_id, 1)
    assert all(now > then for now, then in zip(numbers(), sent, strict=True))


def test_a_long_conversation_is_read_page_by_page_from_either_end(
    people: People, talk: tuple[UUID, UUID, UUID]
) -> None:
    ann, ben, match_id = talk
    for number in range(1, 8):
        send(people, ann, match_id, str(number), f"k{number}")
    with people.databases.backend() as backend:

        def page(**where: int) -> list[str]:
            found = conversations.messages(backend, ben, match_id, limit=3, **where)
            return [one.body for one in found]

        assert page() == ["5", "6", "7"]
        assert page(before=5) == ["2", "3", "4"]
        assert page(after=0) == ["1", "2", "3"]
        assert page(after=6) == ["7"]
        assert page(after=7) == []


@pytest.mark.parametrize(
    ("body", "key"), [("", "k"), ("  \n", "k"), ("x" * 4001, "k"), ("a\0b", "k"), ("hello", "")]
)
def test_what_cannot_be_a_message_is_refused(
    people: People, talk: tuple[UUID, UUID, UUID], body: str, key: str
) -> None:
    ann, _, match_id = talk
    with pytest.raises(InvalidInputError):
        send(people, ann, match_id, body, key)


def test_nobody_else_reads_or_writes(people: People, talk: tuple[UUID, UUID, UUID]) -> None:
    *_, match_id = talk
    carl = people.join("Carl", ["roof repair"], ["llama shearing"])
    with people.databases.backend() as backend:
        with pytest.raises(NotFoundError):
            conversations.messages(backend, carl, match_id)
        with pytest.raises(NotFoundError):
            conversations.send(backend, carl, match_id, "hello", "k")
        with pytest.raises(NotFoundError):
            conversations.read(backend, carl, match_id, 1)


def test_who_ends_a_conversation_sees_it_no_more_and_the_other_can_still_read_it(
    people: People, talk: tuple[UUID, UUID, UUID]
) -> None:
    ann, ben, match_id = talk
    send(people, ann, match_id, "hello", "k")
    with people.databases.backend() as backend:
        conversations.end(backend, ann, match_id)
        with pytest.raises(NotFoundError):
            conversations.find(backend, ann, match_id)
        left = conversations.find(backend, ben, match_id)
    assert "has ended" in left.over
    assert read(people, ben, match_id) == ["hello"]
    with pytest.raises(ConflictError, match="Nothing was sent"):
        send(people, ben, match_id, "why?", "k2")


def test_first_sentences_are_drawn_from_the_reason_and_gone_once_somebody_wrote(
    people: People, talk: tuple[UUID, UUID, UUID]
) -> None:
    ann, ben, match_id = talk
    with people.databases.backend() as backend:
        lines = conversations.opening(backend, ann, match_id)
    assert any("tax advice" in line for line in lines)
    assert any("piano lessons" in line for line in lines)
    send(people, ann, match_id, lines[0], "k")
    with people.databases.backend() as backend:
        assert conversations.opening(backend, ben, match_id) == []
