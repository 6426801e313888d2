"""Read import files: JSON Lines and CSV, line by line."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from app.domain.member_rows import BadRow, MemberRow, member_row
from app.errors import InvalidInputError


def read(path: Path) -> list[tuple[int, MemberRow] | BadRow]:
    """Read every row of a file, good ones with their line number, bad ones with their reason.

    Raises InvalidInputError when the file cannot be read at all, or holds no row.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            raw = _csv(file) if path.suffix.lower() == ".csv" else _json_lines(file)
            rows = _without_repeats(_checked(line, value) for line, value in raw)
    except OSError as error:
        raise InvalidInputError(f"Cannot read {path}: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"{path} is not UTF-8 (byte {error.start}); save it as UTF-8."
        ) from None
    except csv.Error as error:
        raise InvalidInputError(f"{path} is not CSV that can be read: {error}.") from None
    if not rows:
        raise InvalidInputError(f"{path} holds no member: it is empty.")
    return rows


def _checked(line: int, value: object) -> tuple[int, MemberRow] | BadRow:
    if isinstance(value, BadRow):
        return value
    try:
        return line, member_row(value)
    except ValueError as error:
        return BadRow(line, str(error))


def _without_repeats(
    rows: Iterable[tuple[int, MemberRow] | BadRow],
) -> list[tuple[int, MemberRow] | BadRow]:
    """Take each e-mail address once: of two rows each import would undo what the other says."""
    lines: dict[str, int] = {}
    taken: list[tuple[int, MemberRow] | BadRow] = []
    for row in rows:
        if not isinstance(row, BadRow):
            line, member = row
            first = lines.setdefault(member.email.lower(), line)
            if first != line:
                reason = f"line {first} has the same e-mail address, {member.email}"
                taken.append(BadRow(line, reason))
                continue
        taken.append(row)
    return taken


def _json_lines(file: TextIO) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError):
            yield number, BadRow(number, "it is not JSON")


def _csv(file: TextIO) -> Iterator[tuple[int, object]]:
    reader = csv.DictReader(file)
    if "email" not in (reader.fieldnames or ()):
        raise InvalidInputError(
            f"{file.name} has no column named email; its first line must name the columns."
        )
    line = reader.line_num + 1
    for row in reader:
        if None in row:
            yield line, BadRow(line, "it has more cells than the first line")
        else:
            yield line, row
        line = reader.line_num + 1  # a cell may hold line breaks: a row begins where the last ended
