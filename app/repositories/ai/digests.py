"""Digest which summaries the vectors of a set are of, bucket by bucket, in SQL.

The backend repository of the same name makes the same digests of the summaries themselves; both
use SHA-256, whose result depends neither on a server's version nor on its machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.databases.connections import AIConnection
from app.domain.digests import Known


def buckets(ai: AIConnection, vector_set: str) -> dict[str, bytes]:
    """Digest (member, version, content hash) of each bucket; a bucket without members is left out."""
    ai.execute("SET LOCAL statement_timeout = '10min'")
    rows = ai.execute(
        "SELECT left(encode(sha256(convert_to(user_id::text, 'UTF8')), 'hex'), 3) AS bucket,"
        " sha256(convert_to(string_agg(user_id::text || ':' || summary_version || ':'"
        "  || encode(content_hash, 'hex'), ';' ORDER BY user_id), 'UTF8'))"
        " FROM member_vectors WHERE model = %s GROUP BY bucket",
        (vector_set,),
    ).fetchall()
    return dict(rows)


def members(ai: AIConnection, vector_set: str, buckets: Sequence[str]) -> dict[UUID, Known]:
    """List the members of these buckets with what their vectors are of."""
    ai.execute("SET LOCAL statement_timeout = '10min'")
    rows = ai.execute(
        "SELECT user_id, summary_version, content_hash FROM member_vectors WHERE model = %s"
        " AND left(encode(sha256(convert_to(user_id::text, 'UTF8')), 'hex'), 3) = ANY(%s)",
        (vector_set, list(buckets)),
    ).fetchall()
    return {row[0]: Known(row[1], row[2]) for row in rows}


def versions(ai: AIConnection, vector_set: str) -> dict[UUID, int]:
    """List every member of a set with the version that their vectors are of."""
    rows = ai.execute(
        "SELECT user_id, summary_version FROM member_vectors WHERE model = %s", (vector_set,)
    ).fetchall()
    return dict(rows)
