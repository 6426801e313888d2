"""Commands about members and their matches."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from app import bootstrap
from app.adapters import member_files
from app.cli.progress import bar, wait_for_work
from app.databases.ownership import elsewhere
from app.errors import ReciprocityError
from app.repositories.backend import outbox, users
from app.services import import_members, introductions, topics
from app.settings import CommandSettings, load

MOST_SHOWN = 20  # bad rows told one by one; the rest are counted


def _platform() -> bootstrap.Platform:
    platform = bootstrap.platform(load(CommandSettings))
    platform.prove()
    return platform


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--approve", is_flag=True, help="Approve the summaries made, which starts matching.")
@click.option("--wait", is_flag=True, help="Wait until the worker has made vectors and matches.")
def import_command(file: Path, *, approve: bool, wait: bool) -> None:
    """Read members in from FILE: JSON Lines, or CSV with a line of column names.

    Fields: email, first_name, last_name, needs[], offers[], headline, place, languages[], fields[],
    minor_needs[], minor_offers[]; any other is kept. In CSV, several texts of one cell stand between
    bars ( | ) or as a JSON list. minor_needs and minor_offers repeat those needs and offers that
    count less, in the same words; without them whoever is known keeps their own choice.
    The same file again changes nothing.
    """
    platform = _platform()
    if platform.databases.settings.beside_nestjs:
        raise elsewhere("Members are entered")
    rows = member_files.read(file)
    begun = time.perf_counter()
    with bar(len(rows), "Importing") as step:
        report = import_members.import_members(
            platform.databases, rows, approve=approve, progress=step
        )
    seconds = time.perf_counter() - begun
    click.echo(
        f"{report.created} created, {report.updated} updated, {report.unchanged} unchanged,"
        f" {report.approved} approved, {len(report.bad)} refused in {seconds:.1f} s"
        f" ({len(rows) / seconds:.0f} rows a second)"
    )
    for bad in report.bad[:MOST_SHOWN]:
        click.echo(f"  line {bad.line}: {bad.reason}", err=True)
    if len(report.bad) > MOST_SHOWN:
        click.echo(f"  and {len(report.bad) - MOST_SHOWN} more", err=True)
    if wait:
        wait_for_work(platform.databases)
    if report.bad:
        raise ReciprocityError(
            f"{len(report.bad)} of {len(rows)} rows were refused; the others are in. Mend the lines"
            " named above and import the file again: what is in already stays as it is."
        )


@click.command("matches")
@click.argument("email")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 200))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def matches_command(email: str, *, limit: int, as_json: bool) -> None:
    """List the matches of the member with this EMAIL, best first, with the reason for each."""
    platform = _platform()
    with platform.databases.backend() as backend:
        member = users.by_email(backend, email)
        found = introductions.of_member(backend, member.id, limit=limit)
    if as_json:
        click.echo(json.dumps(_plain(found), ensure_ascii=False, indent=2))
    else:
        print_list(found)
    if found.state == "failed":
        raise ReciprocityError(f"The matches of {email} could not be made: {found.reason}")


def _plain(found: introductions.List) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(asdict(found), default=_as_text))
    return plain


def _as_text(value: object) -> str:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _method(found: introductions.List) -> str:
    if found.method == "exact":
        return "exact"
    share = "not measured yet" if found.recall is None else f"{found.recall:.3f}"
    return f"approximate, recall of the ten best {share}"


def print_list(found: introductions.List) -> None:
    """Print a member's matches for a person to read."""
    click.secho(f"Matches of {found.member.name} ({_method(found)}, {found.state})", bold=True)
    if found.reason:
        click.echo(f"  {found.reason}")
    for place, match in enumerate(found.introductions, start=1):
        about = ", ".join(part for part in (match.headline, match.place) if part)
        click.echo()
        click.secho(f"{place:3}. {match.name}  {match.score:.2f}  {match.tier}", bold=True)
        if about:
            click.echo(f"     {about}")
        for who, gain in (("You gain", match.i_gain), ("They gain", match.they_gain)):
            click.echo(f"     {who} ({gain.probability:.2f})")
            click.echo(f"       need:  {gain.need}")
            click.echo(f"       offer: {gain.offer}")


@click.command("match-sync")
@click.option("--wait", is_flag=True, help="Wait until the worker has done it.")
def match_sync_command(*, wait: bool) -> None:
    """Have all members' lists made anew by the worker."""
    platform = _platform()
    with platform.databases.backend() as backend:
        outbox.add_for_everybody(backend, topics.MATCH_SYNC)
    click.echo("A match sync of everybody is on its way.")
    if wait:
        wait_for_work(platform.databases)


COMMANDS = [import_command, matches_command, match_sync_command]
