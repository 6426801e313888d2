"""Read and write rounds of introductions: whom the last one shows to whom, and what it cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import class_row

from app.databases.arrays import Ids, as_array
from app.databases.connections import BackendConnection


class Shown(NamedTuple):
    """Say that a member is shown a partner, at which place, and what that is worth (0 to 1)."""

    user_id: UUID
    partner_id: UUID
    place: int
    worth: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Hold what a round did beside lists made for each member alone.

    Expected mutual acceptances, the Gini coefficient of exposure, the share of those nobody sees.
    """

    method: str
    alpha: float
    temper: float
    auc: float
    members: int
    introductions: int
    expected_matches: float
    plain_matches: float
    gini: float
    plain_gini: float
    unseen: float
    plain_unseen: float


def write(
    backend: BackendConnection,
    run_id: UUID,
    figures: Figures,
    shown: Iterable[Shown],
    weights: Iterable[tuple[UUID, float]],
    at: datetime,
) -> None:
    """Write a round over the one before it."""
    backend.execute(
        "INSERT INTO rounds (run_id, method, alpha, temper, auc, members, introductions,"
        " expected_matches, plain_matches, gini, plain_gini, unseen, plain_unseen, made_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            run_id, figures.method, figures.alpha, figures.temper, figures.auc, figures.members,
            figures.introductions, figures.expected_matches, figures.plain_matches, figures.gini,
            figures.plain_gini, figures.unseen, figures.plain_unseen, at,
        ),
    )  # fmt: skip
    backend.execute("DELETE FROM introductions")
    backend.execute("DELETE FROM round_members")
    _copy_shown(backend, run_id, shown, at)
    with (
        backend.cursor() as cursor,
        cursor.copy("COPY round_members (user_id, weight, run_id) FROM STDIN") as copy,
    ):
        for user_id, weight in weights:
            copy.write_row((user_id, weight, run_id))


def _copy_shown(
    backend: BackendConnection, run_id: UUID, shown: Iterable[Shown], at: datetime
) -> None:
    with (
        backend.cursor() as cursor,
        cursor.copy(
            "COPY introductions (user_id, partner_id, place, worth, run_id, made_at) FROM STDIN"
            " (FORMAT binary)"
        ) as copy,
    ):
        copy.set_types(["uuid", "uuid", "int4", "float8", "uuid", "timestamptz"])
        for one in shown:
            copy.write_row((*one, run_id, at))


def add_newcomers(
    backend: BackendConnection,
    run_id: UUID,
    newcomers: Sequence[UUID],
    shown: Iterable[Shown],
    at: datetime,
) -> None:
    """Write newcomers' lists, over what lists of theirs there were, and their places in others'."""
    backend.execute(
        "DELETE FROM introductions WHERE user_id = ANY(%(ids)s) OR partner_id = ANY(%(ids)s)",
        {"ids": list(newcomers)},
    )
    _copy_shown(backend, run_id, shown, at)
    backend.execute(
        "INSERT INTO round_members (user_id, weight, run_id)"
        " SELECT member, 1, %s FROM unnest(%s::uuid[]) AS n (member)"
        " ON CONFLICT (user_id) DO NOTHING",
        (run_id, list(newcomers)),
    )


def remove(backend: BackendConnection, shown: Sequence[tuple[UUID, UUID]]) -> None:
    """Take partners out of members' lists: (member, partner)."""
    backend.execute(
        "DELETE FROM introductions i USING unnest(%s::uuid[], %s::uuid[]) AS gone (member, partner)"
        " WHERE i.user_id = gone.member AND i.partner_id = gone.partner",
        ([member for member, _ in shown], [partner for _, partner in shown]),
    )


def any_made(backend: BackendConnection) -> bool:
    """Say whether there was a round yet."""
    return backend.execute("SELECT 1 FROM round_members LIMIT 1").fetchone() is not None


def weights(backend: BackendConnection, user_ids: Ids) -> dict[UUID, float]:
    """Give the weights of those of these members who were in the last round."""
    rows = backend.execute(
        "SELECT user_id, weight FROM round_members WHERE user_id = ANY(%s::uuid[])",
        (as_array(user_ids),),
    ).fetchall()
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """Hold that a sender is shown an owner: what each gains from the other, and at which place."""

    owner_id: UUID
    sender_id: UUID
    liking: float
    yes: float
    place: int


def inboxes(backend: BackendConnection, owners: Ids, newcomers: Ids) -> list[InboxEntry]:
    """List who is shown these owners, the owner's best liked first; newcomers are left out."""
    return (
        backend.cursor(row_factory=class_row(InboxEntry))
        .execute(
            "SELECT i.partner_id AS owner_id, i.user_id AS sender_id, theirs.gain AS liking,"
            " mine.gain AS yes, i.place"
            " FROM introductions i"
            " JOIN match_reasons theirs ON theirs.user_a_id = least(i.user_id, i.partner_id)"
            "  AND theirs.user_b_id = greatest(i.user_id, i.partner_id)"
            "  AND theirs.gainer_id = i.partner_id"
            " JOIN match_reasons mine ON mine.user_a_id = theirs.user_a_id"
            "  AND mine.user_b_id = theirs.user_b_id AND mine.gainer_id = i.user_id"
            " WHERE i.partner_id = ANY(%s::uuid[]) AND i.user_id <> ALL(%s::uuid[])"
            " ORDER BY i.partner_id, theirs.gain DESC, i.user_id",
            (as_array(owners), as_array(newcomers)),
        )
        .fetchall()
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """Hold one undecided entry of a member's list."""

    user_id: UUID
    partner_id: UUID
    place: int
    worth: float


def undecided(backend: BackendConnection, user_ids: Ids, newcomers: Ids) -> list[Standing]:
    """List the entries of these members' lists that nobody has decided; newcomers are left out."""
    return (
        backend.cursor(row_factory=class_row(Standing))
        .execute(
            "SELECT i.user_id, i.partner_id, i.place, i.worth FROM introductions i"
            " JOIN matches m ON m.user_a_id = least(i.user_id, i.partner_id)"
            "  AND m.user_b_id = greatest(i.user_id, i.partner_id)"
            "  AND m.user_a_decision = 'pending' AND m.user_b_decision = 'pending'"
            " WHERE i.user_id = ANY(%s::uuid[]) AND i.partner_id <> ALL(%s::uuid[])"
            " ORDER BY i.user_id, i.worth, i.partner_id DESC",
            (as_array(user_ids), as_array(newcomers)),
        )
        .fetchall()
    )


@dataclass(frozen=True, slots=True)
class Made(Figures):
    """Hold a round's figures with when it was made."""

    made_at: datetime


def last(backend: BackendConnection, limit: int = 1) -> list[Made]:
    """List the newest rounds' figures, the newest first."""
    return (
        backend.cursor(row_factory=class_row(Made))
        .execute(
            "SELECT method, alpha, temper, auc, members, introductions, expected_matches,"
            " plain_matches, gini, plain_gini, unseen, plain_unseen, made_at"
            " FROM rounds ORDER BY made_at DESC LIMIT %s",
            (limit,),
        )
        .fetchall()
    )
