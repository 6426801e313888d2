"""Every statement that this mode uses is one that the backend's own tables take."""

from __future__ import annotations

from pathlib import Path

from app.databases.names import Database
from app.databases.ownership import ElsewhereError, check
from app.lint.scanner import SqlStatement
from tests.architecture.proof import accepted, catalogue, own_statements, raw
from tests.conftest import ROOT, Pair

# Statements that only an installation that stands alone sends: the member site's conversations have
# another shape there, and what is written to `matches` is the backend's to write.
ALONE = frozenset({"conversations.py", "bare.py", "export.py", "farewells.py", "notifications.py"})


def _used() -> list[SqlStatement]:
    folder = ROOT / "app/repositories/backend"
    return [
        one
        for one in own_statements()
        if one.known and one.path.is_relative_to(folder) and one.path.name not in ALONE
    ]


def _elsewhere(statement: SqlStatement) -> bool:
    try:
        check(statement.text.encode())
    except ElsewhereError:
        return True
    return False


def test_every_statement_is_prepared_on_their_tables_or_refused_by_our_own_wall(
    adopted_pair: Pair,
) -> None:
    statements = _used()
    assert len(statements) > 150
    wrong, refused = [], 0
    with raw(adopted_pair) as connections:
        backend = connections[Database.BACKEND]
        living = catalogue(backend)
        for one in statements:
            if _elsewhere(one):
                refused += 1
                continue
            why = accepted(backend, living, one)
            if why:
                wrong.append(f"{Path(one.path).name}:{one.line} {why.splitlines()[0]}")
    assert wrong == []
    assert 10 < refused < 60
