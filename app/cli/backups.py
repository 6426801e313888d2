"""Commands that copy both databases out, and make a new pair out of such a copy."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

import click

from app.adapters.dumps import PostgresDumps
from app.adapters.migrations import set_pair_id
from app.adapters.postgresql import postgresql_adapter
from app.databases import identity
from app.databases.names import Database
from app.repositories.ai import revision as ai_revision
from app.repositories.backend import revision as backend_revision
from app.services import backup, reconcile
from app.settings import DatabaseSettings, load


@click.command("backup")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def backup_command(folder: Path) -> None:
    """Copy both databases into FOLDER, new or empty, with a manifest of checksums."""
    postgresql_adapter.use(load(DatabaseSettings))
    postgresql_adapter.verify()
    begun = time.perf_counter()
    with postgresql_adapter.ai() as ai:
        revisions = {Database.AI: ai_revision.current(ai) or ""}
    with postgresql_adapter.backend() as backend:
        revisions[Database.BACKEND] = backend_revision.current(backend) or ""
        marker = identity.verified(backend)
    backup.backup(
        PostgresDumps(postgresql_adapter),
        folder,
        marker=marker,
        revisions=revisions,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        made_by=f"reciprocity {version('reciprocity')}",
        say=click.echo,
    )
    click.echo(f"Both databases are in {folder} ({time.perf_counter() - begun:.1f} s).")


@click.command("restore")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
def restore_command(folder: Path) -> None:
    """Read the backup in FOLDER into two empty databases, and make them a pair of their own.

    The new pair id keeps the copy and the original from being mixed. Run `reciprocity migrate`
    afterwards where the code is newer than the backup.
    """
    postgresql_adapter.use(load(DatabaseSettings))
    begun = time.perf_counter()
    made = backup.restore(PostgresDumps(postgresql_adapter), folder, say=click.echo)
    pair_id = uuid4()
    for database in (Database.BACKEND, Database.AI):
        set_pair_id(postgresql_adapter, database, pair_id)
    postgresql_adapter.verify()
    click.echo(f"Restored what was copied at {made.made_at}, as the new pair {pair_id}.")
    report = reconcile.reconcile(postgresql_adapter)
    if report.equal:
        click.echo("Nothing differs between the two databases.")
    else:
        click.echo(f"{len(report.found)} members differed, {report.mended} are being mended.")
    click.echo(
        f"Done in {time.perf_counter() - begun:.1f} s. Who was erased after {made.made_at} is in it"
        " again: erase them again before the members come back."
    )


COMMANDS = [backup_command, restore_command]
