"""A wheel holds every file that pages and adapters read beside the code."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch

from tests.conftest import ROOT


def test_every_file_beside_the_code_is_packed() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    patterns = tool["setuptools"]["package-data"]["*"]
    folders = tool["setuptools"]["packages"]["find"]["include"]
    files = [path for path in (ROOT / "app").rglob("*") if path.is_file()]
    beside = [path for path in files if path.suffix not in {".py", ".pyc"}]
    assert len(beside) > 30
    unpacked = [p.name for p in beside if not any(fnmatch(p.name, one) for one in patterns)]
    assert unpacked == []
    assert "third_party.htmx" in folders
