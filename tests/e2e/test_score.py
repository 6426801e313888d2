"""The score of the walls, in its short form: every family is sampled, and nothing gets through."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.adapters.postgresql import PostgreSQLAdapter
from app.cli.score import score
from app.databases.guard import Guard
from app.score import statements
from app.score.ground import ground
from app.score.model import Score

LAST = re.compile(
    r"detected (\d+) of (\d+) before any row was read or written; wrongly refused (\d+) of (\d+)"
)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, object]]:
    file = tmp_path_factory.mktemp("score") / "score.json"
    result = CliRunner().invoke(score, ["wrong-database", "--short", "--json", str(file)])
    assert result.exception is None, result.output
    return result.stdout, json.loads(Path(file).read_text(encoding="utf-8"))


def test_the_last_line_says_that_nothing_was_missed_and_nothing_wrongly_refused(
    ran: tuple[str, dict[str, object]],
) -> None:
    last = ran[0].rstrip().splitlines()[-1]
    found = LAST.fullmatch(last)
    assert found, last
    detected, faults, refused, rights = map(int, found.groups())
    assert detected == faults > 300
    assert refused == 0
    assert rights > 150


def test_the_sample_holds_every_family_and_says_what_was_measured_and_when(
    ran: tuple[str, dict[str, object]],
) -> None:
    _, told = ran
    about, families = told["about"], told["families"]
    assert isinstance(about, dict)
    assert {"date", "postgresql", "psycopg", "postgast", "python", "run"} <= set(about)
    assert isinstance(families, list)
    names = {family["family"] for family in families}
    for part in (
        *("a statement of the code", "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "COPY"),
        *("TRUNCATE", "LOCK", "DDL", "hostile", "sequence", "type", "index", "operator"),
        *("a lock of", "a channel of", "inside a transaction", "past the one door"),
        *("a fault in an address", "a mutant of", "a real process", "each service on its right"),
    ):
        assert any(part in name for name in names), part
    assert all(family["good"] == family["total"] > 0 for family in families)


def test_no_fault_counts_as_detected_that_a_server_was_asked(
    ran: tuple[str, dict[str, object]],
) -> None:
    results = ran[1]["results"]
    assert isinstance(results, list)
    reached = Counter((r["right"], r["reached_a_server"]) for r in results)
    assert reached[False, True] == 0
    assert reached[True, False] == 0


def test_without_the_guard_the_score_says_that_everything_was_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with ground() as raised:
        wires = statements.Wires(PostgreSQLAdapter(raised.settings()))
        monkeypatch.setattr(Guard, "check", lambda _guard, _text: None)
        found = list(statements.tables(raised, wires, every=97))
        statements.mark_reached(raised, found)
        wires.close()
    made = Score(found)
    assert len(made.faults) > 30
    assert made.detected == 0
    assert not made.perfect()
