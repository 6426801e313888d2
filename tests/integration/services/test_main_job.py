"""From a file to finished matches, on two real databases."""

from __future__ import annotations

from app.adapters import member_files
from app.adapters.postgresql import PostgreSQLAdapter
from app.domain.matching.rules import BUDGET
from app.repositories.backend import users
from app.sample import community_path
from app.services import import_members, introductions
from app.workers.relay import Relay


def test_a_community_is_read_in_and_everybody_is_matched_both_ways(
    adapter: PostgreSQLAdapter, relay: Relay
) -> None:
    rows = member_files.read(community_path())
    report = import_members.import_members(
        adapter, rows, approve=True, progress=lambda _count: None
    )
    assert report.created == report.approved == len(rows)
    relay.look()
    with adapter.backend() as backend:
        member = users.by_email(backend, "marisol.etcheverry@surcohumedo.example")
        found = introductions.of_member(backend, member.id)
    assert found.state == "ready"
    assert len(found.introductions) == BUDGET
