"""How well messages are understood, on sentences that nobody looked at while tuning."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from app.adapters.token_states import TokenStates
from app.domain.conversation.lists import same
from app.domain.understanding.kinds import Asked, Meaning
from app.domain.understanding.reading import meaning_head, read
from app.domain.understanding.vagueness import vague
from app.evaluation.understanding import accuracy, confusion
from app.evaluation.understanding_data import FOLDER, Labelled, labelled


@pytest.fixture(scope="module")
def model() -> TokenStates:
    return TokenStates()


def understood(
    text: str, model: TokenStates, asked: Asked = Asked.NOTHING
) -> list[tuple[str, str]]:
    return [(one.meaning.value, one.span.of(text)) for one in read(text, asked, model)]


def test_nine_of_ten_parts_of_messages_never_looked_at_are_taken_for_what_they_are(
    model: TokenStates,
) -> None:
    held_out = [message for message in labelled("sentences.jsonl") if message.held_out]
    table = confusion(held_out, model)
    assert table.total() >= 100
    assert accuracy(table) >= 0.9


def test_the_sentences_are_many_of_every_kind_and_the_halves_are_halves() -> None:
    messages = labelled("sentences.jsonl")
    assert len(messages) >= 240
    assert len({message.text for message in messages}) == len(messages)
    held_out = [message for message in messages if message.held_out]
    assert 0.45 < len(held_out) / len(messages) < 0.55
    for half in (held_out, [m for m in messages if not m.held_out]):
        kinds = [meaning for message in half for _, meaning in message.parts]
        assert all(kinds.count(meaning) >= 20 for meaning in Meaning)
        assert sum(len(message.parts) > 1 for message in half) >= 15
        assert sum(message.asked is not Asked.NOTHING for message in half) >= 20


def _parts(messages: Sequence[Labelled]) -> set[str]:
    return {same(span.of(message.text)) for message in messages for span, _ in message.parts}


def test_nothing_that_was_learned_stands_in_what_is_judged_by() -> None:
    held_out = _parts([message for message in labelled("sentences.jsonl") if message.held_out])
    others = _parts([*labelled("another_hand.jsonl"), *labelled("third_hand.jsonl")])
    learned = _parts(labelled("training.jsonl"))
    assert not (held_out | others) & learned
    frames = json.loads((FOLDER / "frames.json").read_text(encoding="utf-8"))
    # Of other hands a "thank you" may be the same.
    assert not held_out & {same(text) for text in frames["neither"]}


def test_a_message_of_three_kinds_is_divided_into_three(model: TokenStates) -> None:
    text = "Hello! I am a nurse from Graz. I am looking for a tax adviser. I can teach the piano."
    assert understood(text, model) == [
        ("neither", "Hello!"),
        ("fact", "I am a nurse from Graz"),
        ("need", "I am looking for a tax adviser"),
        ("offer", "I can teach the piano"),
    ]


def test_two_kinds_in_one_sentence_are_divided_at_the_joint(model: TokenStates) -> None:
    text = "I can help you with bookkeeping but I need someone who fixes my website"
    assert understood(text, model) == [
        ("offer", "I can help you with bookkeeping"),
        ("need", "I need someone who fixes my website"),
    ]


@pytest.mark.parametrize(("asked", "meaning"), [(Asked.NEED, "need"), (Asked.OFFER, "offer")])
def test_a_bare_answer_is_what_was_asked_for(
    asked: Asked, meaning: str, model: TokenStates
) -> None:
    for answer in ("legal advice", "bookkeeping", "contacts in shipping", "piano lessons"):
        assert understood(answer, model, asked) == [(meaning, answer)]


def test_a_plain_need_stays_one_whatever_was_asked(model: TokenStates) -> None:
    for asked in Asked:
        [(meaning, _)] = understood("I am looking for a good lawyer", model, asked)
        assert meaning == "need", asked


def test_every_part_is_a_part_of_the_message_and_parts_do_not_overlap(model: TokenStates) -> None:
    for message in labelled("training.jsonl")[::10]:
        found = read(message.text, message.asked, model)
        stop = 0
        for one in found:
            assert stop <= one.span.start < one.span.stop <= len(message.text)
            assert 0 < one.confidence <= 1
            stop = one.span.stop


@pytest.mark.parametrize("text", ["", "  ", "?!", "\n\n", "😀😀"])
def test_a_message_without_words_says_nothing(text: str, model: TokenStates) -> None:
    assert read(text, Asked.NOTHING, model) == []


def test_it_is_another_language_and_no_error(model: TokenStates) -> None:
    assert read("Ich suche jemanden, der mir Klavier beibringt.", Asked.NEED, model)
    assert read("ピアノの先生を探しています", Asked.NEED, model)


def test_vague_statements_are_told_from_plain_ones(model: TokenStates) -> None:
    too_little = ["help", "some advice", "networking", "I can help people"]
    enough = ["a tax adviser who knows Swiss law", "piano lessons for beginners", "wedding cakes"]
    assert vague(too_little, model) == [True] * 4
    assert vague(enough, model) == [False] * 3


def test_the_shipped_weights_are_those_of_the_shipped_model(model: TokenStates) -> None:
    assert meaning_head().model == model.model
