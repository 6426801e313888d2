"""Make introductions: a round for the whole community, and places for newcomers until the next."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np

from app.databases.connections import BackendConnection
from app.domain.matching.calibration import Readiness
from app.domain.matching.dealing import Dealt, deal
from app.domain.matching.inboxes import Candidates
from app.domain.matching.newcomers import StoredInboxes, place_newcomers
from app.domain.matching.pair_table import PairTable
from app.domain.matching.pairs import Pair
from app.domain.matching.rounds import RoundSettings, trusted
from app.domain.matching.rules import BUDGET
from app.domain.matching.scores import Floats
from app.repositories.backend import rounds
from app.repositories.backend.rounds import Shown
from app.services import member_rules

Budgets = Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class Round:
    """Hold a round that was dealt, ready to be written."""

    members: Sequence[UUID]
    dealt: Dealt
    figures: rounds.Figures

    def shown(self) -> Iterator[Shown]:
        """Name who is shown whom."""
        of = self.dealt
        columns = (of.member, of.partner, of.place, of.worth)
        for member, partner, place, worth in zip(*(c.tolist() for c in columns), strict=True):
            yield Shown(self.members[member], self.members[partner], place, worth)

    def weights(self) -> Iterator[tuple[UUID, float]]:
        """Name the weight of everybody who has anybody to meet; others are in no round."""
        weights = self.dealt.weights.tolist()
        for member in self.dealt.reachable.tolist():
            yield self.members[member], weights[member]


def make(
    table: PairTable,
    members: Sequence[UUID],
    *,
    budgets: Budgets,
    readiness: Mapping[UUID, tuple[float, float]],
    fairness: float,
    auc: float,
) -> Round:
    """Deal a round over everybody's candidates; how much it shares follows the measured AUC."""
    settings = trusted(RoundSettings(alpha=fairness), auc)
    budget = np.array([budgets.get(member, BUDGET) for member in members], np.int64)
    known = None
    if readiness:
        both = np.array([readiness.get(m, (0.0, 0.0)) for m in members], np.float64)
        known = Readiness(both[:, 0], both[:, 1])
    dealt = deal(table, budget, settings, known)
    figures = rounds.Figures(
        method=dealt.method,
        alpha=settings.alpha,
        temper=settings.temper,
        auc=auc,
        members=len(members),
        introductions=len(dealt.member),
        expected_matches=dealt.expected_matches,
        plain_matches=dealt.plain_matches,
        gini=dealt.exposure.gini,
        plain_gini=dealt.plain_exposure.gini,
        unseen=dealt.exposure.never_shown,
        plain_unseen=dealt.plain_exposure.never_shown,
    )
    return Round(members, dealt, figures)


def write(backend: BackendConnection, made: Round, run_id: UUID, at: datetime) -> None:
    """Write a round over the one before it."""
    rounds.write(backend, run_id, made.figures, made.shown(), made.weights(), at)


def place(
    backend: BackendConnection,
    newcomers: Sequence[UUID],
    pairs: Sequence[Pair],
    *,
    run_id: UUID,
    at: datetime,
    settings: RoundSettings,
) -> None:
    """Give newcomers a list against the inboxes of the last round, and a place in others' lists.

    Before the first round nobody's list is limited, and there is nothing to place anybody in.
    """
    if not rounds.any_made(backend):
        return
    new = frozenset(newcomers)
    partners = sorted({m for pair in pairs for m in (pair.a, pair.b)} - new)
    ruled = member_rules.of(backend, [*partners, *newcomers])
    budgets = {member: one.budget for member, one in ruled.items()}
    shown = _lists(backend, newcomers, partners, pairs, budgets, settings)
    entering, leaving = _entries(
        rounds.undecided(backend, partners, newcomers), shown, new, budgets
    )
    rounds.remove(backend, leaving)
    rounds.add_newcomers(backend, run_id, newcomers, [*shown, *entering], at)


def _lists(
    backend: BackendConnection,
    newcomers: Sequence[UUID],
    partners: Sequence[UUID],
    pairs: Sequence[Pair],
    budgets: Budgets,
    settings: RoundSettings,
) -> list[Shown]:
    members = [*partners, *sorted(newcomers)]
    arrivals = _arrivals(pairs, members, len(partners))
    known = rounds.weights(backend, partners)
    weights = np.array([known.get(member, 1.0) for member in members], np.float64)
    stored = _inboxes(rounds.inboxes(backend, partners, newcomers), members, weights)
    budget = np.array([budgets.get(member, BUDGET) for member in members], np.int64)
    lists = place_newcomers(stored, arrivals, budget, settings)
    left = stored.attention(arrivals.partner, arrivals.heard, settings.order) ** settings.temper
    mutual = arrivals.yes * arrivals.heard * left * weights[arrivals.partner]
    worth = np.minimum(np.sqrt(mutual), 1.0)
    return [
        Shown(
            members[arrivals.member[row]], members[arrivals.partner[row]], place, float(worth[row])
        )
        for row, place in zip(lists.row.tolist(), lists.place.tolist(), strict=True)
    ]


def _inboxes(
    entries: Sequence[rounds.InboxEntry], members: Sequence[UUID], weights: Floats
) -> StoredInboxes:
    at = {member: index for index, member in enumerate(members)}
    return StoredInboxes(
        np.array([at[one.owner_id] for one in entries], np.int64),
        np.array([one.liking for one in entries], np.float64),
        np.array([one.yes / one.place for one in entries], np.float64),
        weights,
    )


def _arrivals(pairs: Sequence[Pair], members: Sequence[UUID], known: int) -> Candidates:
    """Let each pair be shown to whoever of the two stands behind the `known` ones."""
    at = {member: index for index, member in enumerate(members)}
    rows = sorted(
        (at[mine], at[other], gain.gain, give.gain)
        for pair in pairs
        for mine, other, gain, give in (
            (pair.a, pair.b, pair.a_gains, pair.b_gains),
            (pair.b, pair.a, pair.b_gains, pair.a_gains),
        )
        if at[mine] >= known
    )
    columns = np.array(rows, np.float64).reshape(-1, 4).T
    member, partner = columns[0].astype(np.int64), columns[1].astype(np.int64)
    return Candidates(len(at), member, partner, columns[2], columns[3])


def _entries(
    standing: Sequence[rounds.Standing],
    shown: Sequence[Shown],
    newcomers: frozenset[UUID],
    budgets: Budgets,
) -> tuple[list[Shown], list[tuple[UUID, UUID]]]:
    """Put newcomers into the lists of those they are shown, where there is room or they are better.

    Nobody's list grows beyond their budget: whoever is worth least makes room.
    """
    count = Counter(one.user_id for one in standing)
    lowest: dict[UUID, list[rounds.Standing]] = defaultdict(list)
    for one in standing:
        lowest[one.user_id].append(one)
    entering: list[Shown] = []
    leaving: list[tuple[UUID, UUID]] = []
    for mine in sorted(shown, key=lambda one: -one.worth):
        host = mine.partner_id
        if host in newcomers:
            continue
        room = budgets.get(host, BUDGET)
        if count[host] < room:
            count[host] += 1
            entering.append(Shown(host, mine.user_id, count[host], mine.worth))
        elif lowest[host] and lowest[host][0].worth < mine.worth:
            last = lowest[host].pop(0)
            leaving.append((host, last.partner_id))
            entering.append(Shown(host, mine.user_id, last.place, mine.worth))
    return entering, leaving
