"""The main job, shown: a community is read in, matched both ways, and one member's matches told."""

from __future__ import annotations

import time

import click

from app import bootstrap
from app.adapters import member_files
from app.cli.members import print_list
from app.cli.progress import bar, wait_for_work
from app.embedded.embedded import Embedded
from app.embedded.home import default_home
from app.embedded.supervisor import Supervisor
from app.repositories.backend import users
from app.sample import community_path
from app.services import import_members, introductions
from app.settings import CommandSettings, Sources, load

SHOWN = 3


@click.command()
@click.option("--once", is_flag=True, help="Stop everything after the job and exit.")
def demo(*, once: bool) -> None:
    """Start both databases and show the main job on a sample community, then run until Ctrl-C.

    It lives in a data folder of its own, on free ports, and leaves other installations alone.
    """
    home = default_home()
    embedded = Embedded(home.with_name(f"{home.name}-demo"), say=click.echo)
    supervisor = Supervisor(embedded)

    def job() -> None:
        _main_job(embedded)
        if once:
            supervisor.stopping.set()
        else:
            state = embedded.state
            click.echo(
                f"\nAPI: http://127.0.0.1:{state.ports.api}/docs   data: {embedded.home.root}"
                "\nRunning until Ctrl-C."
            )

    supervisor.run(any_port=True, on_ready=job)


def _main_job(embedded: Embedded) -> None:
    values = embedded.environment()
    sources = Sources(values, dict.fromkeys(values, "the demo's own servers"))
    databases = bootstrap.platform(load(CommandSettings, sources)).databases
    rows = member_files.read(community_path())
    begun = time.perf_counter()
    with bar(len(rows), "Importing members") as step:
        report = import_members.import_members(databases, rows, approve=True, progress=step)
    click.echo(
        f"\n{report.created} members read in, {report.unchanged} known already,"
        f" {report.approved} summaries approved."
    )
    wait_for_work(databases)
    first = next(row[1] for row in rows if isinstance(row, tuple))
    with databases.backend() as backend:
        member = users.by_email(backend, first.email)
        found = introductions.of_member(backend, member.id, limit=SHOWN)
    click.echo(f"From file to matches in {time.perf_counter() - begun:.1f} s.\n")
    print_list(found)
    databases.close()


COMMANDS = [demo]
