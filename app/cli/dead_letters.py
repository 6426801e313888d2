"""Commands about work that was given up after too many attempts."""

from __future__ import annotations

import json

import click

from app import bootstrap
from app.adapters.postgresql import PostgreSQLAdapter
from app.errors import InvalidInputError
from app.services import dead_letters
from app.settings import CommandSettings, load


def _databases() -> PostgreSQLAdapter:
    databases = bootstrap.platform(load(CommandSettings)).databases
    databases.verify()
    return databases


@click.group("dead-letters")
def dead_letters_group() -> None:
    """Look at work that was given up, have it done again, or let it be."""


@dead_letters_group.command("list")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1))
def list_command(*, limit: int) -> None:
    """List the work that was given up, the oldest first."""
    with _databases().backend() as backend:
        found = dead_letters.listed(backend, limit=limit)
    for letter in found:
        about = letter.user_id or "everybody"
        error = letter.last_error.splitlines()[0][:120] if letter.last_error else ""
        click.echo(f"{letter.id:>8}  {letter.topic:<10}  {about}  {error}")
    if not found:
        click.echo("No work was given up.")


@dead_letters_group.command()
@click.argument("number", type=int)
def show(number: int) -> None:
    """Show everything known of the work with this NUMBER."""
    with _databases().backend() as backend:
        letter = dead_letters.one(backend, number)
    click.echo(f"number    {letter.id}")
    click.echo(f"topic     {letter.topic}")
    click.echo(f"member    {letter.user_id or 'everybody'}")
    click.echo(f"payload   {json.dumps(letter.payload, ensure_ascii=False)}")
    click.echo(f"attempts  {letter.attempts}")
    click.echo(f"since     {letter.created_at.isoformat(timespec='seconds')}")
    click.echo(f"error     {letter.last_error}")
    click.echo(f"When its cause is mended: reciprocity dead-letters rerun {letter.id}")


@dead_letters_group.command()
@click.argument("numbers", type=int, nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All of it, instead of some by number.")
def rerun(numbers: tuple[int, ...], *, everything: bool) -> None:
    """Have the work with these NUMBERS done again, as if it were new."""
    if bool(numbers) is everything:
        raise InvalidInputError("Name the work by its numbers, or write --all for all of it.")
    with _databases().backend() as backend:
        changed = dead_letters.rerun(backend, None if everything else numbers)
    click.echo(f"{len(changed)} due again.")


@dead_letters_group.command()
@click.argument("numbers", type=int, nargs=-1, required=True)
def discard(numbers: tuple[int, ...]) -> None:
    """Let the work with these NUMBERS be; it is not done and not asked for again."""
    with _databases().backend() as backend:
        changed = dead_letters.discard(backend, numbers)
    click.echo(f"{len(changed)} discarded.")


COMMANDS = [dead_letters_group]
