"""Learn a map of the embedding model's vectors from a community's own topics."""

from __future__ import annotations

import json
from pathlib import Path

import click
import numpy as np

from app import bootstrap
from app.adapters.embedding_mapped import save
from app.cli.progress import bar
from app.domain.matching.map_trial import try_map
from app.errors import InvalidInputError
from app.settings import EmbeddingSettings, load

_BATCH = 256


@click.command("learn-map")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("statements.map.npz"),
    show_default=True,
    help="Where the map is written; it holds numbers and no words.",
)
def learn_map_command(file: Path, out: Path) -> None:
    """Learn from a FILE of statements with topics which words mean the same here.

    JSON Lines of {"text": …, "topics": […]}: needs, offers or listings, with the categories that
    members gave them. The map is tried on a quarter held out, and written only when it is better
    beyond noise. No database is needed.
    """
    rows = [_row(line, f"{file}:{n}") for n, line in enumerate(_lines(file), start=1)]
    settings = load(EmbeddingSettings).model_copy(update={"map_file": None})
    embedder = bootstrap.embedder(settings)
    parts = []
    with bar(len(rows), "Embedding") as step:
        for start in range(0, len(rows), _BATCH):
            parts.append(embedder.embed([text for text, _ in rows[start : start + _BATCH]]))
            step(len(parts[-1]))
    names = sorted({topic for _, topics in rows for topic in topics})
    topics = np.array([[name in own for name in names] for _, own in rows], np.bool_)
    try:
        trial = try_map(np.concatenate([*parts, np.empty((0, embedder.dimensions))]), topics)
    except ValueError as refused:
        raise InvalidInputError(f"{file}: {refused}.") from refused
    told = (
        f"Of statements held out, {trial.mapped:.1%} have a neighbour on one of their topics with"
        f" the map, {trial.plain:.1%} without ({trial.gain:+.1%} ± {1.96 * trial.error:.1%})."
    )
    if not trial.better:
        raise InvalidInputError(f"{told} That is not better beyond noise; nothing was written.")
    save(trial.mapping, embedder.model, out)
    click.echo(
        f"{told}\nWritten to {out}. Set EMBEDDING_MAP={out.resolve()} for all services, then run"
        " `reciprocity rebuild ai`, and `reciprocity calibrate` with answers you know."
    )


def _lines(file: Path) -> list[str]:
    try:
        return [line for line in file.read_text("utf-8").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{file} is not UTF-8: {error}") from error


def _row(line: str, where: str) -> tuple[str, frozenset[str]]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise InvalidInputError(f"{where} is no JSON: {error}") from error
    topics = row.get("topics") if isinstance(row, dict) else None
    if not isinstance(topics, list) or not str(row.get("text", "")).strip():
        raise InvalidInputError(f"{where}: a text and a list of topics are wanted.")
    return str(row["text"]), frozenset(str(topic) for topic in topics)


COMMANDS = [learn_map_command]
