"""The command that prints and applies the least rights of each service."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import get_args
from urllib.parse import quote, urlsplit

import click

from app import addresses
from app.adapters import granting
from app.adapters.postgresql import postgresql_adapter
from app.databases import roles
from app.databases.names import Database
from app.embedded.home import write_private
from app.errors import SettingsError
from app.settings import DatabaseSettings, Sources, load, read_env_file

# What the compose file of a production calls each service's own addresses.
_PREFIXES = {
    "ai-service": "",
    "celery-worker": "CELERY_WORKER_",
    roles.OWNER: "OWNER_",
    "operator": "OPERATOR_",
    "metrics": "METRICS_",
}


@click.command("roles")
@click.argument("database", type=click.Choice([d.value for d in Database]))
@click.option("--apply", "apply_now", is_flag=True, help="Do it, in one transaction.")
@click.option(
    "--mode",
    type=click.Choice(get_args(roles.Mode)),
    default="standalone",
    show_default=True,
    help="nestjs: another backend owns the shared tables, and its contract holds.",
)
@click.option(
    "--secrets",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the addresses of new roles are written, readable by you only; known ones are used.",
)
@click.option(
    "--address-from",
    metavar="VARIABLE",
    help="The environment variable that holds the owner's or DBA's address for --apply.",
)
@click.option("--yes", is_flag=True, help="Shut out without asking who loses the right to connect.")
def roles_command(
    database: str,
    *,
    apply_now: bool,
    mode: roles.Mode,
    file: Path | None,
    address_from: str | None,
    yes: bool,
) -> None:
    """Print the SQL of the roles of one DATABASE, or apply it.

    Applied, it first lists who could connect and no longer will. No password is ever printed.
    """
    which = Database(database)
    if not apply_now:
        click.echo(roles.script(which, _name_of(which), mode), nl=False)
        return
    settings = load(DatabaseSettings)
    postgresql_adapter.use(settings)
    address = _address(address_from, which, settings)
    absent = granting.missing(postgresql_adapter, which, address)
    passwords = _passwords(which, absent, file, address)
    done = granting.apply(
        postgresql_adapter,
        which,
        mode,
        passwords,
        address=address,
        may_lose=lambda lost: _confirmed(lost, yes=yes),
    )
    click.echo(f"{done.statements} statements applied to {addresses.shown(address)}.")
    if done.created:
        click.echo(f"Made: {', '.join(done.created)}. Their addresses are in {file}.")
    if done.lost:
        click.echo(f"Lost: {', '.join(done.lost)}.")


def _name_of(database: Database) -> str:
    given = Sources.read().values.get(database.variable, "")
    try:
        return addresses.parts(given).get("dbname", database.default_name)
    except ValueError:
        return database.default_name


def _address(variable: str | None, database: Database, settings: DatabaseSettings) -> str:
    ours = {
        Database.AI: settings.database_url,
        Database.BACKEND: settings.backend_database_url,
    }[database]
    if variable is None:
        return ours
    given = os.environ.get(variable, "")
    try:
        addresses.checked(given)
    except ValueError as error:
        raise SettingsError(f"{variable}: {error}.") from None
    if addresses.place(given) != addresses.place(ours):
        raise SettingsError(
            f"{variable} names {addresses.shown(given)} and {database.variable} names"
            f" {addresses.shown(ours)}: that is not the same database. Mend one of the two."
        )
    return given


def _confirmed(lost: list[str], *, yes: bool) -> bool:
    click.echo("These can connect, or hold a right, now and no longer will: " + ", ".join(lost))
    return yes or click.confirm("Take it from them?", default=False)


def _passwords(
    database: Database, absent: list[str], file: Path | None, address: str
) -> dict[str, str]:
    """Read the passwords of new roles from the file, or make them and write the file first."""
    if not absent:
        return {}
    if file is None:
        raise SettingsError(
            f"These roles do not exist yet: {', '.join(absent)}. Name a file with --secrets: their"
            " addresses are written into it, or read from it where it holds them already."
        )
    known = read_env_file(file)
    made, lines = {}, []
    for service, prefix in _PREFIXES.items():
        name, variable = roles.role(database, service), prefix + database.variable
        if name not in absent:
            continue
        if variable in known:
            made[name] = _given(variable, known[variable], name)
        else:
            made[name] = secrets.token_urlsafe(24)
            lines.append(f"{variable}={_as(address, name, made[name])}")
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    write_private(file, before + "".join(f"{line}\n" for line in lines))
    return made


def _given(variable: str, value: str, role: str) -> str:
    try:
        found = addresses.parts(str(addresses.checked(value)))
    except ValueError as error:
        raise SettingsError(f"{variable} in the file of secrets: {error}.") from None
    if found.get("user") != role or "password" not in found:
        raise SettingsError(
            f"{variable} in the file of secrets must hold the user {role} and a password."
        )
    return found["password"]


def _as(address: str, role: str, password: str) -> str:
    """Write the same address for another role."""
    split = urlsplit(address)
    host = split.netloc.rpartition("@")[2]
    return split._replace(netloc=f"{role}:{quote(password, safe='')}@{host}").geturl()


COMMANDS = [roles_command]
