"""The command that onboards a member in conversation, as the pages do."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import click

from app import bootstrap
from app.adapters import documents
from app.errors import ReciprocityError
from app.repositories.backend import users
from app.services import onboarding, onboarding_completion, summaries
from app.services.onboarding_reading import Reader
from app.services.onboarding_view import Conversation
from app.settings import CommandSettings, load

_HELP = "Type what you want to say; /done when you are, /lists for what was understood, /quit to go on later."


@click.command()
@click.argument("email")
@click.option(
    "--document", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read a résumé (PDF, DOCX or DOC) first.",
)  # fmt: skip
@click.option("--approve", is_flag=True, help="Approve the summary when done; starts matching.")
def onboard(email: str, *, document: Path | None, approve: bool) -> None:
    """Onboard the member with this EMAIL: ask, listen, show what was understood."""
    settings = load(CommandSettings)
    platform = bootstrap.platform(settings)
    platform.prove()
    reader = bootstrap.reader(settings)
    with platform.databases.backend() as backend:
        user_id = users.by_email(backend, email).id
    now = onboarding.start(platform.databases, reader, user_id)
    if document is not None:
        text = documents.text_of(document.read_bytes())
        now = onboarding.hear(
            platform.databases, reader, user_id, text, source="document", client_key=str(uuid4())
        )
        _show_lists(now)
    click.echo(_HELP)
    if not _talk(platform, reader, user_id, now):
        click.echo("Everything is kept; the same command goes on from here.")
        return
    done = onboarding_completion.complete(platform.databases, reader, user_id)
    click.echo(f"\n{done.summary.summary}\n\nFor strangers:\n\n{done.public.text or '(nothing)'}")
    if done.lacking:
        click.echo(f"\n{done.lacking}")
    if approve:
        with platform.databases.backend() as backend:
            summaries.approve(backend, user_id)
        click.echo("\nApproved: vectors and matches are on their way.")


def _talk(platform: bootstrap.Platform, reader: Reader, user_id: UUID, now: Conversation) -> bool:
    """Ask and listen until the member is done (True) or goes (False)."""
    while True:
        click.secho(f"\n[{now.progress}%] {now.question}", fg="cyan")
        try:
            said = click.prompt(">", prompt_suffix=" ", default="", show_default=False)
        except click.Abort:
            return False
        if said.strip() in {"/done", "/quit"}:
            return said.strip() == "/done"
        if said.strip() == "/lists":
            _show_lists(now)
            continue
        try:
            now = onboarding.hear(
                platform.databases, reader, user_id, said, client_key=str(uuid4())
            )
        except ReciprocityError as error:
            click.secho(str(error), fg="red")


def _show_lists(now: Conversation) -> None:
    for title, items in (("Needs", now.needs), ("Offers", now.offers), ("Facts", now.facts)):
        click.secho(f"{title}:", bold=True)
        for item in items:
            click.echo(f"  - {item.text}" + ("  (vague)" if item.vague else ""))


COMMANDS = [onboard]
