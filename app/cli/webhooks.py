"""Commands about webhooks: what became of each, sending again, and operators' endpoints."""

from __future__ import annotations

import json
from typing import get_args
from uuid import UUID

import click

from app import bootstrap
from app.adapters.postgresql import PostgreSQLAdapter
from app.repositories.backend.deliveries import Delivery, State
from app.services import operator_webhooks, webhooks
from app.settings import CommandSettings, load


def _databases() -> PostgreSQLAdapter:
    databases = bootstrap.platform(load(CommandSettings)).databases
    databases.verify()
    return databases


@click.group("webhooks")
def webhooks_group() -> None:
    """Look at webhooks, send them again, and say who is told of events."""


@webhooks_group.command("list")
@click.option("--state", type=click.Choice(get_args(State)), help="Only those in this state.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
def list_command(*, state: str | None, limit: int) -> None:
    """List webhooks, the newest first."""
    with _databases().backend() as backend:
        found = webhooks.listed(backend, state=state, limit=limit)
    for one in found:
        click.echo(
            f"{one.id}  {one.created_at:%Y-%m-%d %H:%M:%S}  {one.state:<10}  {one.kind:<22}"
            f"  {one.status_code or '-':>3}  {_to(one)}"
        )
    if not found:
        click.echo("There are no such webhooks.")


@webhooks_group.command()
@click.argument("webhook", type=click.UUID)
@click.option("--body", is_flag=True, help="Show what is told as well: it may hold members' words.")
def show(webhook: UUID, *, body: bool) -> None:
    """Show what is known of one WEBHOOK, and each attempt to deliver it."""
    with _databases().backend() as backend:
        one, attempts = webhooks.one(backend, webhook)
    click.echo(f"webhook   {one.id}")
    click.echo(f"kind      {one.kind}")
    click.echo(f"to        {_to(one)}")
    click.echo(f"member    {one.user_id or '-'}")
    click.echo(f"state     {one.state}")
    click.echo(f"written   {one.created_at.isoformat(timespec='seconds')}")
    if one.state == "waiting":
        click.echo(f"next try  {one.available_at.isoformat(timespec='seconds')}")
        click.echo(f"given up  {one.give_up_at.isoformat(timespec='seconds')}")
    for attempt in attempts:
        click.echo(
            f"  {attempt.attempt:>3}. {attempt.at.isoformat(timespec='seconds')}"
            f"  {attempt.status_code or '-':>3}  {attempt.milliseconds} ms  {attempt.error or ''}"
        )
    if body:
        click.echo(json.dumps(one.body, ensure_ascii=False, indent=2))


@webhooks_group.command()
@click.argument("names", metavar="WEBHOOK...", type=click.UUID, nargs=-1, required=True)
def replay(names: tuple[UUID, ...]) -> None:
    """Send these WEBHOOKs again; a member's set of matches is made anew, as it is now."""
    with _databases().backend() as backend:
        count = webhooks.replay(backend, names)
    click.echo(f"{count} are sent again.")


@webhooks_group.command()
def endpoints() -> None:
    """List who is told of events."""
    with _databases().backend() as backend:
        found = operator_webhooks.listed(backend)
    for one in found:
        click.echo(f"{one.id}  {one.url}  {', '.join(one.topics) or 'all events'}")
    if not found:
        click.echo("Nobody is told of events. `reciprocity webhooks add URL` adds somebody.")


@webhooks_group.command()
@click.argument("url")
@click.option(
    "--topic",
    "topics",
    multiple=True,
    type=click.Choice(list(operator_webhooks.TOPICS)),
    help="Only this event; may be given several times. Without it, all events.",
)
def add(url: str, *, topics: tuple[str, ...]) -> None:
    """Tell the endpoint at URL of events, signed by the Standard Webhooks convention.

    The target must be https and have public addresses only, except on a development machine. The
    secret is shown once.
    """
    settings = load(CommandSettings)
    databases = bootstrap.platform(settings).databases
    databases.verify()
    made = operator_webhooks.add(databases, bootstrap.targets(settings), url, topics)
    click.echo(f"endpoint  {made.id}")
    click.echo(f"secret    {made.secret}")
    click.echo("Keep the secret now: it is not shown again.")


@webhooks_group.command()
@click.argument("endpoint", type=click.UUID)
def remove(endpoint: UUID) -> None:
    """Tell this ENDPOINT of nothing any more; its log goes with it."""
    with _databases().backend() as backend:
        operator_webhooks.remove(backend, endpoint)
    click.echo("Removed.")


@webhooks_group.command("test")
def test_command() -> None:
    """Send a test event to every endpoint that wants it."""
    with _databases().backend() as backend:
        count = operator_webhooks.emit(backend, operator_webhooks.TEST, {})
    click.echo(f"A test event is on its way to {count} endpoints; see `reciprocity webhooks list`.")


def _to(one: Delivery) -> str:
    return "the backend" if one.endpoint_id is None else f"endpoint {one.endpoint_id}"


COMMANDS = [webhooks_group]
