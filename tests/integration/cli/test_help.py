"""`reciprocity --help` lists every command there is, and asking needs no database."""

from __future__ import annotations

import pytest

from app.cli.main import _PLACES
from tests.conftest import Reciprocity


def test_help_lists_every_command_with_what_it_does(reciprocity: Reciprocity) -> None:
    ended = reciprocity("--help", environment={})
    assert ended.status == 0
    for name in _PLACES:
        (line,) = [x for x in ended.stdout.splitlines() if x.split()[:1] == [name]]
        assert len(line.split()) > 3


@pytest.mark.parametrize("name", list(_PLACES))
def test_every_command_tells_how_it_is_used(reciprocity: Reciprocity, name: str) -> None:
    if name == "psql":
        pytest.skip("what follows psql is psql's own")
    ended = reciprocity(name, "--help", environment={})
    assert ended.status == 0
    assert ended.stdout.startswith("Usage: reciprocity")


def test_an_unknown_command_ends_with_an_error_and_a_way_to_help(reciprocity: Reciprocity) -> None:
    ended = reciprocity("mathces", environment={})
    assert ended.status == 2
    assert "No such command 'mathces'" in ended.stderr
