"""What a measurement gives: a table with its baselines, as text, as Markdown and as a plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

Cell = str | float | int


@dataclass(frozen=True, slots=True)
class Table:
    """Hold one measurement: rows beside their baselines, and how they came about.

    `plotted` names the column of numbers that the plot shows; empty for none. `target` is the
    figure to reach in that column, when there is one.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    plotted: str = ""
    target: float | None = None
    skipped: str = field(default="")


def skipped(title: str, why: str) -> Table:
    """Say that a measurement was not made, and why; no figure stands in for it."""
    return Table(title, (), (), skipped=why)


def shown(cell: Cell) -> str:
    """Write a number with as many digits as it carries meaning."""
    if isinstance(cell, float):
        return f"{cell:,.1f}" if abs(cell) >= 1000 else f"{cell:.4g}"  # noqa: PLR2004 (digits)
    return str(cell)


def text(table: Table) -> str:
    """Give the table for a terminal."""
    if table.skipped:
        return f"{table.title}\n  not measured: {table.skipped}\n"
    rows = [list(table.columns), *([shown(cell) for cell in row] for row in table.rows)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(table.columns))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    note = f"  {table.note}\n" if table.note else ""
    return table.title + "\n" + "".join(f"  {line.rstrip()}\n" for line in lines) + note


def markdown(tables: Sequence[Table], title: str, command: str, pictures: Sequence[Path]) -> str:
    """Give a report: what was run, each table, each picture."""
    parts = [f"# {title}\n\nMade by `{command}`; run it to make this page anew.\n"]
    for table in tables:
        parts.append(f"## {table.title}\n")
        if table.skipped:
            parts.append(f"Not measured: {table.skipped}\n")
            continue
        parts.append("| " + " | ".join(table.columns) + " |")
        parts.append("|" + " --- |" * len(table.columns))
        parts.extend("| " + " | ".join(shown(c) for c in row) + " |" for row in table.rows)
        parts.append(f"\n{table.note}\n" if table.note else "")
        parts.extend(
            f"![{table.title}]({p.name})\n" for p in pictures if p.stem == picture_name(table)
        )
    return "\n".join(parts)


def picture_name(table: Table) -> str:
    """Give a file name out of a title."""
    kept = "".join(letter if letter.isalnum() else " " for letter in table.title.lower())
    return "-".join(kept.split())[:60]


def draw(table: Table, folder: Path) -> Path | None:
    """Draw the plotted column as bars into a PNG; None where there is nothing to draw.

    Needs the extra `measure`.
    """
    if table.skipped or not table.plotted:
        return None
    import matplotlib as mpl  # noqa: PLC0415 (only drawing needs the extra)

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 (the same)

    at = table.columns.index(table.plotted)
    bars = [(str(row[0]), row[at]) for row in table.rows if isinstance(row[at], (int, float))]
    figure, axes = plt.subplots(figsize=(8, 0.5 * len(bars) + 1.2))
    axes.barh([name for name, _ in reversed(bars)], [value for _, value in reversed(bars)])
    axes.set_xlabel(table.plotted)
    axes.set_title(table.title, fontsize=10)
    if table.target is not None:
        axes.axvline(table.target, color="black", linestyle="--", linewidth=1)
    path = folder / f"{picture_name(table)}.png"
    figure.savefig(path, dpi=110, bbox_inches="tight")
    plt.close(figure)
    return path
