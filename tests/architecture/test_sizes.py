"""A file of the product is read at one sitting."""

from __future__ import annotations

from tests.conftest import ROOT

MOST = 300
KNOWN = {"app/adapters/postgresql.py"}


def test_no_file_of_the_product_is_longer_than_300_lines() -> None:
    longer = {
        path.relative_to(ROOT).as_posix()
        for folder in ("app", "migrations", "scripts", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > MOST
    }
    assert longer <= KNOWN
