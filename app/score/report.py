"""Tell a score: a table for people, JSON for programs."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from app.score.model import WALLS, Line, Score


def versions(postgres: str) -> dict[str, str]:
    """Name what was measured, and when."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "reciprocity": version("reciprocity"),
        "postgresql": postgres,
        "psycopg": version("psycopg"),
        "postgast": version("postgast"),
        "python": platform.python_version(),
    }


def last_line(score: Score) -> str:
    """Say the score in one sentence."""
    faults, rights = len(score.faults), len(score.rights)
    return (
        f"detected {score.detected} of {faults} before any row was read or written;"
        f" wrongly refused {score.wrongly_refused} of {rights}"
    )


def table(score: Score, about: dict[str, str]) -> str:
    """Write the whole table; its last line is the score."""
    lines = [" · ".join(f"{key} {value}" for key, value in about.items()), ""]
    lines.append(f"{'faults, by family':<66}{'detected':>14}  caught by")
    lines += _counted(score.lines(right=False))
    lines += ["", f"{'right uses, by family':<66}{'let pass':>14}"]
    lines += _counted(score.lines(right=True))
    lines += ["", f"{'with one wall taken away':<30}{'still stopped':>22}  by the next that stands"]
    for wall in WALLS:
        kept, total, by = score.without(wall)
        told = ", ".join(f"{name} {count}" for name, count in by.most_common())
        lines.append(f"{wall:<30}{f'{kept} of {total}':>14}{kept / max(total, 1):>8.2%}  {told}")
    for wall in WALLS:
        alone = [r.name for r in score.faults if not r.stops - {wall}]
        if alone:
            lines.append(f"  only {wall} stops, among others: {'; '.join(alone[:3])}")
    lines += [
        "",
        (
            "Counted as detected: refused, and the servers' own logs show no statement of the fault but"
            " the reading of a database's marker."
        ),
        (
            '"the server" is no wall of ours (it has no such table, and says so when asked); it counts'
            " only where a wall was taken away."
        ),
        *(f"Left out: {what}" for what in score.left_out),
        *(f"MISSED  {r.family}: {r.name} ({r.note})" for r in score.faults if not r.good),
        *(f"REFUSED {r.family}: {r.name} ({r.note})" for r in score.rights if not r.good),
        last_line(score),
    ]
    return "\n".join(lines)


def _counted(lines: Iterable[Line]) -> list[str]:
    return [
        f"{line.family:<66}{f'{line.good} of {line.total}':>14}  "
        + ", ".join(f"{name} {count}" for name, count in line.by.items() if name != "passed")
        for line in lines
    ]


def as_json(score: Score, about: dict[str, str]) -> dict[str, Any]:
    """Write the same for programs, every fault by name."""
    return {
        "about": about,
        "score": last_line(score),
        "detected": score.detected,
        "faults": len(score.faults),
        "wrongly_refused": score.wrongly_refused,
        "rights": len(score.rights),
        "families": [
            {
                "family": line.family,
                "right": right,
                "good": line.good,
                "total": line.total,
                "by": line.by,
            }
            for right in (False, True)
            for line in score.lines(right=right)
        ],
        "without": {
            wall: {"stopped": kept, "faults": total, "by": dict(by)}
            for wall in WALLS
            for kept, total, by in (score.without(wall),)
        },
        "left_out": score.left_out,
        "results": [
            {
                "family": r.family,
                "name": r.name,
                "right": r.right,
                "good": r.good,
                "caught_by": r.caught_by,
                "stopped_by": sorted(r.stops),
                "reached_a_server": r.reached,
            }
            for r in score.results
        ],
    }
