"""Commands about accounts: the first operator is made here."""

from __future__ import annotations

import sys

import click

from app import bootstrap
from app.services import accounts
from app.services.accounts import Wish
from app.settings import CommandSettings, load


@click.group("admin")
def admin() -> None:
    """Make and name those who run this place."""


@admin.command("create")
@click.argument("email")
@click.option("--name", default="", help="How others call the operator; the address by default.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create(email: str, *, name: str, password_stdin: bool) -> None:
    """Make the member with this EMAIL an operator; create the account where there is none."""
    platform = bootstrap.platform(load(CommandSettings))
    platform.databases.verify()
    with platform.databases.backend() as backend:
        known = accounts.promote(backend, email)
    if known is not None:
        click.echo(f"{email} is an operator now; the password is the one they have.")
        return
    wish = Wish(email, _password(from_stdin=password_stdin), name or email.partition("@")[0])
    accounts.create(platform.databases, wish, operator=True)
    click.echo(f"{email} is an operator now and can sign in.")


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed


COMMANDS: list[click.Command] = [admin]
