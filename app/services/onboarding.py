"""Lead a member through onboarding: ask, listen, understand, and write down when they are done.

Every message is stored in a transaction of its own before anything else happens. Understanding it
may take long, fail or be interrupted: what is not understood yet is understood by the next call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from app.databases import transactions
from app.databases.connections import BackendConnection
from app.domain.conversation.lists import LONGEST_MESSAGE
from app.domain.conversation.questions import Question, next_question, progress
from app.domain.conversation.wording import greeting, heard, question_text
from app.errors import ConflictError, InvalidInputError
from app.languages import SOURCE
from app.repositories.backend import onboarding, onboarding_items, statements, summaries
from app.repositories.backend.onboarding import Message, Session, Source
from app.repositories.backend.onboarding_items import Item, identity
from app.services import limits, member_languages, onboarding_language, steps
from app.services.language import LanguageModelError
from app.services.onboarding_reading import Reader, Reading, not_corrected
from app.services.onboarding_view import Conversation, asks, known, put_question, view
from app.services.steps import Databases, OnBackend, Outside, Step

log = logging.getLogger(__name__)


@dataclass(slots=True)
class HearJob:
    """Carry what one step leaves to the next. Without a text only what is waiting is read."""

    reader: Reader
    user_id: UUID
    text: str | None = None
    client_key: str | None = None
    source: Source = "chat"
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    waiting: list[Message] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    question: Question | None = None
    worded: str | None = None
    language: str = SOURCE
    result: Conversation | None = None


def start(databases: Databases, reader: Reader, user_id: UUID) -> Conversation:
    """Begin a member's onboarding, or go on where they were; called again it changes nothing."""
    with databases.backend() as backend:
        _begin(backend, user_id, datetime.now(UTC))
    return _hear(databases, HearJob(reader, user_id))


def hear(
    databases: Databases,
    reader: Reader,
    user_id: UUID,
    text: str,
    *,
    client_key: str | None = None,
    source: Source = "chat",
) -> Conversation:
    """Store what a member says, understand it, and ask the next question.

    The same `client_key` again adds nothing and gives the conversation as it stands. Raises
    InvalidInputError for a text that cannot be taken, ConflictError for a key with another text.
    """
    _check(text)
    job = HearJob(reader, user_id, text, client_key, source)
    return _hear(databases, job)


def hear_document(
    databases: Databases,
    reader: Reader,
    text_of: Callable[[bytes], str],
    user_id: UUID,
    content: bytes,
    *,
    client_key: str | None = None,
) -> Conversation:
    """Hear the text of a file like a message; raise InvalidInputError for one that has none.

    `text_of` reads it, with no transaction open; the file itself is not kept.
    """
    if not content:
        raise InvalidInputError("There is no file in this; choose a PDF or Word file first.")
    limits.take(databases, limits.UPLOADS, str(user_id))
    transactions.nothing_open("reading a document")
    text = text_of(content)
    return hear(databases, reader, user_id, text, client_key=client_key, source="document")


def _check(text: str) -> None:
    if not any(letter.isalnum() for letter in text):
        raise InvalidInputError("There is nothing to read in this message; write some words.")
    if len(text) > LONGEST_MESSAGE:
        raise InvalidInputError(
            "This message has {length} characters and {most} can be taken at once; send it in"
            " parts. Nothing was kept.",
            length=len(text),
            most=LONGEST_MESSAGE,
        )
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InvalidInputError("This message holds a character that no text may hold; remove it.")


def _hear(databases: Databases, job: HearJob) -> Conversation:
    steps.run(databases, STEPS, job)
    if job.result is None:
        raise RuntimeError("the last step reads the conversation")
    return job.result


def _begin(backend: BackendConnection, user_id: UUID, at: datetime) -> None:
    onboarding.begin_status(backend, user_id)
    session = onboarding.open_session(backend, user_id, at)
    if onboarding.log(backend, session.id):
        return
    onboarding_items.write(backend, session, _said_before(backend, session, at))
    say = member_languages.say_to(backend, user_id)
    onboarding.add(backend, session, author="platform", text=greeting(say), at=at)
    items = onboarding_items.of_session(backend, session.id)
    question = next_question(known(session, [], items))
    put_question(backend, session, question, question_text(question, say), reply_to=None, at=at)


def _said_before(backend: BackendConnection, session: Session, at: datetime) -> list[Item]:
    """Take over what a member's newest summary says already: it is not asked for again."""
    newest = summaries.latest(backend, session.user_id)
    if newest is None:
        return []
    said = statements.of_summary(backend, newest.id)
    return [
        Item(
            id=identity(session.id, number, number + 1),
            message_id=None, start=None, stop=None, kind=one.kind.value, aspect="", text=one.text,
            confidence=1.0, vague=False, origin="member", created_at=at,
            importance=one.importance.value,
        )
        for number, one in enumerate(said)
    ]  # fmt: skip


def _store(backend: BackendConnection, job: HearJob) -> None:
    session = onboarding.locked(backend, job.user_id)
    messages = onboarding.log(backend, session.id)
    if job.text is not None:
        _add_once(backend, session, messages, job)
    job.waiting = [
        message
        for message in onboarding.log(backend, session.id)
        if message.author == "member" and message.read_at is None
    ]


def _add_once(
    backend: BackendConnection, session: Session, messages: Sequence[Message], job: HearJob
) -> None:
    before = [m for m in messages if job.client_key is not None and m.client_key == job.client_key]
    if before:
        if before[0].text != job.text:
            raise ConflictError(
                "Another message was sent with this key already; send this one with a new key."
            )
        return
    last = next((m for m in reversed(messages) if asks(m)), None)
    onboarding.add(
        backend,
        session,
        author="member",
        text=job.text or "",
        source=job.source,
        asked=last.asked if last else "",
        asked_item=last.asked_item if last else None,
        client_key=job.client_key,
        at=job.at,
    )


def _understand(job: HearJob) -> None:
    job.readings = [job.reader.read(message, job.at) for message in job.waiting]


def _derive(backend: BackendConnection, job: HearJob) -> None:
    session = onboarding.locked(backend, job.user_id)
    for reading in job.readings:
        kept = [
            item
            for item in onboarding_items.of_session(backend, session.id, removed=True)
            if item.message_id != reading.message.id or item.origin == "member"
        ]
        fresh = not_corrected(reading, kept)
        onboarding_items.derive(backend, session, reading.message.id, fresh)
        onboarding.mark_read(backend, reading.message.id, reading.read_by, job.at)
    job.question = _next(backend, session)
    job.language = member_languages.of_member(backend, job.user_id)


def _next(backend: BackendConnection, session: Session) -> Question:
    """Choose the next question, and raise the progress to what has been reached."""
    messages = onboarding.log(backend, session.id)
    items = onboarding_items.of_session(backend, session.id)
    now = known(session, messages, items)
    onboarding.raise_progress(backend, session.id, progress(now))
    return next_question(now)


def _word(job: HearJob) -> None:
    model = job.reader.language_model
    if model is None or job.question is None or not job.readings or not job.question.asked:
        return
    if job.language != SOURCE:  # what a model words is checked by the rules of English writing
        return
    if job.readings[-1].read_by != model.model:  # it has just failed: no waiting a second time
        return
    about = job.question.about.text if job.question.about else ""
    message = job.readings[-1].message.text[: onboarding_language.LONGEST_READ]
    try:
        job.worded = onboarding_language.word(model, message, question_text(job.question), about)
    except LanguageModelError as error:
        log.warning("A question was worded without the language model: %s", error)


def _ask(backend: BackendConnection, job: HearJob) -> None:
    session = onboarding.locked(backend, job.user_id)
    messages = onboarding.log(backend, session.id)
    answered = {message.reply_to for message in messages}
    open_ = [m for m in messages if m.author == "member" and m.id not in answered]
    if open_:
        question = _next(backend, session)
        # Somebody else may have written meanwhile: the words fit only the question they are for.
        words = job.worded if question == job.question else None
        meanings = [meaning for reading in job.readings for meaning in reading.meanings]
        say = member_languages.say_to(backend, job.user_id)
        said = heard(meanings, say) if job.readings else ""
        text = f"{said} {words or question_text(question, say)}".strip()
        put_question(backend, session, question, text, reply_to=open_[-1].id, at=job.at)
    job.result = view(backend, job.user_id)


STEPS: Sequence[Step[HearJob]] = (
    OnBackend("store the message", _store),
    Outside("understand", _understand),
    OnBackend("write what was understood", _derive),
    Outside("word the question", _word),
    OnBackend("ask", _ask),
)


def derive_again(databases: Databases, reader: Reader, user_id: UUID) -> Conversation:
    """Derive everything anew from the log; what the member corrected stays corrected."""
    with databases.backend() as backend:
        session = onboarding.locked(backend, user_id)
        onboarding.forget_readings(backend, session.id)
    return _hear(databases, HearJob(reader, user_id))
