"""Train understanding, and print how well it understands: python -m app.evaluation.understanding."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from app.adapters.token_states import TokenStates
from app.domain import understanding
from app.domain.conversation.public import why_not
from app.domain.understanding.head import Head, States
from app.domain.understanding.kinds import Asked, Meaning
from app.domain.understanding.learning import Examples, fit
from app.domain.understanding.reading import LABELS, Understood, read
from app.domain.understanding.spans import Span
from app.domain.understanding.vagueness import LABELS as VAGUENESS
from app.evaluation.understanding_data import (
    Example,
    Labelled,
    labelled,
    meaning_examples,
    vagueness_examples,
)
from app.sample import community_path

PLACE: Final = Path(understanding.__file__).parent


def train(model: States) -> dict[str, Head]:
    """Fit both heads anew; from the same sentences and seeds they come out the same."""
    return {
        "meaning": _fitted(model, meaning_examples(), LABELS, units=96, passes=8, seeds=(1, 2, 3)),
        "vagueness": _fitted(
            model, vagueness_examples(), VAGUENESS, units=8, passes=40, seeds=(1,)
        ),
    }


def _fitted(
    model: States,
    drawn: Sequence[Example],
    labels: Sequence[str],
    *,
    units: int,
    passes: int,
    seeds: Sequence[int],
) -> Head:
    examples = Examples(
        [states.astype(np.float16) for states in model.states([e.text for e in drawn])],
        [e.asked for e in drawn],
        np.array([labels.index(e.label) for e in drawn], dtype=np.intp),
        np.array([e.weight for e in drawn], dtype=np.float32),
    )
    networks = tuple(
        fit(examples, len(labels), units=units, passes=passes, decay=0.1, dropped=0.3, seed=seed)
        for seed in seeds
    )
    return Head(model.model, tuple(labels), networks)


def meant(span: Span, found: Sequence[Understood]) -> Meaning | None:
    """Say what a part was taken for: the kind that most of its characters were given."""
    shares: Counter[Meaning] = Counter()
    for one in found:
        shares[one.meaning] += span.shared(one.span)
    best = max(Meaning, key=lambda meaning: shares[meaning])
    return best if shares[best] else None


def confusion(
    messages: Sequence[Labelled], model: States, head: Head | None = None
) -> Counter[tuple[Meaning, Meaning | None]]:
    """Count, for every labelled part of every message, what it is and what it was taken for.

    The message goes through the whole of understanding, so a wrong division counts as a mistake.
    """
    table: Counter[tuple[Meaning, Meaning | None]] = Counter()
    for message in messages:
        found = read(message.text, message.asked, model, head)
        for span, meaning in message.parts:
            table[meaning, meant(span, found)] += 1
    return table


def accuracy(table: Counter[tuple[Meaning, Meaning | None]]) -> float:
    """Give the share of parts that were taken for what they are."""
    return sum(n for (is_, as_), n in table.items() if is_ is as_) / table.total()


def _print_table(title: str, table: Counter[tuple[Meaning, Meaning | None]]) -> None:
    print(f"\n{title}: {table.total()} parts, accuracy {accuracy(table):.3f}\n")  # noqa: T201 - a command
    print("| is \\ taken for | " + " | ".join(Meaning) + " |")  # noqa: T201
    print("|---" * (len(Meaning) + 1) + "|")  # noqa: T201
    for is_ in Meaning:
        row = " | ".join(str(table[is_, as_]) for as_ in Meaning)
        print(f"| {is_} | {row} |")  # noqa: T201


def _print_mistakes(messages: Sequence[Labelled], model: States) -> None:
    for message in messages:
        found = read(message.text, message.asked, model)
        for span, meaning in message.parts:
            taken = meant(span, found)
            if taken is not meaning:
                print(f"{meaning} as {taken} ({message.asked or '-'}): {span.of(message.text)}")  # noqa: T201
                for one in found:
                    part = one.span.of(message.text)
                    print(f"      {one.meaning} {one.confidence:.2f} {part}")  # noqa: T201


def _print_public(messages: Sequence[Labelled]) -> None:
    rows = [json.loads(line) for line in community_path().read_text(encoding="utf-8").splitlines()]
    sample = [text for row in rows for text in (*row["needs"], *row["offers"])]
    tuning = [
        span.of(message.text)
        for message in messages
        for span, meaning in message.parts
        if not message.held_out and meaning in {Meaning.NEED, Meaning.OFFER}
    ]
    for name, texts in (("sample community", sample), ("tuning half", tuning)):
        kept_back = sum(why_not(text, set()) is not None for text in texts)
        print(f"{name}: {kept_back} of {len(texts)} needs and offers are not public")  # noqa: T201


def _print_speed(messages: Sequence[Labelled], model: TokenStates) -> None:
    text = "\n".join(message.text for message in messages if not message.held_out)
    model.states(["the model is opened by its first text"])
    begun = time.perf_counter()
    parts = len(read(text, Asked.NOTHING, model))
    seconds = time.perf_counter() - begun
    print(f"{len(text)} characters, {parts} parts in {seconds:.1f} s")  # noqa: T201


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(prog="python -m app.evaluation.understanding")
    parser.add_argument("what", choices=["table", "train", "mistakes", "public", "speed"])
    asked = parser.parse_args(arguments)
    model = TokenStates()
    if asked.what == "train":
        for name, head in train(model).items():
            (PLACE / f"{name}.json").write_text(head.dumped(), encoding="utf-8")
    messages = labelled("sentences.jsonl")
    tuning = [message for message in messages if not message.held_out]
    if asked.what == "public":
        _print_public(messages)
        return 0
    if asked.what == "speed":
        _print_speed(messages, model)
        return 0
    if asked.what == "mistakes":  # of the tuning half only: the other one is not looked at
        _print_mistakes(tuning, model)
    _print_table("Tuning half", confusion(tuning, model))
    if asked.what == "table":
        held_out = [message for message in messages if message.held_out]
        _print_table("Held-out half", confusion(held_out, model))
        _print_table("Another hand", confusion(labelled("another_hand.jsonl"), model))
        _print_table("A third hand", confusion(labelled("third_hand.jsonl"), model))
    return 0


if __name__ == "__main__":
    sys.exit(main())
