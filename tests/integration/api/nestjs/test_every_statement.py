"""Every statement that this mode uses is one that the backend's own tables take."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases import contract
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


# What the contract leaves open of the shared tables, and what an ORM makes of it as a rule.
OTHERWISE = """
CREATE TYPE feedback_decision AS ENUM ('approved', 'declined');
ALTER TABLE match_feedback ALTER COLUMN decision TYPE feedback_decision USING decision::feedback_decision,
  ALTER COLUMN reason_tags TYPE varchar[], ALTER COLUMN reason_text TYPE varchar(500);
ALTER TABLE users ALTER COLUMN created_at TYPE timestamp, ALTER COLUMN updated_at TYPE timestamp,
  ALTER COLUMN deleted_at TYPE timestamp, ALTER COLUMN email TYPE text, ALTER COLUMN first_name TYPE text;
ALTER TABLE user_summaries ALTER COLUMN created_at TYPE timestamp, ALTER COLUMN updated_at TYPE timestamp,
  ALTER COLUMN summary TYPE varchar, ALTER COLUMN version TYPE smallint;
ALTER TABLE matches ALTER COLUMN created_at TYPE timestamp, ALTER COLUMN updated_at TYPE timestamp,
  ALTER COLUMN match_tier TYPE text;
ALTER TABLE match_batches ALTER COLUMN created_at TYPE timestamp, ALTER COLUMN match_date TYPE timestamp;
"""


@pytest.mark.parametrize("change", ["", OTHERWISE], ids=["as written", "as an ORM makes it"])
def test_every_statement_is_prepared_on_their_tables_or_refused_by_our_own_wall(
    adopted_pair: Pair, change: str
) -> None:
    if change:
        adopted_pair.sql(Database.BACKEND, change)
        connection = PostgreSQLAdapter(adopted_pair.settings).get_backend_connection()
        assert list(contract.unmet(contract.columns(connection))) == []
        connection.close()
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
