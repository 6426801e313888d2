"""The public version of a summary gives nobody away."""

from __future__ import annotations

import json

import pytest

from app.domain.conversation.lists import distinct, gathered
from app.domain.conversation.public import public, why_not
from app.sample import community_path

# Names, companies and contacts as members write them; all of them invented but for the well-known.
GIVING_AWAY = (
    "I need a designer for Lumexa",
    "looking for someone to take over from Sarah",
    "our shop Bergkraut needs a new website",
    "i can introduce you to the buyers at aldi",
    "I can connect you with my old team at Siemens",
    "need investors for acmesoft",
    "Tomasz is looking for a supplier of oak",
    "I do the books for Hofladen Meier",
    "happy to introduce you to mr zelinsky",
    "Ask for Ms. O'Brien if you need legal help",
    "intro to the CEO of Northvolt",
    "a lawyer to deal with our landlord Immotrend GmbH",
    "our startup (Kleebio) needs pilots",
    "LUMEXA needs a CTO",
    "I mentor people who apply at McKinsey",
    "someone at Deutsche Bahn who buys signs",
    "contact with Anna from the planning office",
    "we're zentriq and we look for a sales lead",
    "I can open doors at the Novum Group",
    "help me sell Brightwell, my company",
    "advice from somebody who left Accenture",
    "partner for my podcast Kaffee und Code",
)
CONTACTS = (
    "call me at +49 171 2345678",
    "0171 / 234 56 78 if you want piano lessons",
    "write to jana.k@posteo.example",
    "jana (at) bergkraut for tax questions",
    "my profile is on linkedin.com/in/janak",
    "see www.bergkraut.example for what we offer",
    "https://bergkraut.example",
    "find me as @potterbyjo",
)
ORDINARY = (
    "I need a tax adviser who knows Swiss law",
    "piano lessons for beginners",
    "Looking for seed funding, around 400k",
    "Happy to review pitch decks",
    "someone to practise Spanish with in Lisbon",
    "I'd gladly look over your code if it's Python",
    "Translation from Polish to English",
    "a CTO for a B2B SaaS company, from January on",
    "we'd like a second pair of eyes on our pricing",
    "Bookkeeping for small companies. Two hours a week.",
)


@pytest.mark.parametrize("text", GIVING_AWAY)
def test_a_statement_with_a_name_stays_private(text: str) -> None:
    assert why_not(text, set()) == "possible name"


@pytest.mark.parametrize("text", CONTACTS)
def test_a_statement_with_a_contact_stays_private(text: str) -> None:
    assert why_not(text, set()) == "contact"


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_statement_is_public(text: str) -> None:
    assert why_not(text, set()) is None


def test_the_members_own_name_stays_private_however_it_is_written() -> None:
    found = public(["grace needs a cook", "GRACE's garden"], ["grace periods"], ["Grace Bloom"])
    assert (found.needs, found.offers) == ((), ())
    assert found.withheld == {"own name": 3}


def test_a_name_of_two_letters_is_a_word_of_many_languages_and_is_not_looked_for() -> None:
    assert public(["an office to share"], [], ["An Li"]).needs == ("an office to share",)


def test_statements_are_kept_word_for_word_in_their_order_and_none_is_invented() -> None:
    found = public(list(ORDINARY), list(ORDINARY[::-1]), ["Jo"])
    assert found.needs == ORDINARY
    assert found.offers == ORDINARY[::-1]
    assert found.withheld == {}


def test_no_public_statement_of_the_sample_community_holds_its_members_names() -> None:
    for line in community_path().read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        found = public(row["needs"], row["offers"], [row["first_name"], row["last_name"]])
        for text in (*found.needs, *found.offers):
            for name in (row["first_name"], row["last_name"]):
                assert len(name) < 3 or name.casefold() not in text.casefold().split()


def test_the_same_words_stand_on_a_list_once() -> None:
    assert distinct(["A van!", "piano", "a  van", "\uff21 van"]) == ["A van!", "piano"]


@pytest.mark.parametrize("count", [1, 40, 41, 95, 1000])
def test_many_statements_become_few_and_none_is_lost(count: int) -> None:
    texts = [f"s{n}." for n in range(count)]
    joined = gathered(texts)
    assert len(joined) <= 40
    assert "; ".join(joined) == "; ".join(texts)
