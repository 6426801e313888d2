"""Plots are drawn true to their numbers, and their words are escaped."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from app.web import plots

AXES = plots.Axes("x <axis>", "y & axis")


def _drawn(svg: str, what: str) -> list[dict[str, str]]:
    return [one.attrib for one in ET.fromstring(svg) if one.tag == what]  # noqa: S314 - our own


def test_bars_are_as_high_as_their_counts_and_stand_on_one_line() -> None:
    bars = _drawn(plots.bars("Bars", AXES, ["a", "b", "c"], [0, 5, 10]), "rect")
    heights = [float(one["height"]) for one in bars]
    assert heights[0] == 0
    assert heights[2] == pytest.approx(2 * heights[1], abs=0.1)
    assert len({round(float(one["y"]) + float(one["height"]), 0) for one in bars}) == 1


def test_a_curve_stays_inside_the_axes_and_starts_and_ends_in_their_corners() -> None:
    svg = plots.lorenz("Curve", AXES, [(0.0, 0.0), (0.5, 0.1), (1.0, 1.0), (2.0, -1.0)])
    points = _drawn(svg, "polyline")[1]["points"].split()
    assert points[0] == _drawn(svg, "polyline")[0]["points"].split()[0]
    assert points[2] == _drawn(svg, "polyline")[0]["points"].split()[1]
    for point in points:
        x, y = map(float, point.split(","))
        assert 0 <= x <= plots.WIDTH
        assert 0 <= y <= plots.HEIGHT


def test_a_point_grows_with_what_it_stands_for() -> None:
    svg = plots.calibration("Points", AXES, [(0.2, 0.1, 1), (0.8, 0.9, 100)])
    small, large = (float(one["r"]) for one in _drawn(svg, "circle"))
    assert 0 < small < large


@pytest.mark.parametrize("counts", [[], [0], [1], [7, 123_456]])
def test_whatever_the_counts_are_the_grid_reaches_above_the_highest(counts: list[int]) -> None:
    svg = plots.bars("Bars", AXES, [str(n) for n in counts], counts)
    ticks = [int(n) for n in re.findall(r'text-anchor="end">(\d+)<', svg)]
    assert max(ticks) >= max(counts, default=0)
    assert 2 <= len(ticks) <= 8


def test_titles_and_axes_are_escaped_and_nothing_asks_for_styles_or_scripts() -> None:
    svg = plots.bars("<script>", AXES, ["<b>"], [1])
    assert "&lt;script&gt;" in svg
    assert "x &lt;axis&gt;" in svg
    assert "y &amp; axis" in svg
    assert "&lt;b&gt;" in svg
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", svg)


def test_bars_without_a_label_each_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="as many of each"):
        plots.bars("Bars", AXES, ["a"], [1, 2])
