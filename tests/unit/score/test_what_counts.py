"""What counts as detected, and what a wall taken away leaves."""

from __future__ import annotations

import pytest

from app.score.model import Result, Score, Wall
from app.score.report import last_line, table


def fault(
    caught_by: Wall | None, *backups: Wall, reached: bool = False, name: str = "a fault"
) -> Result:
    return Result("faults", name, caught_by, frozenset(backups), reached=reached)


def right(caught_by: Wall | None = None, *, reached: bool = True) -> Result:
    return Result("right uses", "a use", caught_by, reached=reached, right=True)


@pytest.mark.parametrize(
    "missed", [fault(None), fault("guard", reached=True), fault("the server"), fault(None, "proof")]
)
def test_what_a_server_was_asked_or_refused_itself_is_not_detected(missed: Result) -> None:
    score = Score([fault("guard", "proof"), missed])
    assert score.detected == 1
    assert not score.perfect()
    assert "MISSED" in table(score, {})


@pytest.mark.parametrize("refused", [right("guard"), right(reached=False)])
def test_a_right_use_that_does_not_reach_its_server_is_wrongly_refused(refused: Result) -> None:
    score = Score([fault("guard", "proof"), right(), refused])
    assert score.wrongly_refused == 1
    assert not score.perfect()
    assert last_line(score).endswith("wrongly refused 1 of 2")


def test_a_wall_taken_away_leaves_what_the_others_stop() -> None:
    score = Score(
        [fault("guard", "proof", "the server"), fault("settings", "guard"), fault("guard")]
    )
    kept, total, by = score.without("guard")
    assert (kept, total) == (2, 3)
    assert by == {"proof": 1, "settings": 1, "nobody": 1}
    assert score.without("proof")[0] == 3


def test_a_wall_that_stands_alone_for_more_than_one_in_a_hundred_is_no_depth() -> None:
    backed = [fault("guard", "proof") for _ in range(99)]
    assert Score([*backed, fault("guard")]).perfect()
    assert not Score([*backed, fault("guard"), fault("guard")]).perfect()
    assert Score([*backed, fault("guard"), fault("guard")], whole=False).perfect()


def test_the_last_line_is_the_score() -> None:
    score = Score([fault("guard", "proof"), right()])
    said = "detected 1 of 1 before any row was read or written; wrongly refused 0 of 1"
    assert table(score, {"date": "2026-01-01"}).splitlines()[-1] == said
