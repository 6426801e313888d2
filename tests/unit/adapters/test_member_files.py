"""Import files are read row by row: a bad one is told by line and reason, and costs no good one."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters import member_files
from app.domain.member_rows import BadRow, MemberRow
from app.errors import InvalidInputError

Rows = list[tuple[int, MemberRow] | BadRow]


def _line(**fields: Any) -> str:
    return json.dumps({"email": "ann@example.org", "needs": ["tax advice"]} | fields)


def _file(folder: Path, text: str | bytes, name: str = "members.jsonl") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def _good(rows: Rows) -> list[tuple[int, str]]:
    return [(row[0], row[1].email) for row in rows if not isinstance(row, BadRow)]


def _bad(rows: Rows) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in rows if isinstance(row, BadRow)]


def test_json_lines_give_good_rows_with_their_line_and_bad_ones_with_their_reason(
    tmp_path: Path,
) -> None:
    lines = [
        _line(),
        "",
        "{not json",
        _line(email="ben@example.org"),
        '{"needs": ["x"]}',
        "[1, 2]",
        _line(email="eve@example.org", needs=None),
        "[" * 100_000,
        _line(email="zoë@example.org"),
    ]
    rows = member_files.read(_file(tmp_path, "\n".join(lines)))
    assert _good(rows) == [(1, "ann@example.org"), (4, "ben@example.org"), (9, "zoë@example.org")]
    assert _bad(rows) == [
        (3, "it is not JSON"),
        (5, "it has no e-mail address (field email)"),
        (6, "it is not an object with fields"),
        (7, "it has neither needs nor offers"),
        (8, "it is not JSON"),
    ]


def test_csv_gives_the_same_rows_as_json_lines(tmp_path: Path) -> None:
    text = (
        "email,first_name,needs,offers,club\r\n"
        'ann@example.org,"Ann (Annie)","tax advice | a garden","[""piano, and voice""]",north\r\n'
        'ben@example.org,O\'Brien,,"typed\nover two lines",\r\n'
        "no address,X,a,b,c\r\n"
        "eve@example.org,Eve,a,b,c,one cell too many\r\n"
        "zoe@example.org,Zoë\r\n"
    )
    rows = member_files.read(_file(tmp_path, text, "members.csv"))
    assert _good(rows) == [(2, "ann@example.org"), (3, "ben@example.org")]
    assert _bad(rows) == [
        (5, "'no address' is no e-mail address"),
        (6, "it has more cells than the first line"),
        (7, "it has neither needs nor offers"),
    ]
    first = rows[0]
    assert not isinstance(first, BadRow)
    assert first[1].needs == ("tax advice", "a garden")
    assert first[1].offers == ("piano, and voice",)
    assert first[1].further == {"club": "north"}


def test_of_two_rows_with_one_address_whatever_its_case_the_second_is_told(tmp_path: Path) -> None:
    lines = [_line(email="Cara@example.org"), _line(email="cara@EXAMPLE.org", needs=["other"])]
    rows = member_files.read(_file(tmp_path, "\n".join(lines)))
    assert _good(rows) == [(1, "Cara@example.org")]
    assert _bad(rows) == [(2, "line 1 has the same e-mail address, cara@EXAMPLE.org")]


def test_a_file_saved_by_a_spreadsheet_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    text = "\ufeffemail,needs\r\nann@example.org,tax advice\r\n"
    assert _good(member_files.read(_file(tmp_path, text, "m.csv"))) == [(2, "ann@example.org")]
    rows = member_files.read(_file(tmp_path, "\ufeff" + _line()))
    assert _good(rows) == [(1, "ann@example.org")]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("empty.jsonl", "", "holds no member: it is empty"),
        ("blank.jsonl", "\n \n\n", "holds no member: it is empty"),
        ("empty.csv", "", "has no column named email"),
        ("headers.csv", "email,needs\r\n", "holds no member: it is empty"),
        ("other.csv", "name,needs\r\nAnn,tax\r\n", "its first line must name the columns"),
        ("latin1.jsonl", '{"email": "josé@x.org"}'.encode("latin-1"), "save it as UTF-8"),
        ("picture.jsonl", b"\x89PNG\r\n\x1a\n\x00\xff\xfe", "save it as UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_at_all_says_what_to_do(
    tmp_path: Path, name: str, text: str | bytes, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message) as refused:
        member_files.read(_file(tmp_path, text, name))
    assert name in str(refused.value)


def test_a_file_that_is_not_there_or_is_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"Cannot read .*gone.jsonl: No such file"):
        member_files.read(tmp_path / "gone.jsonl")
    with pytest.raises(InvalidInputError, match="Is a directory"):
        member_files.read(tmp_path)


_cells = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(
    lambda text: not text.lstrip().startswith("[")
)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(_cells, st.lists(_cells, min_size=1, max_size=3)), max_size=6))
def test_what_is_written_as_csv_and_as_json_lines_is_read_alike(
    tmp_path_factory: pytest.TempPathFactory, members: list[tuple[str, list[str]]]
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    raw = [
        {"email": f"m{number}@example.org", "first_name": name, "needs": needs}
        for number, (name, needs) in enumerate([("Ann", ["tax"]), *members])
    ]
    table = io.StringIO()
    writer = csv.DictWriter(table, ["email", "first_name", "needs"])
    writer.writeheader()
    for one in raw:
        writer.writerow(one | {"needs": json.dumps(one["needs"])})
    from_csv = member_files.read(_file(folder, table.getvalue(), "members.csv"))
    text = "\n".join(json.dumps(one) for one in raw)
    from_json = member_files.read(_file(folder, text))
    assert [_without_line(row) for row in from_csv] == [_without_line(row) for row in from_json]


def _without_line(row: tuple[int, MemberRow] | BadRow) -> object:
    return row.reason if isinstance(row, BadRow) else row[1]
