"""Commands for those who run the platform: compare and mend, rebuild, look after failed work."""

from __future__ import annotations

import sys
import time

import click

from app.adapters.postgresql import postgresql_adapter
from app.domain.digests import Differences
from app.services import reconcile
from app.settings import DatabaseSettings, load

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


COMMANDS = [reconcile_command]
