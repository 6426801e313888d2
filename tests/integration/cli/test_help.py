"""`reciprocity --help` lists every command there is, and asking needs no database."""

from __future__ import annotations

import importlib

import pytest

from app.cli.places import PLACES, Place
from tests.conftest import Reciprocity, Run


def test_help_lists_every_command_with_what_it_does(reciprocity: Reciprocity) -> None:
    ended = reciprocity("--help", environment={})
    assert ended.status == 0
    for place in PLACES:
        (line,) = [x for x in ended.stdout.splitlines() if x.split()[:1] == [place.name]]
        assert len(line.split()) > 3


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_the_list_says_of_every_command_what_the_command_says_itself(place: Place) -> None:
    commands = importlib.import_module(f"app.cli.{place.module}").COMMANDS
    (command,) = [one for one in commands if one.name == place.name]
    assert place.what == command.get_short_help_str(limit=300)


def test_help_imports_no_command(run: Run) -> None:
    program = (
        "import sys; from app.cli.main import cli\n"
        "cli(['--help'], standalone_mode=False)\n"
        "print('IMPORTED', 'psycopg' in sys.modules, 'numpy' in sys.modules)"
    )
    assert "IMPORTED False False" in run(["-c", program], {}).stdout


# What follows psql is psql's own.
@pytest.mark.parametrize("name", [place.name for place in PLACES if place.name != "psql"])
def test_every_command_tells_how_it_is_used(reciprocity: Reciprocity, name: str) -> None:
    ended = reciprocity(name, "--help", environment={})
    assert ended.status == 0
    assert ended.stdout.startswith("Usage: reciprocity")


def test_an_unknown_command_ends_with_an_error_and_a_way_to_help(reciprocity: Reciprocity) -> None:
    ended = reciprocity("mathces", environment={})
    assert ended.status == 2
    assert "No such command 'mathces'" in ended.stderr
