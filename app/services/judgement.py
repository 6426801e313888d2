"""Gather what a matching run judges pairs by, besides their vectors: calibration, rules, decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from app.databases.arrays import IdArray
from app.databases.connections import BackendConnection
from app.domain.decisions import WRONG_FIELD
from app.domain.matching.adjustments import Penalties, penalty
from app.domain.matching.learning import WRONG_FIELDS_NOTICED, field_penalties
from app.domain.matching.rules import BUDGET, NONE, Person, Rules, between, plain
from app.domain.matching.scores import Calibration
from app.repositories.backend import calibrations, taught
from app.services import member_rules

# Of the shipped model's calibration, on requests and offers of time banks whose members ticked
# categories (`reciprocity evaluate labels`); what a community's decisions measure replaces it.
SHIPPED_AUC: Final = 0.678


@dataclass(frozen=True, slots=True)
class Judgement:
    """Hold what is judged by: who holds which penalties, who has which rules, and who is who.

    `people` holds those whom a rule or a penalty may have to look at; `auc` says how well the
    calibration tells a yes from a no.
    """

    calibration: Calibration = field(default_factory=Calibration)
    auc: float = SHIPPED_AUC
    penalties: Mapping[UUID, Penalties] = field(default_factory=dict)
    rules: Mapping[UUID, Rules] = field(default_factory=dict)
    people: Mapping[UUID, Person] = field(default_factory=dict)
    readiness: Mapping[UUID, tuple[float, float]] = field(default_factory=dict)

    @property
    def budgets(self) -> dict[UUID, int]:
        """Give how many introductions each member takes, of those who have said."""
        return {user_id: one.budget for user_id, one in self.rules.items() if one.budget != BUDGET}

    def rule_between(self, a: UUID, b: UUID) -> str | None:
        """Name the rule, of either side, that keeps two apart; None when they may be introduced."""
        mine, theirs = self.rules.get(a, NONE), self.rules.get(b, NONE)
        if not (mine.asks or theirs.asks):
            return None
        return between(mine, self._person(a), theirs, self._person(b))

    def ruled_out(self, member: UUID) -> dict[UUID, str]:
        """Name the rule, of either side, that keeps each of `people` from a member, where one does."""
        named = {one: self.rule_between(member, one) for one in self.people if one != member}
        return {one: rule for one, rule in named.items() if rule is not None}

    def penalty(self, member: UUID, partner: UUID) -> float:
        """Give what the partner's fields cost with this member, in logits."""
        held = self.penalties.get(member) if self.penalties else None
        return penalty(held, self._person(partner).fields) if held else 0.0

    def _person(self, user_id: UUID) -> Person:
        return self.people.get(user_id, _NOBODY)


_NOBODY: Final = Person()


def calibration(backend: BackendConnection, model: str) -> tuple[Calibration, float]:
    """Give the calibration that serves a model, and its AUC."""
    learned = calibrations.in_use(backend, model)
    if learned is None:
        return Calibration(), SHIPPED_AUC
    return Calibration(learned.midpoint, learned.scale), learned.auc


def by_vectors(backend: BackendConnection, model: str) -> Judgement:
    """Gather what a search judges by before the rules are applied to what it finds: `with_rules`."""
    return Judgement(*calibration(backend, model))


def for_community(backend: BackendConnection, model: str, members: Sequence[UUID]) -> Judgement:
    """Gather what a run over everybody judges by."""
    found, auc = calibration(backend, model)
    penalties = _penalties(backend, None)
    rules = member_rules.of(backend, members)
    looks = bool(penalties) or any(one.asks for one in rules.values())
    people = member_rules.people(backend, members) if looks else {}
    ready = calibrations.readiness(backend)
    return Judgement(found, auc, penalties, rules, people, ready)


def with_rules(
    backend: BackendConnection, known: Judgement, asking: Sequence[UUID], others: Sequence[UUID]
) -> Judgement:
    """Add what else the lists of a few members among these others are judged by."""
    everybody = list({*asking, *others})
    penalties = _penalties(backend, everybody)
    rules = member_rules.of(backend, everybody)
    wide = any(member in penalties or rules.get(member, NONE).asks for member in asking)
    narrow = {*asking, *penalties, *(m for m, one in rules.items() if one.asks)}
    people = member_rules.people(backend, everybody if wide else sorted(narrow))
    return replace(known, penalties=penalties, rules=rules, people=people)


def around(backend: BackendConnection, model: str, user_id: UUID, others: IdArray) -> Judgement:
    """Gather what pairs of one member with everybody else are judged by; `others` may be matched.

    `people` holds everybody when the member asks for something, else only those who do: a rule or a
    penalty between the member and anybody else there is not.
    """
    found, auc = calibration(backend, model)
    penalties = _penalties(backend, None)
    by_rules = rules_around(backend, user_id, others, penalties)
    return replace(by_rules, calibration=found, auc=auc, penalties=penalties)


def rules_around(
    backend: BackendConnection, user_id: UUID, others: IdArray, penalties: Collection[UUID] = ()
) -> Judgement:
    """Gather the rules between one member and everybody else, without what else judges pairs."""
    rules = member_rules.asking(backend)
    people = member_rules.people(backend, {user_id, *penalties, *rules})
    if user_id in penalties or user_id in rules:
        people |= member_rules.people(backend, others)
    return Judgement(rules=rules, people=people)


def _penalties(
    backend: BackendConnection, user_ids: Sequence[UUID] | None
) -> dict[UUID, Penalties]:
    answers: dict[UUID, list[tuple[str, bool]]] = defaultdict(list)
    for one in taught.field_answers(backend, WRONG_FIELD, WRONG_FIELDS_NOTICED, user_ids):
        answers[one.user_id].extend((plain(name), one.wrong_field) for name in one.fields)
    found = {user_id: field_penalties(told) for user_id, told in answers.items()}
    return {user_id: held for user_id, held in found.items() if held}
