"""Draw small plots as SVG on the server: no script, colours by the style sheet, words for readers.

Every plot is one image to a screen reader, with its title; the page shows the same numbers as a
table beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

WIDTH: Final = 480
HEIGHT: Final = 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 26, 12, 44
_INNER_WIDTH: Final = WIDTH - _LEFT - _RIGHT
_INNER_HEIGHT: Final = HEIGHT - _TOP - _BOTTOM
_TICKS: Final = 5
_MOST_LABELS: Final = 11
_LEAST_RADIUS, _MOST_RADIUS = 3.0, 10.0

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axes:
    """Say what the two axes are called."""

    x: str
    y: str


def bars(title: str, axes: Axes, labels: Sequence[str], counts: Sequence[int]) -> Markup:
    """Draw counts as bars, each with its label below, as many labels as fit."""
    if len(labels) != len(counts):
        raise ValueError("a bar has one label and one count: give as many of each")
    ticks = _ticks(max(counts, default=0))
    top, step = ticks[-1], _INNER_WIDTH / max(1, len(counts))
    every = math.ceil(len(labels) / _MOST_LABELS) if labels else 1
    drawn = [_horizontal(value / top, f"{value:g}") for value in ticks]
    for index, (label, count) in enumerate(zip(labels, counts, strict=True)):
        x, height = _LEFT + index * step, _INNER_HEIGHT * count / top
        y = _TOP + _INNER_HEIGHT - height
        drawn.append(
            f'<rect class="bar" x="{x + step * 0.08:.1f}" y="{y:.1f}" width="{step * 0.84:.1f}"'
            f' height="{height:.1f}"/>'
        )
        if index % every == 0:
            drawn.append(_below(x + step / 2, label))
    return _svg(title, axes, drawn)


def lorenz(title: str, axes: Axes, curve: Sequence[Point]) -> Markup:
    """Draw a curve from (0, 0) to (1, 1) below the diagonal that equality would be."""
    drawn = [*_unit_grid(), _diagonal()]
    if curve:
        drawn.append(f'<polyline class="curve" points="{_path(curve)}"/>')
    return _svg(title, axes, drawn)


def calibration(title: str, axes: Axes, points: Sequence[tuple[float, float, int]]) -> Markup:
    """Draw points (foretold, happened, how many) beside the diagonal on which both are alike.

    A point's area grows with how many it stands for.
    """
    drawn = [*_unit_grid(), _diagonal()]
    most = max((count for _, _, count in points), default=1)
    if points:
        drawn.append(f'<polyline class="curve" points="{_path([(x, y) for x, y, _ in points])}"/>')
    for x, y, count in points:
        radius = max(_LEAST_RADIUS, _MOST_RADIUS * math.sqrt(count / most))
        across, down = _at((x, y))
        drawn.append(f'<circle class="point" cx="{across:.1f}" cy="{down:.1f}" r="{radius:.1f}"/>')
    return _svg(title, axes, drawn)


def _svg(title: str, axes: Axes, drawn: Sequence[str]) -> Markup:
    middle, foot = _LEFT + _INNER_WIDTH / 2, HEIGHT - 6
    half = _TOP + _INNER_HEIGHT / 2
    name = escape(title)
    head = f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{name}">'
    across = f'<text class="axis" x="{middle:.1f}" y="{foot}" text-anchor="middle">'
    turned = f'text-anchor="middle" transform="rotate(-90 12 {half:.1f})"'
    up = f'<text class="axis" x="12" y="{half:.1f}" {turned}>'
    axes_told = f"{across}{escape(axes.x)}</text>{up}{escape(axes.y)}</text>"
    told = f"{head}<title>{name}</title>{''.join(drawn)}{axes_told}</svg>"
    return Markup(told)  # noqa: S704 - every text in it was escaped above


def _at(point: Point) -> Point:
    x, y = (min(1.0, max(0.0, value)) for value in point)
    return _LEFT + x * _INNER_WIDTH, _TOP + (1.0 - y) * _INNER_HEIGHT


def _path(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in map(_at, points))


def _diagonal() -> str:
    return f'<polyline class="even" points="{_path([(0.0, 0.0), (1.0, 1.0)])}"/>'


def _unit_grid() -> list[str]:
    shares = [tick / _TICKS for tick in range(_TICKS + 1)]
    lines = [_horizontal(share, f"{share:.0%}") for share in shares]
    return lines + [_below(_at((share, 0.0))[0], f"{share:.0%}") for share in shares]


def _horizontal(share: float, label: str) -> str:
    y = _TOP + (1.0 - share) * _INNER_HEIGHT
    return (
        f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{WIDTH - _RIGHT}" y2="{y:.1f}"/>'
        f'<text class="tick" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{escape(label)}</text>'
    )


def _below(x: float, label: str) -> str:
    y = _TOP + _INNER_HEIGHT + 15
    return f'<text class="tick" x="{x:.1f}" y="{y}" text-anchor="middle">{escape(label)}</text>'


def _ticks(most: int) -> list[int]:
    """Choose round whole numbers from 0 to at least `most`."""
    rough = max(1.0, most / _TICKS)
    power = 10 ** math.floor(math.log10(rough))
    step = int(next(power * times for times in (1, 2, 5, 10) if power * times >= rough))
    return list(range(0, most + step, step)) if most else [0, 1]
