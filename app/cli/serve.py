"""The command that serves the API."""

from __future__ import annotations

import click

from app import following, serving
from app.settings import ApiSettings, load


@click.command()
def serve() -> None:
    """Serve the API (API_HOST, API_PORT, API_PROCESSES) until stopped."""
    following.follow_up()
    serving.run(load(ApiSettings))


COMMANDS = [serve]
