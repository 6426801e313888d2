"""Onboarding as a conversation: stored first, understood, asked on, corrected, completed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from app.adapters.postgresql import PostgreSQLAdapter
from app.adapters.token_states import TokenStates
from app.databases import transactions
from app.domain.statements import Importance, Minor
from app.domain.understanding.kinds import Asked
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.repositories.backend import onboarding as stored
from app.repositories.backend import onboarding_items, profiles, statements, users
from app.repositories.backend.onboarding_items import Item
from app.services import onboarding, onboarding_completion, onboarding_corrections, summaries
from app.services.onboarding_reading import Reader
from app.services.onboarding_view import Conversation
from tests.onboarding_people import BrokenReader, member

BOTH = (
    "Hello! I am a nurse from Graz. I am looking for a tax adviser who knows Swiss law."
    " I can teach beginners to play the piano."
)


@dataclass
class Talk:
    """One member's onboarding."""

    databases: PostgreSQLAdapter
    reader: Reader
    user_id: UUID
    keys: list[str] = field(default_factory=list)

    def start(self) -> Conversation:
        return onboarding.start(self.databases, self.reader, self.user_id)

    def say(self, text: str, **named: str) -> Conversation:
        return onboarding.hear(self.databases, self.reader, self.user_id, text, **named)  # type: ignore[arg-type]  # source is checked by the database

    def complete(self) -> onboarding_completion.Completed:
        return onboarding_completion.complete(self.databases, self.reader, self.user_id)

    def status(self) -> str:
        with self.databases.backend() as backend:
            return users.by_id(backend, self.user_id).onboarding_status


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(TokenStates())


@pytest.fixture
def talk(adapter: PostgreSQLAdapter, reader: Reader) -> Talk:
    return Talk(adapter, reader, member(adapter, "Lena", "Okafor"))


def texts(items: object) -> list[str]:
    assert isinstance(items, list)
    return [item.text for item in items if isinstance(item, Item)]


def test_the_first_question_is_what_is_needed_and_the_status_follows(talk: Talk) -> None:
    assert talk.status() == "not_started"
    begun = talk.start()
    assert talk.status() == "in_progress"
    assert [m.author for m in begun.messages] == ["platform", "platform"]
    assert begun.messages[-1].asked == Asked.NEED
    assert begun.progress == 0


def test_starting_again_changes_nothing(talk: Talk) -> None:
    first = talk.start()
    talk.say(BOTH)
    again = talk.start()
    assert again.session_id == first.session_id
    assert again.messages[:2] == first.messages
    assert talk.start() == again


def test_several_things_in_one_message_come_to_their_lists_each_with_its_place(talk: Talk) -> None:
    talk.start()
    now = talk.say(BOTH)
    assert texts(now.needs) == ["I am looking for a tax adviser who knows Swiss law"]
    assert texts(now.offers) == ["I can teach beginners to play the piano"]
    assert texts(now.facts) == ["I am a nurse from Graz"]
    said = next(m for m in now.messages if m.author == "member")
    assert said.text == BOTH
    for item in [*now.needs, *now.offers, *now.facts]:
        assert item.message_id == said.id
        assert BOTH[item.start : item.stop] == item.text


def test_what_was_said_is_not_asked_for_again(talk: Talk) -> None:
    talk.start()
    now = talk.say(BOTH)
    assert now.messages[-1].asked not in {Asked.NEED, Asked.OFFER, Asked.ABOUT}
    assert now.progress > 60


def test_a_short_answer_is_understood_by_the_question_before_it(talk: Talk) -> None:
    talk.start()
    now = talk.say("piano lessons for my daughter")
    assert texts(now.needs) == ["piano lessons for my daughter"]
    assert now.messages[-1].asked in {Asked.OFFER, Asked.NEED_DETAIL}
    if now.messages[-1].asked == Asked.OFFER:
        now = talk.say("proofreading of german texts")
        assert texts(now.offers) == ["proofreading of german texts"]


def test_a_message_is_stored_although_understanding_it_fails_and_is_understood_later(
    talk: Talk,
) -> None:
    talk.start()
    broken = Talk(talk.databases, BrokenReader(talk.reader.states), talk.user_id)
    with pytest.raises(RuntimeError, match="out of order"):
        broken.say(BOTH, client_key="one")
    back = talk.start()
    assert [m.text for m in back.messages if m.author == "member"] == [BOTH]
    assert texts(back.needs)
    assert back.messages[-1].reply_to is not None
    assert talk.say(BOTH, client_key="one") == back


def test_no_transaction_is_open_while_a_message_is_understood(talk: Talk) -> None:
    seen: list[str] = []

    class Watching(Reader):
        def read(self, message: object, at: datetime) -> object:  # type: ignore[override]  # passed on
            transactions.nothing_open("reading")
            seen.append("read")
            return super().read(message, at)  # type: ignore[arg-type]  # as it came

    talk.start()
    Talk(talk.databases, Watching(talk.reader.states), talk.user_id).say(BOTH)
    assert seen == ["read"]


def test_the_same_key_again_adds_nothing_and_another_text_under_it_is_refused(talk: Talk) -> None:
    talk.start()
    once = talk.say(BOTH, client_key="a")
    assert talk.say(BOTH, client_key="a") == once
    with pytest.raises(ConflictError, match="new key"):
        talk.say("something else", client_key="a")
    assert talk.start() == once


def test_a_double_click_stores_one_message(talk: Talk) -> None:
    talk.start()
    failures: list[BaseException] = []

    def click() -> None:
        try:
            talk.say(BOTH, client_key="double")
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    now = talk.start()
    assert not failures
    assert sum(m.author == "member" for m in now.messages) == 1
    assert sum(m.reply_to is not None for m in now.messages) == 1
    assert len(now.needs) == 1


@pytest.mark.parametrize("text", ["", "   ", "?!", "a\x00b", "\ud800x", "x" * 200_001])
def test_what_cannot_be_taken_is_refused_and_nothing_is_stored(talk: Talk, text: str) -> None:
    before = talk.start()
    with pytest.raises(InvalidInputError):
        talk.say(text)
    assert talk.start() == before


def test_nobody_can_speak_before_onboarding_was_begun(talk: Talk) -> None:
    with pytest.raises(NotFoundError, match="start it first"):
        talk.say("hello there")


def test_whatever_was_said_derives_again_to_the_same_and_corrections_survive(talk: Talk) -> None:
    talk.start()
    now = talk.say(BOTH)
    need, offer, fact = now.needs[0], now.offers[0], now.facts[0]
    change, remove = onboarding_corrections.change, onboarding_corrections.remove
    change(
        talk.databases, talk.reader, talk.user_id, need.id, kind="need", text="a Swiss tax lawyer"
    )
    change(talk.databases, talk.reader, talk.user_id, fact.id, kind="offer", text=fact.text)
    remove(talk.databases, talk.user_id, offer.id)
    corrected = onboarding_corrections.add(
        talk.databases, talk.reader, talk.user_id, kind="offer", text="a van", client_key="v"
    )
    assert texts(corrected.needs) == ["a Swiss tax lawyer"]
    assert texts(corrected.offers) == [fact.text, "a van"]
    assert corrected.facts == []
    assert corrected.needs[0].message_id == need.message_id
    again = onboarding.derive_again(talk.databases, talk.reader, talk.user_id)
    assert again.needs == corrected.needs
    assert again.offers == corrected.offers
    assert again.facts == []
    assert [m.text for m in again.messages] == [m.text for m in corrected.messages]


def test_deriving_again_without_corrections_gives_the_same_items_under_the_same_ids(
    talk: Talk,
) -> None:
    talk.start()
    now = talk.say(BOTH)
    again = onboarding.derive_again(talk.databases, talk.reader, talk.user_id)
    for before, after in ((now.needs, again.needs), (now.offers, again.offers)):
        assert [(i.id, i.text, i.kind) for i in before] == [(i.id, i.text, i.kind) for i in after]


def test_an_item_added_twice_with_one_key_stands_there_once(talk: Talk) -> None:
    talk.start()
    both = [
        onboarding_corrections.add(
            talk.databases, talk.reader, talk.user_id, kind="need", text="a drummer", client_key="d"
        )
        for _ in range(2)
    ]
    assert [texts(now.needs) for now in both] == [["a drummer"], ["a drummer"]]


def test_the_same_words_again_are_listed_once(talk: Talk) -> None:
    talk.start()
    talk.say("I am looking for a tax adviser who knows Swiss law.")
    now = talk.say("i am looking for a tax adviser who knows swiss law")
    assert len(now.needs) == 1


def test_nobody_can_touch_what_another_member_said(talk: Talk) -> None:
    talk.start()
    item = talk.say(BOTH).needs[0]
    other = Talk(talk.databases, talk.reader, member(talk.databases, "Otto", "Other"))
    other.start()
    with pytest.raises(NotFoundError):
        onboarding_corrections.remove(talk.databases, other.user_id, item.id)
    with pytest.raises(NotFoundError):
        onboarding_corrections.change(
            talk.databases, talk.reader, other.user_id, item.id, kind="need", text="mine"
        )
    with pytest.raises(NotFoundError):
        onboarding_corrections.remove(talk.databases, talk.user_id, uuid4())
    assert talk.start().needs[0] == item


@pytest.mark.parametrize(
    ("kind", "text"), [("wish", "a van"), ("need", " "), ("need", "x" * 4001), ("need", "a\x00")]
)
def test_a_correction_that_says_nothing_is_refused(talk: Talk, kind: str, text: str) -> None:
    talk.start()
    with pytest.raises(InvalidInputError):
        onboarding_corrections.add(talk.databases, talk.reader, talk.user_id, kind=kind, text=text)


def test_a_long_biography_is_kept_whole_and_all_of_it_is_read(talk: Talk) -> None:
    talk.start()
    lines = [f"I worked as a nurse in hospital number {n} for {n} years." for n in range(2, 42)]
    lines += [f"I am looking for a lawyer who knows rule {n} of tenancy law." for n in range(30)]
    biography = "\n".join(lines)
    now = talk.say(biography, source="document")
    assert next(m for m in now.messages if m.author == "member").text == biography
    listed = {(i.start, i.stop) for i in [*now.needs, *now.offers, *now.facts]}
    covered = sum(stop - start for start, stop in listed if start is not None and stop is not None)
    assert covered > 0.9 * len(biography)
    assert len(now.needs) > 25


def test_progress_only_grows_also_when_things_are_removed(talk: Talk) -> None:
    talk.start()
    before = talk.say(BOTH)
    for item in [*before.needs, *before.offers, *before.facts]:
        now = onboarding_corrections.remove(talk.databases, talk.user_id, item.id)
        assert now.progress == before.progress
    assert talk.say("hello again").progress == before.progress
    assert talk.start().messages[-1].asked in {Asked.NEED, Asked.OFFER}


def test_done_without_a_need_or_an_offer_says_what_is_missing_and_changes_nothing(
    talk: Talk,
) -> None:
    talk.start()
    with pytest.raises(InvalidInputError, match="neither a need nor an offer"):
        talk.complete()
    assert talk.status() == "in_progress"


def test_the_word_done_in_a_sentence_ends_nothing(talk: Talk) -> None:
    talk.start()
    talk.say("In the due diligence I've done we are finished with everything, that is complete.")
    assert talk.status() == "in_progress"


def test_done_writes_the_draft_from_what_was_said_and_the_status_with_it(talk: Talk) -> None:
    talk.start()
    talk.say(BOTH)
    done = talk.complete()
    assert talk.status() == "completed"
    assert done.summary.status == "draft"
    assert done.summary.summary == (
        "## What I need\n\n- I am looking for a tax adviser who knows Swiss law\n\n"
        "## What I offer\n\n- I can teach beginners to play the piano\n\n"
        "## About me\n\n- I am a nurse from Graz"
    )
    assert done.lacking == ""
    assert talk.start().progress == 100
    assert talk.complete() == done


def test_completed_never_falls_back_whatever_is_said_or_started_later(talk: Talk) -> None:
    talk.start()
    talk.say(BOTH)
    first = talk.complete()
    talk.start()
    later = talk.say("I also need a good photographer for our spring catalogue.")
    assert talk.status() == "completed"
    assert later.progress == 100
    second = talk.complete()
    assert second.summary.version == first.summary.version + 1
    assert "photographer" in second.summary.summary
    with talk.databases.backend() as backend:
        rows = backend.execute(
            "SELECT version, summary FROM user_summaries WHERE user_id = %s ORDER BY version",
            (talk.user_id,),
        ).fetchall()
    assert rows[0] == (first.summary.version, first.summary.summary), "versions are kept"


def test_a_new_fact_alone_makes_a_new_version(talk: Talk) -> None:
    talk.start()
    talk.say(BOTH)
    first = talk.complete()
    onboarding_corrections.add(
        talk.databases, talk.reader, talk.user_id, kind="fact", text="I speak Igbo"
    )
    second = talk.complete()
    assert second.summary.version == first.summary.version + 1
    assert "I speak Igbo" in second.summary.summary


def test_the_public_version_gives_away_no_name_company_contact_or_fact(talk: Talk) -> None:
    talk.start()
    said = {
        "need": [
            "someone to take Lena Okafor's accounts over",
            "a tax adviser",
            "write to a@b.org",
        ],
        "offer": ["introductions at Lumexa", "piano lessons"],
        "fact": ["I work at a hospital"],
    }
    for kind, lines in said.items():
        for text in lines:
            onboarding_corrections.add(
                talk.databases, talk.reader, talk.user_id, kind=kind, text=text
            )
    done = talk.complete()
    assert done.public.text == (
        "## What I need\n\n- a tax adviser\n\n## What I offer\n\n- piano lessons"
    )
    assert done.public.withheld == {"own name": 1, "contact": 1, "possible name": 1}


def test_what_a_summary_said_already_is_not_asked_for_again(talk: Talk) -> None:
    with talk.databases.backend() as backend:
        summaries.draft(
            backend, talk.user_id, ["a drummer"], ["a rehearsal room"], datetime.now(UTC)
        )
        profiles.put(backend, profiles.Profile(talk.user_id), datetime.now(UTC))
    begun = talk.start()
    assert talk.status() == "completed"
    assert (texts(begun.needs), texts(begun.offers)) == (["a drummer"], ["a rehearsal room"])
    assert begun.messages[-1].asked not in {Asked.NEED, Asked.OFFER}


def test_more_about_a_vague_need_stands_with_it_in_the_summary(talk: Talk) -> None:
    talk.start()
    now = talk.say("help")
    if not now.needs:
        now = onboarding_corrections.add(
            talk.databases, talk.reader, talk.user_id, kind="need", text="help"
        )
    assert now.needs[0].vague
    now = talk.say("I can teach beginners to play the piano.")
    assert now.messages[-1].asked == Asked.NEED_DETAIL
    assert "help" in now.question
    now = talk.say("with tax law for a small shop, before the summer")
    assert now.messages[-1].asked != Asked.NEED_DETAIL, "asked once"
    done = talk.complete()
    assert "- help; with tax law for a small shop, before the summer" in done.summary.summary


def test_rules_are_asked_for_once_and_not_at_all_when_they_are_set(talk: Talk) -> None:
    talk.start()
    now = talk.say(BOTH)
    assert now.messages[-1].asked == Asked.RULES
    now = talk.say("no, anybody is welcome")
    assert Asked.RULES not in {m.asked for m in now.messages[-1:]}
    other = Talk(talk.databases, talk.reader, member(talk.databases, "Otto", "Other"))
    other.start()
    onboarding_corrections.settle_rules(talk.databases, other.user_id)
    asked = {m.asked for m in other.say(BOTH).messages}
    assert Asked.RULES not in asked


def test_every_member_has_a_conversation_of_their_own(talk: Talk) -> None:
    other = Talk(talk.databases, talk.reader, member(talk.databases, "Otto", "Other"))
    assert talk.start().session_id != other.start().session_id
    talk.say(BOTH)
    assert other.start().needs == []


def test_a_mark_stays_when_all_is_derived_again_and_goes_into_the_summary(talk: Talk) -> None:
    talk.start()
    heard = talk.say(BOTH)
    (need,), (offer,) = heard.needs, heard.offers
    onboarding_corrections.weigh(talk.databases, talk.user_id, need.id, Importance.MINOR)
    again = onboarding.derive_again(talk.databases, talk.reader, talk.user_id)
    assert [(one.text, one.importance) for one in again.needs] == [(need.text, "minor")]
    assert [(one.text, one.importance) for one in again.offers] == [(offer.text, "main")]
    first = talk.complete().summary
    onboarding_corrections.weigh(talk.databases, talk.user_id, offer.id, Importance.MINOR)
    second = talk.complete().summary
    assert (second.version, second.summary) == (first.version + 1, first.summary)
    with talk.databases.backend() as backend:
        assert Minor.of(statements.of_summary(backend, first.id)) == Minor(frozenset({need.text}))
        assert Minor.of(statements.of_summary(backend, second.id)) == Minor(
            frozenset({need.text}), frozenset({offer.text})
        )
    assert talk.complete().summary.version == second.version
    with pytest.raises(NotFoundError, match="no need or offer"):
        onboarding_corrections.weigh(talk.databases, talk.user_id, uuid4(), Importance.MINOR)


def test_statements_that_are_joined_are_minor_where_all_of_them_are(talk: Talk) -> None:
    talk.start()
    # Ninety fit into thirty joined ones; of the first three all are minor, of the next only two.
    with talk.databases.backend() as backend:
        items = [
            Item(
                uuid4(), None, None, None, "offer", "", f"lesson {n}", 1.0,
                vague=False, origin="member", created_at=datetime.now(UTC) + timedelta(seconds=n),
                importance="minor" if n < 5 else "main",
            )
            for n in range(90)
        ]  # fmt: skip
        onboarding_items.write(backend, stored.locked(backend, talk.user_id), items)
    written = talk.complete().summary
    with talk.databases.backend() as backend:
        said = statements.of_summary(backend, written.id)
    assert Minor.of(said).offers == {"lesson 0; lesson 1; lesson 2"}


def test_statements_too_many_for_one_summary_are_joined_and_none_is_lost(talk: Talk) -> None:
    talk.start()
    with talk.databases.backend() as backend:
        session = stored.locked(backend, talk.user_id)
        onboarding_items.write(
            backend,
            session,
            [
                Item(
                    uuid4(), None, None, None, "offer", "", f"lesson {n}", 1.0,
                    vague=False, origin="member", created_at=datetime.now(UTC),
                )
                for n in range(95)
            ],
        )  # fmt: skip
    done = talk.complete()
    lines = [line for line in done.summary.summary.splitlines() if line.startswith("- ")]
    assert len(lines) <= 40
    assert all(f"lesson {n}" in done.summary.summary for n in range(95))
    assert "what you need" in done.lacking
