"""Read and write members' rules and their budget of introductions, as they typed them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from app.databases.arrays import Ids, as_array
from app.databases.connections import BackendConnection
from app.domain.matching.rules import BUDGET


@dataclass(frozen=True, slots=True)
class TypedRules:
    """Hold one member's rules in their own words; `people_unwanted` are addresses or full names."""

    user_id: UUID
    places: Sequence[str] = ()
    languages: Sequence[str] = ()
    fields_wanted: Sequence[str] = ()
    fields_unwanted: Sequence[str] = ()
    people_unwanted: Sequence[str] = ()
    budget: int = BUDGET


@dataclass(frozen=True, slots=True)
class Described:
    """Hold what rules look at in a member, as the member wrote it."""

    user_id: UUID
    first_name: str
    last_name: str
    email: str
    place: str
    languages: Sequence[str]
    fields: Sequence[str]


def by_ids(backend: BackendConnection, user_ids: Ids) -> dict[UUID, TypedRules]:
    """Read rules by member; those who have never set any are left out."""
    rows = (
        backend.cursor(row_factory=class_row(TypedRules))
        .execute(
            "SELECT user_id, places, languages, fields_wanted, fields_unwanted, people_unwanted,"
            " budget FROM member_rules WHERE user_id = ANY(%s::uuid[])",
            (as_array(user_ids),),
        )
        .fetchall()
    )
    return {row.user_id: row for row in rows}


def asking(backend: BackendConnection) -> dict[UUID, TypedRules]:
    """Read the rules of everybody who asks for something; a budget alone asks for nothing."""
    rows = (
        backend.cursor(row_factory=class_row(TypedRules))
        .execute(
            "SELECT user_id, places, languages, fields_wanted, fields_unwanted, people_unwanted,"
            " budget FROM member_rules WHERE cardinality(places) > 0 OR cardinality(languages) > 0"
            " OR cardinality(fields_wanted) > 0 OR cardinality(fields_unwanted) > 0"
            " OR cardinality(people_unwanted) > 0"
        )
        .fetchall()
    )
    return {row.user_id: row for row in rows}


def put(backend: BackendConnection, rules: TypedRules, at: datetime) -> None:
    """Write a member's rules, whether there were any or not; onboarding asks for them no more."""
    backend.execute(
        "UPDATE onboarding_sessions SET rules_set = true WHERE user_id = %s AND NOT rules_set",
        (rules.user_id,),
    )
    backend.execute(
        "INSERT INTO member_rules (user_id, places, languages, fields_wanted, fields_unwanted,"
        " people_unwanted, budget, updated_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (user_id) DO UPDATE SET places = excluded.places,"
        " languages = excluded.languages, fields_wanted = excluded.fields_wanted,"
        " fields_unwanted = excluded.fields_unwanted, people_unwanted = excluded.people_unwanted,"
        " budget = excluded.budget, updated_at = excluded.updated_at",
        (
            rules.user_id,
            list(rules.places),
            list(rules.languages),
            list(rules.fields_wanted),
            list(rules.fields_unwanted),
            list(rules.people_unwanted),
            rules.budget,
            at,
        ),
    )


def described(backend: BackendConnection, user_ids: Ids) -> dict[UUID, Described]:
    """Read what rules look at, by member; those who do not exist are left out."""
    rows = (
        backend.cursor(row_factory=class_row(Described))
        .execute(
            "SELECT u.id AS user_id, u.first_name, u.last_name, u.email,"
            " coalesce(p.place, '') AS place, coalesce(p.languages, '{}') AS languages,"
            " coalesce(p.fields, '{}') AS fields"
            " FROM users u LEFT JOIN profiles p ON p.user_id = u.id"
            " WHERE u.id = ANY(%s::uuid[]) AND u.deleted_at IS NULL",
            (as_array(user_ids),),
        )
        .fetchall()
    )
    return {row.user_id: row for row in rows}
