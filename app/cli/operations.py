"""Commands for those who run the platform: compare and mend, rebuild, look after failed work."""

from __future__ import annotations

import sys
import time

import click

from app import bootstrap
from app.adapters.postgresql import postgresql_adapter
from app.cli.progress import bar
from app.domain.digests import Differences
from app.repositories.backend import digests
from app.services import rebuild, reconcile
from app.settings import CommandSettings, DatabaseSettings, load
from app.workers.relay import Relay

MOST_SHOWN = 10  # ids told one by one; the rest are counted


@click.command("reconcile")
@click.option("--dry-run", is_flag=True, help="Report only; exit with 1 when anything differs.")
def reconcile_command(*, dry_run: bool) -> None:
    """Compare the two databases and mend each difference.

    Missing and outdated vectors are handed to the worker, vectors without a member are removed.
    """
    postgresql_adapter.use(load(DatabaseSettings))
    postgresql_adapter.verify()
    begun = time.perf_counter()
    report = reconcile.reconcile(postgresql_adapter, mend=not dry_run)
    seconds = time.perf_counter() - begun
    if report.equal:
        click.echo(
            f"Nothing differs: {len(report.of_summaries)} buckets of members are equal in both"
            f" databases ({seconds:.1f} s)."
        )
        return
    _tell(report.found)
    if report.under_way:
        click.echo(f"  {len(report.under_way)} of them are being worked on already")
    if report.given_up:
        click.echo(
            f"  {len(report.given_up)} of them failed for good: `reciprocity dead-letters list`"
        )
    done = "nothing was changed" if dry_run else f"{report.mended} are being mended"
    click.echo(f"{len(report.found)} members differ, {done} ({seconds:.1f} s).")
    if dry_run:
        sys.exit(1)


def _tell(found: Differences) -> None:
    for what, members in (
        ("an approved summary and no vectors", found.missing),
        ("vectors of an older version or of other words", found.outdated),
        ("vectors of a version that is no more", found.ahead),
        ("vectors and no summary that asks for them", found.orphans),
    ):
        if members:
            named = ", ".join(str(member) for member in members[:MOST_SHOWN])
            more = f" and {len(members) - MOST_SHOWN} more" if len(members) > MOST_SHOWN else ""
            click.echo(f"  {len(members)} with {what}: {named}{more}")


@click.group("rebuild")
def rebuild_group() -> None:
    """Make what can be made anew."""


@rebuild_group.command("ai")
@click.option("--keep", is_flag=True, help="Keep the old vectors beside the new ones.")
def rebuild_ai(*, keep: bool) -> None:
    """Make all vectors anew from the backend database, prove them equal, and switch to them.

    The living vectors serve until then. For another embedding model, run it with the new model's
    settings and restart API and workers with the same settings afterwards.
    """
    platform = bootstrap.platform(load(CommandSettings))
    databases = platform.databases
    databases.verify()
    begun = time.perf_counter()
    with databases.backend() as backend:
        everybody = len(digests.versions(backend))
    with bar(everybody, "Members' vectors") as step:
        made = rebuild.Rebuild(databases, platform.embedder, progress=step)
        proof = made.run()
    click.echo(
        f"{made.made} members have new vectors ({made.vector_set}), whose digests are equal to"
        f" those of the summaries in {len(proof.of_summaries) - len(proof.differing)} of"
        f" {len(proof.of_summaries)} buckets; they serve now."
    )
    if not proof.equal:
        click.echo(
            f"  {len(proof.found)} members stay without: `reciprocity dead-letters list` says why."
        )
    Relay(databases, platform.embedder).look()
    if not keep:
        rebuild.drop_others(databases)
    click.echo(f"Matches are made anew as well ({time.perf_counter() - begun:.1f} s in all).")


COMMANDS = [reconcile_command, rebuild_group]
