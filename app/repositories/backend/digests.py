"""Digest what members' approved summaries say, bucket by bucket, in SQL.

The AI repository of the same name makes the same digests of what the vectors were made of. The
content hash is computed here from the words themselves, as `content_hash` of app/domain/statements.py
does, and is stored nowhere: words that were changed past this platform are found as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, LiteralString
from uuid import UUID

from app.databases.connections import BackendConnection
from app.domain.digests import Known

# Of each member who has not left, the newest approved summary.
_APPROVED: Final[LiteralString] = (
    "SELECT DISTINCT ON (s.user_id) s.user_id, s.id, s.version"
    " FROM user_summaries s JOIN users u ON u.id = s.user_id AND u.deleted_at IS NULL"
    " WHERE s.status = 'approved' ORDER BY s.user_id, s.version DESC"
)
# Kind, place and text of each statement, and its importance where it does not count in full, each part
# after its length in four bytes.
_HASHED: Final[LiteralString] = (
    "SELECT a.user_id, a.version, sha256(coalesce(string_agg("
    "  CASE t.kind WHEN 'need' THEN '\\x000000046e656564'::bytea"
    "   ELSE '\\x000000056f66666572'::bytea END"
    "  || decode(lpad(to_hex(octet_length(t.position::text)), 8, '0'), 'hex')"
    "  || convert_to(t.position::text, 'UTF8')"
    "  || decode(lpad(to_hex(octet_length(t.text)), 8, '0'), 'hex')"
    "  || convert_to(t.text, 'UTF8')"
    "  || CASE t.importance WHEN 'main' THEN ''::bytea"
    "   ELSE decode(lpad(to_hex(octet_length(t.importance)), 8, '0'), 'hex')"
    "    || convert_to(t.importance, 'UTF8') END,"
    "  ''::bytea ORDER BY t.kind, t.position), ''::bytea)) AS hash"
    " FROM approved a LEFT JOIN statements t ON t.summary_id = a.id GROUP BY a.user_id, a.version"
)


_BUCKETS: Final[LiteralString] = (
    "WITH approved AS (" + _APPROVED + "), hashed AS (" + _HASHED + ")"  # noqa: S608 - constants
    " SELECT left(encode(sha256(convert_to(user_id::text, 'UTF8')), 'hex'), 3) AS bucket,"
    " sha256(convert_to(string_agg(user_id::text || ':' || version || ':'"
    "  || encode(hash, 'hex'), ';' ORDER BY user_id), 'UTF8'))"
    " FROM hashed GROUP BY bucket"
)
_MEMBERS: Final[LiteralString] = (
    "WITH approved AS (SELECT * FROM (" + _APPROVED + ") everybody"  # noqa: S608 - constants
    " WHERE left(encode(sha256(convert_to(user_id::text, 'UTF8')), 'hex'), 3) = ANY(%s)),"
    " hashed AS (" + _HASHED + ") SELECT user_id, version, hash FROM hashed"
)
_VERSIONS: Final[LiteralString] = (
    "SELECT user_id, version FROM (" + _APPROVED + ") everybody"  # noqa: S608 - constants
)


def buckets(backend: BackendConnection) -> dict[str, bytes]:
    """Digest (member, version, content hash) of each bucket; a bucket without members is left out."""
    backend.execute("SET LOCAL statement_timeout = '10min'")
    return dict(backend.execute(_BUCKETS).fetchall())


def members(backend: BackendConnection, buckets: Sequence[str]) -> dict[UUID, Known]:
    """List the members of these buckets with the version that counts and the hash of its words."""
    backend.execute("SET LOCAL statement_timeout = '10min'")
    rows = backend.execute(_MEMBERS, (list(buckets),)).fetchall()
    return {row[0]: Known(row[1], row[2]) for row in rows}


def versions(backend: BackendConnection) -> dict[UUID, int]:
    """List every member who should have vectors with the version of the summary that counts."""
    return dict(backend.execute(_VERSIONS).fetchall())


def under_work(backend: BackendConnection, user_ids: Sequence[UUID]) -> dict[UUID, bool]:
    """Name those of these members on whose vectors work waits or runs; True where it is given up."""
    rows = backend.execute(
        "SELECT user_id, bool_and(state = 'dead') FROM outbox WHERE user_id = ANY(%s)"
        " AND topic IN ('embed', 'erase') AND state IN ('pending', 'running', 'dead')"
        " GROUP BY user_id",
        (list(user_ids),),
    ).fetchall()
    return dict(rows)
