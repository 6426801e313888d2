"""The main job, shown: a community is read in, matched both ways, and one member's matches told."""

from __future__ import annotations

import time
from collections.abc import Sequence

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
from app.services import demo_sign_ins, import_members, introductions
from app.services.demo_sign_ins import SignIn
from app.services.model_registry import register_model
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
        platform = _platform(embedded)
        databases = platform.databases
        two = _main_job(platform)
        if once:
            supervisor.stopping.set()
        else:
            _tell_where(embedded, demo_sign_ins.make(databases, two))
        databases.close()

    supervisor.run(any_port=True, on_ready=job)


def _platform(embedded: Embedded) -> bootstrap.Platform:
    values = embedded.environment()
    sources = Sources(values, dict.fromkeys(values, "the demo's own servers"))
    return bootstrap.platform(load(CommandSettings, sources))


def _tell_where(embedded: Embedded, sign_ins: Sequence[SignIn]) -> None:
    place = f"http://127.0.0.1:{embedded.state.ports.api}"
    click.echo(f"\nSite: {place}/sign-in   (two members who match, and an operator)\n")
    for one in sign_ins:
        who = "operator" if one.operator else "member"
        click.echo(f"  {who:<10}{one.email:<46}password {one.password}")
    click.echo(
        f"\nLetters: {place}/dev/mail   API: {place}/docs   data: {embedded.home.root}"
        "\nRunning until Ctrl-C."
    )


def _main_job(platform: bootstrap.Platform) -> list[str]:
    """Do the job; give the addresses of a member and of their best match."""
    databases = platform.databases
    rows = member_files.read(community_path())
    begun = time.perf_counter()
    with bar(len(rows), "Importing members") as step:
        report = import_members.import_members(databases, rows, approve=True, progress=step)
    click.echo(
        f"\n{report.created} members read in, {report.unchanged} known already,"
        f" {report.approved} summaries approved."
    )
    wait_for_work(databases)
    with databases.migrating_ai() as ai:
        # The first vectors were loaded without their index, which is quicker; now there is one.
        register_model(ai, platform.embedder.model, platform.embedder.dimensions)
    first = next(row[1] for row in rows if isinstance(row, tuple))
    with databases.backend() as backend:
        member = users.by_email(backend, first.email)
        found = introductions.of_member(backend, member.id, limit=SHOWN)
    click.echo(f"From file to matches in {time.perf_counter() - begun:.1f} s.\n")
    print_list(found)
    with databases.backend() as backend:
        others = [users.by_id(backend, one.partner_id) for one in found.introductions[:1]]
    return [one.email for one in (member, *others)]


COMMANDS = [demo]
