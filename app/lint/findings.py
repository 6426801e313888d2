"""One fault that the linter found, and the forms it is told in."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Format = Literal["text", "json", "github"]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Hold one fault: where it stands, the rule, why it is one and what to do."""

    path: Path
    line: int
    column: int
    code: str
    reason: str
    fix: str


def told(findings: Iterable[Finding], form: Format) -> str:
    """Write findings as lines for a person, as JSON, or as annotations of GitHub Actions."""
    match form:
        case "json":
            return json.dumps([_plain(one) for one in findings], indent=2, ensure_ascii=False)
        case "github":
            return "\n".join(_annotation(one) for one in findings)
        case "text":
            return "\n".join(
                f"{one.path}:{one.line}:{one.column}: {one.code} {one.reason}; {one.fix}"
                for one in findings
            )


def _plain(one: Finding) -> dict[str, str | int]:
    return {
        "file": one.path.as_posix(),
        "line": one.line,
        "column": one.column,
        "code": one.code,
        "reason": one.reason,
        "fix": one.fix,
    }


def _annotation(one: Finding) -> str:
    place = _property(one.path.as_posix())
    message = _escaped(f"{one.reason}; {one.fix}")
    return f"::error file={place},line={one.line},col={one.column},title={one.code}::{message}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
