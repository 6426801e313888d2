"""Store and read vectors: a member's all at once or none, and never an older over a newer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pgvector import HalfVector, Vector

from app.databases.arrays import Ids, as_array
from app.databases.connections import AIConnection
from app.domain.statements import Kind

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class StatementVector:
    """Hold the vector of one need or offer; whose words they were stays in the other database.

    It is the model's unit vector times the weight of the statement (`statements.Importance`).
    """

    statement_id: UUID
    kind: Kind
    vector: Floats


@dataclass(frozen=True, slots=True)
class MemberVectorSet:
    """Hold all vectors of one version of one member's summary."""

    user_id: UUID
    summary_version: int
    content_hash: bytes
    vectors: tuple[StatementVector, ...]


def put(
    ai: AIConnection, model: str, members: Sequence[MemberVectorSet], at: datetime
) -> frozenset[UUID]:
    """Replace these members' vectors, each all or none; give those whose vectors are now stored.

    A member of whom a newer version is stored already is left as they are, and not given; nor is
    anything stored of an erased one.
    """
    # Held to the commit, so that nobody is erased between the look at the tombstones and then.
    ai.execute("SELECT pg_advisory_xact_lock_shared(7306, 0)")
    accepted = _fence(ai, model, members, at)
    ids = list(accepted)
    ai.execute(
        "WITH couples AS"
        "  (DELETE FROM embedding_couples WHERE model = %(model)s AND user_id = ANY(%(ids)s))"
        " DELETE FROM embeddings WHERE model = %(model)s AND user_id = ANY(%(ids)s)",
        {"model": model, "ids": ids},
    )
    chosen = [member for member in members if member.user_id in accepted]
    with (
        ai.cursor() as cursor,
        cursor.copy(
            "COPY embeddings (statement_id, model, user_id, kind, embedding)"
            " FROM STDIN (FORMAT binary)"
        ) as copy,
    ):
        copy.set_types(["uuid", "text", "uuid", "text", "vector"])
        for member in chosen:
            for said in member.vectors:
                copy.write_row(
                    (said.statement_id, model, member.user_id, said.kind.value, Vector(said.vector))
                )
    with (
        ai.cursor() as cursor,
        cursor.copy(
            "COPY embedding_couples (offer_id, need_id, model, user_id, couple)"
            " FROM STDIN (FORMAT binary)"
        ) as copy,
    ):
        copy.set_types(["uuid", "uuid", "text", "uuid", "halfvec"])
        for member in chosen:
            for offer, need in couples(member.vectors):
                both = np.concatenate((offer.vector, need.vector))
                copy.write_row(
                    (offer.statement_id, need.statement_id, model, member.user_id, HalfVector(both))
                )
    return accepted


def couples(
    vectors: Sequence[StatementVector],
) -> Iterable[tuple[StatementVector, StatementVector]]:
    """Give every (offer, need) couple of one member."""
    offers = [v for v in vectors if v.kind is Kind.OFFER]
    needs = [v for v in vectors if v.kind is Kind.NEED]
    return ((offer, need) for offer in offers for need in needs)


def _fence(
    ai: AIConnection, model: str, members: Sequence[MemberVectorSet], at: datetime
) -> frozenset[UUID]:
    rows = ai.execute(
        "INSERT INTO member_vectors (user_id, model, summary_version, content_hash, embedded_at)"
        " SELECT member, %(model)s, version, hash, %(at)s"
        " FROM unnest(%(ids)s::uuid[], %(versions)s::int[], %(hashes)s::bytea[])"
        "  AS m (member, version, hash)"
        " WHERE NOT EXISTS (SELECT 1 FROM erased_members e WHERE e.user_id = member)"
        " ON CONFLICT (user_id, model) DO UPDATE SET summary_version = excluded.summary_version,"
        "  content_hash = excluded.content_hash, embedded_at = excluded.embedded_at"
        " WHERE member_vectors.summary_version <= excluded.summary_version"
        " RETURNING user_id",
        {
            "model": model,
            "at": at,
            "ids": [member.user_id for member in members],
            "versions": [member.summary_version for member in members],
            "hashes": [member.content_hash for member in members],
        },
    ).fetchall()
    return frozenset(row[0] for row in rows)


def remove(ai: AIConnection, user_ids: Sequence[UUID]) -> int:
    """Remove every vector of these members, of all models; give how many rows of members went."""
    return ai.execute(
        "DELETE FROM member_vectors WHERE user_id = ANY(%s)", (list(user_ids),)
    ).rowcount


def remove_from(ai: AIConnection, model: str, user_ids: Sequence[UUID]) -> None:
    """Remove these members' vectors of one set and of no other."""
    ai.execute(
        "DELETE FROM member_vectors WHERE model = %s AND user_id = ANY(%s)", (model, list(user_ids))
    )


def erase(ai: AIConnection, user_ids: Sequence[UUID], at: datetime) -> int:
    """Remove every vector of these members and refuse what comes later; give how many had some.

    Waits for whoever is writing vectors: what they write is seen here, and removed.
    """
    ai.execute("SELECT pg_advisory_xact_lock(7306, 0)")
    ai.execute(
        "INSERT INTO erased_members (user_id, erased_at)"
        " SELECT member, %s FROM unnest(%s::uuid[]) AS m (member) ON CONFLICT (user_id) DO NOTHING",
        (at, list(user_ids)),
    )
    return remove(ai, user_ids)


@dataclass(frozen=True, slots=True)
class Stored:
    """Say which version of a member's summary the stored vectors are of."""

    summary_version: int
    content_hash: bytes


def stored(ai: AIConnection, model: str, user_ids: Ids) -> dict[UUID, Stored]:
    """Tell what is stored of these members; those without vectors are left out."""
    rows = ai.execute(
        "SELECT user_id, summary_version, content_hash FROM member_vectors"
        " WHERE model = %s AND user_id = ANY(%s::uuid[])",
        (model, as_array(user_ids)),
    ).fetchall()
    return {row[0]: Stored(row[1], row[2]) for row in rows}


@dataclass(frozen=True, slots=True)
class VectorTable:
    """Hold many members' vectors of one kind: row i of `vectors` is statement_ids[i] of user_ids[i].

    `vectors` has the shape (n, dimensions), float32: unit vectors times the weight of
    their statement; rows are ordered by member.
    """

    statement_ids: list[UUID]
    user_ids: list[UUID]
    vectors: Floats


def table(ai: AIConnection, model: str, kind: Kind, dimensions: int) -> VectorTable:
    """Read all vectors of one kind, ordered by member (uuid order) and statement."""
    statement_ids: list[UUID] = []
    user_ids: list[UUID] = []
    blocks: list[Floats] = []
    ai.execute("SET LOCAL statement_timeout = '10min'")
    with ai.cursor(name="vectors", binary=True) as cursor:
        cursor.itersize = 5_000
        cursor.execute(
            "SELECT statement_id, user_id, embedding FROM embeddings"
            " WHERE model = %s AND kind = %s ORDER BY user_id, statement_id",
            (model, kind.value),
        )
        while rows := cursor.fetchmany(5_000):
            statement_ids.extend(row[0] for row in rows)
            user_ids.extend(row[1] for row in rows)
            blocks.append(np.stack([row[2].to_numpy() for row in rows]).astype(np.float32))
    vectors = np.concatenate(blocks) if blocks else np.zeros((0, dimensions), dtype=np.float32)
    return VectorTable(statement_ids, user_ids, vectors)


@dataclass(frozen=True, slots=True)
class Counts:
    """Count what the AI database holds of one model."""

    members: int
    needs: int
    offers: int
    last_embedded: datetime | None


def counts(ai: AIConnection, model: str) -> Counts:
    """Count members, needs and offers with vectors, and say when the last one came."""
    row = ai.execute(
        "SELECT (SELECT count(*) FROM member_vectors WHERE model = %(model)s),"
        " (SELECT count(*) FROM embeddings WHERE model = %(model)s AND kind = 'need'),"
        " (SELECT count(*) FROM embeddings WHERE model = %(model)s AND kind = 'offer'),"
        " (SELECT max(embedded_at) FROM member_vectors WHERE model = %(model)s)",
        {"model": model},
    ).fetchone()
    assert row is not None  # noqa: S101 - a SELECT of subqueries always gives one row
    return Counts(*row)


def member_ids(ai: AIConnection, model: str) -> frozenset[UUID]:
    """List every member of whom vectors are stored."""
    rows = ai.execute("SELECT user_id FROM member_vectors WHERE model = %s", (model,)).fetchall()
    return frozenset(row[0] for row in rows)
