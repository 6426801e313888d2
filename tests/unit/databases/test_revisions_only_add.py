"""Code of the revision before goes on working while the new shape is there: revisions only add."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

REVISIONS = sorted((ROOT / "migrations").glob("*/versions/[0-9]*_*.py"))
TAKES_AWAY = re.compile(
    r"\bDROP\s+(?:TABLE|COLUMN|TYPE|VIEW|FUNCTION)|\bRENAME\b|\bSET\s+NOT\s+NULL"
    r"|\bALTER\s+COLUMN\s+\w+\s+(?:TYPE|SET\s+DATA|DROP\s+DEFAULT)",
    re.IGNORECASE,
)
ADDS_COLUMN = re.compile(r"\bADD\s+COLUMN\b[^,;]*", re.IGNORECASE)


def _wrongs(source: str) -> list[str]:
    """Name what a revision's upgrade takes away, or asks of rows that older code writes."""
    upgrade = next(
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name == "upgrade"
    )
    called = [
        node.func.attr
        for node in ast.walk(upgrade)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr.startswith(("drop_", "alter_", "rename_"))
    ]
    text = " ".join(
        node.value
        for node in ast.walk(upgrade)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    wanting = [
        found
        for found in ADDS_COLUMN.findall(text)
        if "NOT NULL" in found.upper() and "DEFAULT" not in found.upper()
    ]
    return called + TAKES_AWAY.findall(text) + wanting


@pytest.mark.parametrize("file", REVISIONS, ids=lambda path: f"{path.parts[-3]} {path.stem}")
def test_a_revision_takes_nothing_away_and_asks_nothing_of_older_code(file: Path) -> None:
    assert _wrongs(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "statement",
    [
        'op.execute("ALTER TABLE users DROP COLUMN email")',
        'op.execute("ALTER TABLE users RENAME email TO mail")',
        'op.execute("ALTER TABLE users ALTER COLUMN email SET NOT NULL")',
        'op.execute("ALTER TABLE users ADD COLUMN age integer NOT NULL")',
        'op.drop_column("users", "email")',
    ],
)
def test_one_that_did_would_be_found(statement: str) -> None:
    assert _wrongs(f'def upgrade():\n    """Change."""\n    {statement}\n')


def test_there_are_revisions_of_both_databases() -> None:
    assert {file.parts[-3] for file in REVISIONS} == {"ai", "backend"}
