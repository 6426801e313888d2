"""The speed report shows what was measured, says where lines cross, and measures nothing twice."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.evaluation import speed, speed_ground, speed_parts, speed_rounds, speed_tables
from app.evaluation.progress import Teller
from app.evaluation.speed_searches import recall


def _members(exact: float, index: float | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "statements": 8, "couples": 4, "vectors from": "a test",
        "loading": {"seconds": 2.0, "compared": 1.2, "copied": 1.0},
        "searches": {"exact ms": exact, "by hand ms": exact, "over by hand": 1.0,
                     "same people": 1.0, "exact recall": 1.0, "others ms": 2 * exact},
        "newcomers": {"method": "exact", "whole ms": 9.0, "embedding ms": 1.0, "inserts ms": 1.0,
                      "candidates ms": 1.0, "re-rank ms": 1.0, "over parts": 2.0, "pairs": 20.0},
    }  # fmt: skip
    if index is not None:
        found["index"] = {
            "index ms": index, "index recall": 0.99, "index built s": 1.0, "index MB": 3
        }  # fmt: skip
    return found


def _note(kept: speed_tables.Kept) -> str:
    return next(t.note for t in speed_tables.tables(kept) if "through the index" in t.title)


def test_the_crossing_of_scan_and_index_lies_on_the_line_between_the_sizes_around_it() -> None:
    kept = {"members": {"10000": _members(10.0, 20.0), "30000": _members(40.0, 30.0)}}
    assert "cross at 20,000 members" in _note(kept)


@pytest.mark.parametrize(
    ("scan", "said"),
    [(5.0, "exact scan was the quicker up to"), (90.0, "index was the quicker from")],
)
def test_lines_that_do_not_cross_are_not_said_to_cross(scan: float, said: str) -> None:
    kept = {"members": {"3000": _members(scan, 20.0), "10000": _members(scan, 20.0)}}
    assert said in _note(kept)


def test_sizes_without_an_index_are_shown_as_such_and_nothing_is_made_up() -> None:
    kept = {"members": {"3000": _members(5.0, None)}}
    titles = [table.title for table in speed_tables.tables(kept)]
    assert "Index over couples" not in titles
    searches = next(t for t in speed_tables.tables(kept) if "through the index" in t.title)
    assert "no index" in searches.rows[0]


def test_what_was_measured_is_kept_at_once_beside_what_was_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "speed.json"
    file.write_text(json.dumps({"members": {"3000": _members(5.0, None)}}), encoding="utf-8")
    run = speed.Run(400, 900, 9, 2.0, 1.0, None, 2.1, None, 100.0, 50)

    def alone(members: int) -> dict[str, Any]:
        return {**{k: getattr(run, k) for k in run.__slots__}, "members": members}

    monkeypatch.setattr(speed, "alone", alone)
    done = speed_parts.measure(
        [("everybody", 400)], file, lambda _on: None, lambda _name, _share: None, index=False
    )
    assert list(done) == [("everybody", 400)]
    kept = speed_parts.kept_in(file)
    assert set(kept) == {"members", "everybody"}
    assert kept["everybody"]["400"]["measured"]
    [table] = [t for t in speed_tables.tables(kept) if t.title == "All members anew"]
    assert table.rows[0][4:6] == (2.1, "not installed")
    assert "9 at 400" in table.note


def test_figures_of_one_turn_only_are_shown_with_the_ratios_of_that_turn() -> None:
    one = {"statements": 9, "seconds": 3.0, "bare": 2.0, "faiss": 6.0, "megabytes": 1.0, "pairs": 4}
    [table] = speed_tables.tables({"everybody": {"400": one}})
    assert table.rows[0][4] == 1.5
    assert table.rows[0][6] == 0.5
    assert "1 at 400" in table.note


def test_a_community_of_any_size_is_measured_in_a_process_of_its_own() -> None:
    found = speed.alone(500)
    assert found["members"] == 500
    assert found["seconds"] > 0
    assert found["bare"] > 0
    assert found["turns"] > 1
    assert found["pairs"] >= 500 * speed.LENGTH / 2


def test_a_round_is_measured_beside_harmonic_lists_and_brings_more() -> None:
    harmonic, fair, fairest = speed_rounds.measure(600, lambda _name, _share: None)
    assert harmonic.lists == "harmonic lists"
    assert fair.expected > harmonic.expected
    assert fairest.gini <= fair.gini < harmonic.gini
    assert fairest.megabytes > 0


def test_recall_is_the_share_of_the_true_ten() -> None:
    assert recall([[1, 2], [3]], [[2, 1], [4]]) == 0.5


def test_rows_are_encoded_as_copy_reads_them() -> None:
    vectors = speed.community(3)
    made = speed_ground.encoded(speed_ground.member_sets(vectors), "a model")
    for table, rows in zip(made, (3, len(vectors.needs) + len(vectors.offers), None), strict=True):
        assert table.startswith(b"PGCOPY\n\xff\r\n\0")
        assert table.endswith(b"\xff\xff")
        if rows is not None:
            assert table.count(b"\0\0\0\x07a model") == rows


def test_the_teller_draws_the_time_left_on_a_terminal_and_one_line_elsewhere() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    plain, terminal = io.StringIO(), Terminal()
    for out in (plain, terminal):
        tell = Teller(out)
        for share in (0.0, 0.5, 1.0):
            tell("newcomers", share)
    assert plain.getvalue() == "  newcomers …\n"
    assert "s left" in terminal.getvalue()
    assert terminal.getvalue().endswith("\n")


def test_the_drawn_communities_are_the_same_each_time() -> None:
    first, again = speed.community(50), speed.community(50)
    assert np.array_equal(first.needs, again.needs)
