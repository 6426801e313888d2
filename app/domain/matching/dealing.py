"""Deal introductions to a whole community: in rounds of attention, or by quotas where it is small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from app.domain.matching.calibration import Readiness
from app.domain.matching.exposure import Exposure
from app.domain.matching.inboxes import Candidates, Inboxes, Lists
from app.domain.matching.learning import lowered
from app.domain.matching.pair_table import PairTable
from app.domain.matching.quotas import SMALL_COMMUNITY, introduce
from app.domain.matching.rounds import RoundSettings, best_lists, measured, share_attention
from app.domain.matching.scores import Floats
from app.domain.matching.vectors import Indices

Method = Literal["attention", "quotas"]


@dataclass(frozen=True, slots=True)
class Dealt:
    """Hold who is shown whom: row k shows `partner[k]` to `member[k]` at `place[k]` from 1.

    `worth` (0 to 1) falls from place to place, `weights` are what newcomers are placed with,
    `reachable` are the members who have anybody to meet. The
    figures stand beside those of lists made for each member alone.
    """

    method: Method
    member: Indices
    partner: Indices
    place: Indices
    worth: Floats
    weights: Floats
    reachable: Indices
    expected_matches: float
    plain_matches: float
    exposure: Exposure
    plain_exposure: Exposure


def deal(
    table: PairTable, budget: Indices, settings: RoundSettings, readiness: Readiness | None = None
) -> Dealt:
    """Introduce the members of a table to one another, at most `budget[m]` people to each m.

    Below 200 members the best pairs are taken within everybody's budget, both being shown to
    each other; from there on attention is shared out.
    """
    members = len(budget)
    candidates = _candidates(table, members, readiness)
    if members >= SMALL_COMMUNITY:
        made = share_attention(candidates, budget, settings)
        return Dealt(
            "attention", made.member, made.partner, made.place, made.worth, made.weights,
            candidates.reachable(), made.expected_matches, made.plain_matches, made.exposure,
            made.plain_exposure,
        )  # fmt: skip
    return _by_quotas(table, candidates, budget)


def _candidates(table: PairTable, members: int, readiness: Readiness | None) -> Candidates:
    a_yes, b_yes = table.a_gains.gain, table.b_gains.gain
    if readiness is not None:
        a_yes = lowered(a_yes, -(readiness.accepts[table.a] + readiness.accepted[table.b]))
        b_yes = lowered(b_yes, -(readiness.accepts[table.b] + readiness.accepted[table.a]))
    return Candidates.of(members, table.a, table.b, a_yes, b_yes)


def _by_quotas(table: PairTable, candidates: Candidates, budget: Indices) -> Dealt:
    chosen = np.sort(introduce(table.a, table.b, table.score, budget))
    member = np.concatenate([table.a[chosen], table.b[chosen]])
    partner = np.concatenate([table.b[chosen], table.a[chosen]])
    worth = np.concatenate([table.score[chosen]] * 2)
    order = np.lexsort((partner, -worth, member))
    member, partner, worth = member[order], partner[order], worth[order]
    place = np.arange(1, len(member) + 1) - np.searchsorted(member, member)
    inboxes = Inboxes(candidates)
    plain = best_lists(candidates, candidates.yes * candidates.heard, budget)
    lists = Lists(_rows(candidates, member, partner), place)
    return Dealt(
        "quotas", member, partner, place, worth, np.ones(len(budget)),
        candidates.reachable(), inboxes.expected(lists), inboxes.expected(plain),
        measured(candidates, lists), measured(candidates, plain),
    )  # fmt: skip


def _rows(candidates: Candidates, member: Indices, partner: Indices) -> Indices:
    codes = candidates.member * candidates.members + candidates.partner
    return np.searchsorted(codes, member * candidates.members + partner)
