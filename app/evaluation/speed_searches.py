"""How long one member's search takes, and what it finds: exact, by hand, by the index, as others do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import numpy as np

from app.domain.matching.everyone import best_pairs
from app.domain.matching.scores import Calibration
from app.domain.matching.vectors import Indices, MemberVectors, Vectors
from app.evaluation.speed_ground import WIDTH, Ground, member_id, member_of, need_id, offer_id
from app.repositories.ai import bare, models
from app.services import search

TEN: Final = 10
# Platforms of this kind ask for a hundred on each side and keep who is above a half.
_HUNDRED: Final = 100
_HALF: Final = 0.5
_ASKED: Final = 100
_TIMED: Final = 60
_TIMED_IN_LARGE: Final = 25
_LARGE: Final = 30_000
Tell = Callable[[str, float], None]


def _median_ms(seconds: list[float]) -> float:
    return round(float(np.median(seconds)) * 1000.0, 2)


def asked_members(members: int) -> Indices:
    """Choose who asks, the same on every machine."""
    return np.random.default_rng(1).choice(members, min(_ASKED, members), replace=False)


def truth(vectors: MemberVectors, asked: Indices) -> list[list[int]]:
    """Give the exact best ten of these members, by matrix products and no database."""
    table = best_pairs(vectors, length=TEN, calibration=Calibration(), members=asked)
    return [table.partners(int(member)).tolist() for member in asked]


def recall(found: list[list[int]], true: list[list[int]]) -> float:
    """Give the share of the true ten that were found."""
    shares = [len(set(a) & set(b)) / max(1, len(b)) for a, b in zip(found, true, strict=True)]
    return float(np.mean(shares))


def exact(
    on: Ground, vectors: MemberVectors, asked: Indices, true: list[list[int]], tell: Tell
) -> dict[str, float]:
    """Ask in turn through the code, by hand-written SQL, and as other platforms do."""
    timed = _TIMED_IN_LARGE if vectors.members >= _LARGE else _TIMED
    chosen = asked[:timed]
    times: dict[str, list[float]] = {"code": [], "by hand": [], "others": []}
    found: list[list[int]] = []
    same = 0
    for done, member in enumerate(chosen.tolist(), 1):
        user_id = member_id(member)
        one = search.Search(user_id, frozenset())
        begun = time.perf_counter()
        with on.databases.ai() as ai:
            search.ask_everybody(ai, one, on.model, 0)
        times["code"].append(time.perf_counter() - begun)
        found.append([member_of(near) for near in one.near[:TEN]])
        begun = time.perf_counter()
        with on.databases.ai() as ai:
            by_hand = bare.best(ai, on.model, user_id, None, Calibration(), limit=TEN)
        times["by hand"].append(time.perf_counter() - begun)
        same += [member_of(one) for one in by_hand] == found[-1]
        begun = time.perf_counter()
        with on.databases.ai() as ai:
            bare.two_searches(ai, on.model, user_id, limit=_HUNDRED, least=_HALF)
        times["others"].append(time.perf_counter() - begun)
        tell("exact searches", done / len(chosen))
    over = np.array(times["code"]) / np.array(times["by hand"])
    return {
        "exact ms": _median_ms(times["code"]),
        "by hand ms": _median_ms(times["by hand"]),
        "over by hand": round(float(np.median(over)), 3),
        "same people": same / len(chosen),
        "others ms": _median_ms(times["others"]),
        "exact recall": recall(found, true[: len(chosen)]),
    }


def through_index(
    on: Ground, asked: Indices, true: list[list[int]], tell: Tell
) -> dict[str, float]:
    """Build the couples' index and ask through it."""
    tell("index over couples", 0.0)
    begun = time.perf_counter()
    with on.databases.migrating_ai() as migrating:
        models.build_couple_index(migrating, on.model, WIDTH)
    built = time.perf_counter() - begun
    with on.databases.migrating_ai() as migrating:
        bare.analyze(migrating)
    times, found = [], []
    for member in asked.tolist():
        one = search.Search(member_id(member), frozenset())
        begun = time.perf_counter()
        with on.databases.ai() as ai:
            search.ask_index(ai, one, on.model, WIDTH, 0)
        times.append(time.perf_counter() - begun)
        found.append([member_of(near) for near in one.near[:TEN]])
    with on.databases.ai() as ai:
        size = bare.index_megabytes(ai, "couples", on.model)
    tell("index over couples", 1.0)
    return {
        "index ms": _median_ms(times),
        "index recall": recall(found, true),
        "index built s": round(built, 1),
        "index MB": round(size),
    }


def halves(on: Ground, vectors: MemberVectors, tell: Tell) -> dict[str, dict[str, float]]:
    """Compare the statements' index over floats with one over halves; neither is there before."""
    every = np.concatenate((vectors.needs, vectors.offers))
    names = [need_id(row) for row in range(len(vectors.needs))]
    names += [offer_id(row) for row in range(len(vectors.offers))]
    rows = np.random.default_rng(2).choice(len(every), _ASKED, replace=False)
    nearest = np.argpartition(-(every[rows] @ every.T), TEN, axis=1)[:, :TEN]
    true = [[names[k].int for k in near] for near in nearest.tolist()]
    made: dict[str, dict[str, float]] = {}
    for done, (kind, what) in enumerate((("vector", "embeddings"), ("halfvec", "halves"))):
        tell("statement indexes", done / 2)
        begun = time.perf_counter()
        with on.databases.migrating_ai() as migrating:
            if kind == "vector":
                models.build_statement_index(migrating, on.model, WIDTH)
            else:
                bare.build_half_index(migrating, on.model, WIDTH)
        built = time.perf_counter() - begun
        with on.databases.migrating_ai() as migrating:
            bare.analyze(migrating)
        made[kind] = _asked(on, kind, every[rows], true) | {"built s": round(built, 1)}
        with on.databases.ai() as ai:
            made[kind]["MB"] = round(bare.index_megabytes(ai, what, on.model), 1)
        with on.databases.migrating_ai() as migrating:
            bare.drop_index(migrating, what, on.model)
    tell("statement indexes", 1.0)
    return made


def _asked(on: Ground, kind: str, asked: Vectors, true: list[list[int]]) -> dict[str, float]:
    nearest = bare.nearest_by_halves if kind == "halfvec" else bare.nearest_by_floats
    times, found = [], []
    for vector in asked:
        begun = time.perf_counter()
        with on.databases.ai() as ai:
            near = nearest(ai, on.model, vector, limit=TEN, breadth=_HUNDRED)
        times.append(time.perf_counter() - begun)
        found.append([one.int for one in near])
    return {"ms": _median_ms(times), "recall": recall(found, true)}
