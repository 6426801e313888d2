"""Members' rules and budgets: set by them, read by matching, which asks both sides of a pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from app.databases.arrays import Ids
from app.databases.connections import BackendConnection
from app.domain.accounts import checked_text
from app.domain.matching.rules import LARGEST_BUDGET, Person, Rules
from app.errors import InvalidInputError
from app.repositories.backend import member_rules

TypedRules = member_rules.TypedRules
LONGEST_ENTRY: Final = 100
LONGEST_PERSON: Final = 320
MOST_ENTRIES: Final = 50


def of(backend: BackendConnection, user_ids: Ids) -> dict[UUID, Rules]:
    """Give the rules of these members as matching compares them; who never set any is left out."""
    return _compared(member_rules.by_ids(backend, user_ids))


def asking(backend: BackendConnection) -> dict[UUID, Rules]:
    """Give the rules of everybody who asks for something, as matching compares them."""
    found = _compared(member_rules.asking(backend))
    return {user_id: rules for user_id, rules in found.items() if rules.asks}


def _compared(found: Mapping[UUID, TypedRules]) -> dict[UUID, Rules]:
    return {
        user_id: Rules.typed(
            places=one.places,
            languages=one.languages,
            fields_wanted=one.fields_wanted,
            fields_unwanted=one.fields_unwanted,
            people_unwanted=one.people_unwanted,
            budget=one.budget,
        )
        for user_id, one in found.items()
    }


def people(backend: BackendConnection, user_ids: Ids) -> dict[UUID, Person]:
    """Give what rules look at in these members; who does not exist is left out."""
    found = member_rules.described(backend, user_ids)
    return {
        user_id: Person.saying(
            place=one.place,
            languages=one.languages,
            fields=one.fields,
            name=f"{one.first_name} {one.last_name}",
            email=one.email,
        )
        for user_id, one in found.items()
    }


def typed(backend: BackendConnection, user_id: UUID) -> TypedRules:
    """Give one member's rules in their own words; empty ones where none were set."""
    return member_rules.by_ids(backend, [user_id]).get(user_id, TypedRules(user_id))


def put(backend: BackendConnection, wanted: TypedRules) -> TypedRules:
    """Write a member's rules; raise InvalidInputError saying what cannot be taken."""
    wanted = replace(
        wanted,
        places=_entries(wanted.places, "place"),
        languages=_entries(wanted.languages, "language"),
        fields_wanted=_entries(wanted.fields_wanted, "field"),
        fields_unwanted=_entries(wanted.fields_unwanted, "field"),
        people_unwanted=_entries(wanted.people_unwanted, "person", LONGEST_PERSON),
    )
    if not 0 <= wanted.budget <= LARGEST_BUDGET:
        raise InvalidInputError(
            "The number of introductions is between 0 and {most}; pausing is the way to get none for"
            " a while.",
            most=LARGEST_BUDGET,
        )
    member_rules.put(backend, wanted, datetime.now(UTC))
    return wanted


def _entries(entered: Sequence[str], what: str, longest: int = LONGEST_ENTRY) -> tuple[str, ...]:
    entries = tuple(dict.fromkeys(one.strip() for one in entered if one.strip()))
    if len(entries) > MOST_ENTRIES:
        raise InvalidInputError(
            "A rule takes at most {most} entries; {given} were given.",
            most=MOST_ENTRIES,
            given=len(entries),
        )
    return tuple(checked_text(one, what=what, longest=longest) for one in entries)
