"""Commands that learn from decisions, calibrate a model, and show what rounds did."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click
import numpy as np

from app import bootstrap
from app.cli.progress import bar
from app.errors import InvalidInputError, ReciprocityError
from app.repositories.backend import calibrations, outbox, rounds
from app.repositories.backend.calibrations import Learned
from app.services import learn, topics
from app.settings import CommandSettings, load

_BATCH = 256
_YES = frozenset({"1", "true", "yes", "y"})
_NO = frozenset({"0", "false", "no", "n"})


def _platform() -> bootstrap.Platform:
    made = bootstrap.platform(load(CommandSettings))
    made.prove()
    return made


@click.command("learn")
@click.option("--dry-run", is_flag=True, help="Say what would be learned, and write nothing.")
@click.option("--undo", is_flag=True, help="Take back what was learned last.")
@click.option("--history", is_flag=True, help="Show what was learned before.")
def learn_command(*, dry_run: bool, undo: bool, history: bool) -> None:
    """Learn from members' decisions how well an offer answers a need, and who accepts readily.

    What was learned is tested on decisions held out, and taken over only when it is better beyond
    noise. The worker does the same every night before the lists are made.
    """
    if sum((dry_run, undo, history)) > 1:
        raise click.UsageError("--dry-run, --undo and --history exclude each other.")
    platform = _platform()
    model = platform.embedder.model
    if history:
        with platform.databases.backend() as backend:
            for one in calibrations.history(backend, model, limit=20):
                click.echo(f"{one.made_at:%Y-%m-%d %H:%M}  {_told(one)}")
        return
    with platform.databases.backend() as backend:
        if undo:
            serves = learn.take_back(backend, model)
            click.echo(
                f"Taken back; midpoint {serves.midpoint:.3f}, scale {serves.scale:.3f} serve."
            )
        else:
            click.echo(_told(learn.from_decisions(backend, model, dry_run=dry_run)))
        if not dry_run:
            outbox.add_for_everybody(backend, topics.MATCH_SYNC)
    click.echo("Nothing was written." if dry_run else "All lists are being made anew.")


def _told(one: Learned) -> str:
    calibration = "taken over" if one.taken_over else "left as it was"
    readiness = "taken over" if one.readiness_taken_over else "not used"
    return (
        f"{one.decisions} decisions, AUC {one.auc:.3f}. Calibration {calibration} ({one.reason};"
        f" log-loss lower by {one.better_by:.4f} ± {1.96 * one.error:.4f}):"
        f" midpoint {one.midpoint:.3f}, scale {one.scale:.3f}. Readiness {readiness}"
        f" (lower by {one.readiness_better_by:.4f} ± {1.96 * one.readiness_error:.4f})."
    )


@click.command("calibrate")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def calibrate_command(file: Path) -> None:
    """Fit the embedding model's calibration to a FILE of answers, and use it from now on.

    The file is CSV with the columns need, offer, answers (yes or no), or JSON Lines of the same.
    """
    rows = list(_answers(file))
    platform = _platform()
    embedder = platform.embedder
    cosines: list[float] = []
    with bar(len(rows), "Embedding") as step:
        for start in range(0, len(rows), _BATCH):
            part = rows[start : start + _BATCH]
            needs = np.asarray(embedder.embed([need for need, _, _ in part]))
            offers = np.asarray(embedder.embed([offer for _, offer, _ in part]))
            cosines.extend(np.einsum("ij,ij->i", needs, offers).tolist())
            step(len(part))
    with platform.databases.backend() as backend:
        try:
            made = learn.from_answers(backend, embedder.model, cosines, [yes for *_, yes in rows])
        except ValueError as refused:
            raise InvalidInputError(f"{file}: {refused}") from refused
        outbox.add_for_everybody(backend, topics.MATCH_SYNC)
    click.echo(
        f"{embedder.model}: midpoint {made.midpoint:.3f}, scale {made.scale:.3f}, AUC {made.auc:.3f}"
        f" on {len(rows)} answers. All lists are being made anew; `reciprocity learn --undo` takes"
        " it back."
    )


def _answers(file: Path) -> Iterator[tuple[str, str, bool]]:
    with file.open(encoding="utf-8", newline="") as opened:
        rows = (
            (json.loads(line) for line in opened if line.strip())
            if file.suffix == ".jsonl"
            else csv.DictReader(opened)
        )
        try:
            for number, row in enumerate(rows, start=1):
                yield _answer(row, f"{file}, row {number}")
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise InvalidInputError(f"{file} cannot be read: {error}") from error


def _answer(row: object, where: str) -> tuple[str, str, bool]:
    if not isinstance(row, dict) or not all(row.get(key) for key in ("need", "offer")):
        raise InvalidInputError(f"{where}: a need and an offer are wanted.")
    said = str(row.get("answers", "")).strip().lower()
    if said not in _YES | _NO:
        raise InvalidInputError(f"{where}: answers is yes or no, not {said!r}.")
    return str(row["need"]), str(row["offer"]), said in _YES


@click.command("rounds")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 200))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rounds_command(*, limit: int, as_json: bool) -> None:
    """Show what the last rounds did, beside lists made for each member alone."""
    platform = _platform()
    with platform.databases.backend() as backend:
        made = rounds.last(backend, limit)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in made], default=str, indent=2))
        return
    if not made:
        raise ReciprocityError(
            "There was no round yet; `reciprocity match-sync` has one made by the worker."
        )
    for one in made:
        click.echo(
            f"{one.made_at:%Y-%m-%d %H:%M}  {one.method}: {one.introductions} introductions of"
            f" {one.members} members; expected matches {one.expected_matches:.1f} (each for"
            f" themselves {one.plain_matches:.1f}), in nobody's list {one.unseen:.1%}"
            f" ({one.plain_unseen:.1%}), Gini of exposure {one.gini:.2f} ({one.plain_gini:.2f});"
            f" fairness {one.alpha:.2f}, sharing {one.temper:.2f} at AUC {one.auc:.2f}"
        )


COMMANDS = [learn_command, calibrate_command, rounds_command]
