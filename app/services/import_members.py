"""Read in a community: accounts, profiles, summaries; the same file twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from psycopg import DataError

from app.databases.connections import BackendConnection
from app.domain.member_rows import BadRow, MemberRow
from app.errors import NotFoundError
from app.repositories.backend import profiles, users
from app.services import summaries
from app.services.steps import Databases

BATCH = 100  # rows a transaction: a crash loses none that was reported, and repeats few


@dataclass(slots=True)
class Report:
    """Count what an import did."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    approved: int = 0
    bad: list[BadRow] = field(default_factory=list)


def import_members(
    databases: Databases,
    rows: Sequence[tuple[int, MemberRow] | BadRow],
    *,
    approve: bool,
    progress: Callable[[int], None],
) -> Report:
    """Bring rows in, in transactions of a hundred; bad rows are reported and stop nobody else.

    With `approve`, each member's newest summary is approved, which causes vectors and matches.
    """
    report = Report(bad=[row for row in rows if isinstance(row, BadRow)])
    progress(len(report.bad))
    good = iter([row for row in rows if not isinstance(row, BadRow)])
    while batch := list(islice(good, BATCH)):
        with databases.backend() as backend:
            outcomes = list(_bring_in_batch(backend, batch, approve=approve))
        for outcome in outcomes:
            _count(report, outcome)
        progress(len(batch))
    return report


@dataclass(frozen=True, slots=True)
class _Outcome:
    created: bool
    changed: bool
    approved: bool


def _bring_in_batch(
    backend: BackendConnection, batch: Sequence[tuple[int, MemberRow]], *, approve: bool
) -> Iterator[_Outcome | BadRow]:
    for line, row in batch:
        try:
            with backend.transaction():
                outcome = _bring_in(backend, row, approve=approve)
        except DataError as error:
            yield BadRow(line, error.diag.message_primary or " ".join(str(error).split()))
        except NotFoundError:
            yield BadRow(line, f"the account of {row.email} was deleted, and is not made anew")
        else:
            yield outcome


def _bring_in(backend: BackendConnection, row: MemberRow, *, approve: bool) -> _Outcome:
    at = datetime.now(UTC)
    user_id = users.insert(
        backend, email=row.email, first_name=row.first_name, last_name=row.last_name, at=at
    )
    created = user_id is not None
    renamed = False
    if user_id is None:
        known = users.by_email(backend, row.email)
        user_id = known.id
        renamed = (known.first_name, known.last_name) != (row.first_name, row.last_name)
        if renamed:
            users.rename(backend, user_id, row.first_name, row.last_name)
    described = profiles.put(
        backend,
        profiles.Profile(user_id, row.headline, row.place, row.languages, row.fields, row.further),
        at,
    )
    before = summaries.newest_version(backend, user_id)
    written = summaries.draft(backend, user_id, row.needs, row.offers, at)
    newly_approved = approve and written.status != "approved"
    if newly_approved:
        summaries.approve(backend, user_id)
    changed = renamed or described or written.version != before
    return _Outcome(created, changed, newly_approved)


def _count(report: Report, outcome: _Outcome | BadRow) -> None:
    if isinstance(outcome, BadRow):
        report.bad.append(outcome)
        return
    report.created += outcome.created
    report.updated += outcome.changed and not outcome.created
    report.unchanged += not outcome.changed
    report.approved += outcome.approved
