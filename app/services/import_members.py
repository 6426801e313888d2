"""Read in a community: accounts, profiles, summaries; the same file twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from psycopg import DataError

from app.databases.connections import BackendConnection
from app.domain.member_rows import BadRow, MemberRow
from app.errors import ConflictError, NotFoundError
from app.services import import_batch
from app.services.import_batch import Outcome
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
            outcomes = _bring_in_batch(backend, batch, approve=approve)
        for outcome in outcomes:
            _count(report, outcome)
        progress(len(batch))
    return report


def _bring_in_batch(
    backend: BackendConnection, batch: Sequence[tuple[int, MemberRow]], *, approve: bool
) -> Sequence[Outcome | BadRow]:
    """Bring a batch in all at once; where one row is in the way, one by one, to say which it is."""
    try:
        with backend.transaction():
            return import_batch.bring_in(backend, [row for _line, row in batch], approve=approve)
    except (DataError, ConflictError, NotFoundError):
        return list(_one_by_one(backend, batch, approve=approve))


def _one_by_one(
    backend: BackendConnection, batch: Sequence[tuple[int, MemberRow]], *, approve: bool
) -> Iterator[Outcome | BadRow]:
    for line, row in batch:
        try:
            with backend.transaction():
                [outcome] = import_batch.bring_in(backend, [row], approve=approve)
        except DataError as error:
            yield BadRow(line, error.diag.message_primary or " ".join(str(error).split()))
        except NotFoundError:
            yield BadRow(line, f"the account of {row.email} was deleted, and is not made anew")
        else:
            yield outcome


def _count(report: Report, outcome: Outcome | BadRow) -> None:
    if isinstance(outcome, BadRow):
        report.bad.append(outcome)
        return
    report.created += outcome.created
    report.updated += outcome.changed and not outcome.created
    report.unchanged += not outcome.changed
    report.approved += outcome.approved
