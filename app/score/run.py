"""Run the whole set of faults, or a deterministic sample that holds every family."""

from __future__ import annotations

from collections.abc import Callable

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.names import Database
from app.score import depth, doors, files, flows, processes, starts, statements
from app.score.ground import Ground, ground
from app.score.model import Score

Say = Callable[[str], None]


def wrong_database(*, short: bool, say: Say, major: int | None = None) -> tuple[Score, str]:
    """Raise throw-away servers, try everything, and give the score and the servers' version."""
    score = Score(whole=not short)
    with ground(major) as raised:
        say("two servers stand, with every database an address could reach")
        server = raised.sql(Database.AI, "SHOW server_version;")
        _statements(raised, score, short=short, say=say)
        _starts(raised, score, short=short, say=say)
    return score, server


def _statements(raised: Ground, score: Score, *, short: bool, say: Say) -> None:
    adapter = PostgreSQLAdapter(raised.settings())
    wires = statements.Wires(adapter)
    code = statements.own_code()
    every = 31 if short else 1  # a prime, so that the sample walks through all entry points
    try:
        begun = len(score.results)
        score.results += statements.code(raised, wires, code, 11 if short else 1)
        score.results += statements.tables(raised, wires, every)
        score.results += statements.others(raised, wires, 13 if short else 1)
        score.results += statements.signals(wires, code, 5 if short else 1)
        sent = score.results[begun:]
        say(f"{len(sent)} statements were sent on connections right and wrong")
        wires.close()
        score.results += flows.run(adapter, 7 if short else 1)
        statements.mark_reached(raised, score.results)
        score.results += doors.run(adapter, 5 if short else 1)
        say("connections past the door, and transactions inside transactions, were tried")
        depth.back_up(raised, adapter, sent)
        if short:
            score.left_out.append("the types, which mypy checks in the full run")
        elif not depth.types(sent, code):
            score.left_out.append("the types: mypy is not installed (pip install mypy)")
        say("the guard was taken away, and the others watched")
    finally:
        wires.close()


def _starts(raised: Ground, score: Score, *, short: bool, say: Say) -> None:
    score.results += starts.run(raised, 11 if short else 1)
    score.results += files.run(raised, 23 if short else 1)
    say("every service was started with every mistake in its address")
    score.results += processes.run(raised, 40 if short else 1)
    say("the real commands were run")
