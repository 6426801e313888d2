"""Bring a batch of members in with one statement for each table, not one for each member.

Says and writes the same as `summaries.draft` and `summaries.approve` would one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from app.databases.connections import BackendConnection
from app.domain.member_rows import MemberRow
from app.domain.statements import Minor, summary_text
from app.errors import ConflictError
from app.repositories.backend import batches, outbox, users
from app.repositories.backend.profiles import Profile
from app.services import topics


@dataclass(frozen=True, slots=True)
class Outcome:
    """Say what bringing one row in did."""

    created: bool
    changed: bool
    approved: bool


def bring_in(
    backend: BackendConnection, rows: Sequence[MemberRow], *, approve: bool
) -> list[Outcome]:
    """Bring all rows in or raise; what each of them did is told in their order.

    Raises ConflictError when two rows are of one account, NotFoundError when an account was deleted,
    and psycopg's DataError for what no column can hold.
    """
    at = datetime.now(UTC)
    people = [(row.email, row.first_name, row.last_name) for row in rows]
    accounts = batches.accounts(backend, people, at)
    ids = [account.id for account in accounts]
    if len(set(ids)) < len(ids):
        raise ConflictError("Two rows of this batch are of one account.")
    renamed = set()
    for account, row in zip(accounts, rows, strict=True):
        if (account.first_name, account.last_name) != (row.first_name, row.last_name):
            users.rename(backend, account.id, row.first_name, row.last_name)
            renamed.add(account.id)
    described = batches.put_profiles(
        backend,
        [
            Profile(user_id, row.headline, row.place, row.languages, row.fields, row.further)
            for user_id, row in zip(ids, rows, strict=True)
        ],
        at,
    )
    written, approved = _summaries(
        backend, dict(zip(ids, rows, strict=True)), accounts, approve, at
    )
    changed = renamed | described | written
    return [
        Outcome(account.created, account.id in changed, account.id in approved)
        for account in accounts
    ]


def _summaries(
    backend: BackendConnection,
    rows: dict[UUID, MemberRow],
    accounts: Sequence[batches.Account],
    approve: bool,  # noqa: FBT001 - the caller's own word, handed on
    at: datetime,
) -> tuple[set[UUID], set[UUID]]:
    """Write what is new, approve what is to be; give the members of whom either was done."""
    known = batches.latest_summaries(backend, [one.id for one in accounts if not one.created])
    drafts: dict[UUID, batches.Draft] = {}
    for user_id, row in rows.items():
        said = known[user_id][1] if user_id in known else None
        minor = (said.minor if said else Minor()).changed(row.minor_needs, row.minor_offers)
        minor = minor.within(row.needs, row.offers)
        if said != batches.Said(list(row.needs), list(row.offers), minor):
            text = summary_text(row.needs, row.offers)
            drafts[user_id] = batches.Draft(text, row.needs, row.offers, minor)
    versions: dict[UUID, int] = {}
    if drafts:
        status = "approved" if approve else "draft"
        versions = batches.write_summaries(backend, drafts, status, at)
    if not approve:
        return set(drafts), set()
    waiting = {
        user_id: newest
        for user_id, (newest, _said) in known.items()
        if user_id not in drafts and newest.status != "approved"
    }
    if waiting:
        batches.approve_summaries(backend, [newest.id for newest in waiting.values()])
    causes: dict[int, list[UUID]] = defaultdict(list)
    for user_id in rows:
        if user_id in versions:
            causes[versions[user_id]].append(user_id)
        elif user_id in waiting:
            causes[waiting[user_id].version].append(user_id)
    for version, user_ids in causes.items():
        outbox.add(backend, topics.EMBED, user_ids, {"version": version})
    return set(drafts), set(versions) | set(waiting)
