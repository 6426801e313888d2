"""Search for partners by vectors: ids and numbers go in, ids and numbers come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row

from app.databases.arrays import IdArray, Ids, as_array
from app.databases.connections import AIConnection
from app.domain.matching.reasons import Couple
from app.domain.matching.scores import Calibration
from app.repositories.ai.models import index_name


@dataclass(frozen=True, slots=True)
class Candidate:
    """Hold a possible partner and the best cosine in each direction."""

    user_id: UUID
    i_gain: float
    they_gain: float


# Vectors are of unit length times their statement's weight. The inner product is therefore the
# weighted cosine; an operator that divides by the lengths would lose the weights.
_BEST_OF_MANY: Final = (
    "WITH mine AS MATERIALIZED (SELECT kind, embedding FROM embeddings"
    "  WHERE user_id = %(id)s AND model = %(model)s),"
    " best AS (SELECT e.user_id,"
    "  -min(e.embedding <#> m.embedding) FILTER (WHERE m.kind = 'need') AS i_gain,"
    "  -min(e.embedding <#> m.embedding) FILTER (WHERE m.kind = 'offer') AS they_gain"
    "  FROM embeddings e JOIN mine m ON m.kind <> e.kind"
    "  WHERE e.model = %(model)s AND e.user_id <> %(id)s{among} GROUP BY e.user_id)"
)
# Without a join, which handles each pair of statements as a row with both vectors in it, the same
# takes half the time. A slot without a vector is NULL, which LEAST passes over.
_SLOTS: Final = 3
_BEST_OF_FEW: Final = (
    "WITH best AS (SELECT e.user_id,"
    "  -min(least(e.embedding <#> %(need_0)s::vector, e.embedding <#> %(need_1)s::vector,"
    "   e.embedding <#> %(need_2)s::vector)) FILTER (WHERE e.kind = 'offer') AS i_gain,"
    "  -min(least(e.embedding <#> %(offer_0)s::vector, e.embedding <#> %(offer_1)s::vector,"
    "   e.embedding <#> %(offer_2)s::vector)) FILTER (WHERE e.kind = 'need') AS they_gain"
    "  FROM embeddings e WHERE e.model = %(model)s AND e.user_id <> %(id)s{among} GROUP BY e.user_id)"
)
_AMONG: Final = " AND e.user_id = ANY(%(eligible)s::uuid[])"
_RANKED: Final = (
    " SELECT user_id, i_gain, they_gain FROM best"
    " WHERE i_gain IS NOT NULL AND they_gain IS NOT NULL"
    " ORDER BY 1 / ((1 + exp((%(midpoint)s - i_gain) / %(scale)s))"
    "  * (1 + exp((%(midpoint)s - they_gain) / %(scale)s))) DESC, user_id LIMIT %(limit)s"
)
_PLACED: Final = (
    ", scored AS (SELECT best.user_id, sqrt(1 /"
    "  ((1 + exp((%(midpoint)s - i_gain) / %(scale)s + coalesce(lost.mine, 0)))"
    "   * (1 + exp((%(midpoint)s - they_gain) / %(scale)s + coalesce(lost.theirs, 0))))) AS score"
    "  FROM best JOIN unnest(%(eligible)s::uuid[]) AS allowed (id) ON allowed.id = best.user_id"
    "  LEFT JOIN unnest(%(lowered)s::uuid[], %(mine)s::float8[], %(theirs)s::float8[])"
    "   AS lost (user_id, mine, theirs) ON lost.user_id = best.user_id"
    "  WHERE i_gain IS NOT NULL AND they_gain IS NOT NULL"
    "  AND best.user_id <> ALL(%(without)s::uuid[]))"
    " SELECT one.score, 1 + count(*) FILTER (WHERE scored.score > one.score) AS place,"
    " count(*) AS of FROM scored CROSS JOIN scored AS one"
    " WHERE one.user_id = %(other)s GROUP BY one.score"
)
_FEW, _FEW_AMONG = _BEST_OF_FEW.format(among=""), _BEST_OF_FEW.format(among=_AMONG)
_MANY, _MANY_AMONG = _BEST_OF_MANY.format(among=""), _BEST_OF_MANY.format(among=_AMONG)
_FEW_RANKED: Final = _FEW + _RANKED
_FEW_AMONG_RANKED: Final = _FEW_AMONG + _RANKED
_MANY_RANKED: Final = _MANY + _RANKED
_MANY_AMONG_RANKED: Final = _MANY_AMONG + _RANKED
_FEW_PLACED: Final = _FEW + _PLACED
_MANY_PLACED: Final = _MANY + _PLACED


def exact(
    ai: AIConnection,
    model: str,
    user_id: UUID,
    eligible: Sequence[UUID] | None,
    calibration: Calibration,
    *,
    limit: int,
) -> list[Candidate]:
    """Find the best partners, best first, by looking at every eligible one; None is everybody."""
    values: dict[str, Any] = {
        "id": user_id,
        "model": model,
        "eligible": as_array(eligible or ()),
        "midpoint": calibration.midpoint,
        "scale": calibration.scale,
        "limit": limit,
    }
    slots, few = _slots(ai, model, user_id)
    cursor = ai.cursor(row_factory=class_row(Candidate))
    if eligible is None:
        if few:
            return cursor.execute(_FEW_RANKED, values | slots).fetchall()
        return cursor.execute(_MANY_RANKED, values).fetchall()
    # A plan kept for any array expects a short one, and a hundred thousand ids want another.
    if few:
        return cursor.execute(_FEW_AMONG_RANKED, values | slots, prepare=False).fetchall()
    return cursor.execute(_MANY_AMONG_RANKED, values, prepare=False).fetchall()


def _slots(ai: AIConnection, model: str, user_id: UUID) -> tuple[dict[str, Any], bool]:
    """Read a member's own vectors into slots, and say whether they are few enough for them."""
    mine = ai.execute(
        "SELECT kind, embedding FROM embeddings WHERE user_id = %s AND model = %s", (user_id, model)
    ).fetchall()
    slots: dict[str, Any] = {}
    for name in ("need", "offer"):
        vectors = [vector for kind, vector in mine if kind == name]
        for slot in range(max(_SLOTS, len(vectors))):
            slots[f"{name}_{slot}"] = vectors[slot] if slot < len(vectors) else None
    return slots, len(slots) <= 2 * _SLOTS


@dataclass(frozen=True, slots=True)
class Among:
    """Hold whom a place is counted among: all of `eligible` but those `without`.

    `lost` gives for some of them what penalties take from either gain, in logits: the member's own
    first, then theirs.
    """

    eligible: IdArray
    without: Ids = ()
    lost: Mapping[UUID, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Hold how two score now (0 to 1), and the place among all whom the rules leave; ties share one."""

    score: float
    place: int
    of: int


def place(
    ai: AIConnection, model: str, user_id: UUID, other_id: UUID, among: Among, given: Calibration
) -> Place | None:
    """Score a member with everybody and find the place of one; None when the one has no score."""
    values: dict[str, Any] = {
        "id": user_id,
        "other": other_id,
        "model": model,
        "eligible": among.eligible,
        "without": as_array(among.without),
        "lowered": as_array(among.lost),
        "mine": [mine for mine, _ in among.lost.values()],
        "theirs": [theirs for _, theirs in among.lost.values()],
        "midpoint": given.midpoint,
        "scale": given.scale,
    }
    slots, few = _slots(ai, model, user_id)
    cursor = ai.cursor(row_factory=class_row(Place))
    # A plan kept for any array expects a short one.
    if few:
        return cursor.execute(_FEW_PLACED, values | slots, prepare=False).fetchone()
    return cursor.execute(_MANY_PLACED, values, prepare=False).fetchone()


def has_index(ai: AIConnection, model: str) -> bool:
    """Say whether the couples of this model can be asked through an index."""
    found = ai.execute(
        "SELECT 1 FROM pg_catalog.pg_class c"
        " JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid"
        " WHERE c.relname = %s AND i.indisvalid",
        (index_name("couples", model),),
    ).fetchone()
    return found is not None


def nearest(
    ai: AIConnection, model: str, dimensions: int, user_id: UUID, *, limit: int, breadth: int
) -> list[UUID]:
    """Ask the couples' index for members near in both directions at once, the nearest first.

    Each of the member's own couples, as [need, offer], asks for `limit` couples [offer, need]: their
    inner product is the sum of both directions' cosines. `breadth` is HNSW's ef_search, at most
    1,000. The answer is approximate.
    """
    ai.execute("SELECT set_config('hnsw.ef_search', %s, true)", (str(breadth),))
    query = sql.SQL(
        "WITH mine AS MATERIALIZED (SELECT (n.embedding || o.embedding)::halfvec({length}) AS asked"
        "  FROM embeddings n JOIN embeddings o ON o.user_id = n.user_id AND o.model = n.model"
        "  WHERE n.user_id = %(id)s AND n.model = {model} AND n.kind = 'need' AND o.kind = 'offer')"
        " SELECT near.user_id FROM mine CROSS JOIN LATERAL ("
        "  SELECT c.user_id, c.couple::halfvec({length}) <#> mine.asked AS distance"
        "  FROM embedding_couples c WHERE c.model = {model}"
        "  ORDER BY c.couple::halfvec({length}) <#> mine.asked LIMIT %(limit)s) near"
        " WHERE near.user_id <> %(id)s GROUP BY near.user_id ORDER BY min(near.distance)"
    ).format(length=sql.Literal(2 * dimensions), model=sql.Literal(model))
    rows = ai.execute(query, {"id": user_id, "limit": limit}).fetchall()
    return [row[0] for row in rows]


def best_couples(
    ai: AIConnection, model: str, user_id: UUID, partner_ids: Sequence[UUID]
) -> tuple[list[Couple], list[Couple]]:
    """Give the best couple between a member and each partner, where the member gains and gives.

    Of couples that fit alike, the one with the greater ids: the same in every run.
    """
    rows = ai.execute(
        "SELECT DISTINCT ON (user_id, kind) kind, user_id, need_id, offer_id, cosine FROM ("
        "  SELECT m.kind, e.user_id, -(e.embedding <#> m.embedding) AS cosine,"
        "   CASE m.kind WHEN 'need' THEN m.statement_id ELSE e.statement_id END AS need_id,"
        "   CASE m.kind WHEN 'need' THEN e.statement_id ELSE m.statement_id END AS offer_id"
        "  FROM embeddings e JOIN embeddings m ON m.kind <> e.kind AND m.model = e.model"
        "  WHERE m.user_id = %(id)s AND e.model = %(model)s"
        "   AND e.user_id = ANY(%(partners)s::uuid[])) couples"
        " ORDER BY user_id, kind, cosine DESC, need_id DESC, offer_id DESC",
        {"id": user_id, "model": model, "partners": as_array(partner_ids)},
    ).fetchall()
    gains: list[Couple] = []
    gives: list[Couple] = []
    for kind, *couple in rows:
        (gains if kind == "need" else gives).append(Couple(*couple))
    return gains, gives
