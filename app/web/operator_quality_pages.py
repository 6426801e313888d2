"""Matching quality and exposure as plots, each with its numbers in a table beside it."""

from __future__ import annotations

from starlette.responses import Response

from app.services import operator_quality
from app.services.operator_quality import SCORE_BANDS
from app.web import plots
from app.web.routes import Pages
from app.web.visits import Visit


def register(pages: Pages) -> None:
    """Register the page of plots."""
    pages.operator("/operator/quality")(_quality)
    pages.operator("/operator/quality", "POST")(_measure)


def _measure(visit: Visit) -> Response:
    with visit.side.databases.backend() as backend:
        operator_quality.measure_anew(backend, visit.who.user_id)
    return visit.to("/operator/quality", "measured")


def _quality(visit: Visit) -> Response:
    with visit.side.databases.backend() as backend:
        kept = operator_quality.look(backend, visit.side.eyes.model)
    found = kept.figures
    bands = [f"{band / SCORE_BANDS:.2f}" for band in range(SCORE_BANDS)]
    lengths = dict(found.lengths)
    steps = range(max(lengths, default=0) + 1)
    return visit.page(
        "operator_quality.html",
        kept=kept,
        found=found,
        plots=plots,
        bands=bands,
        lengths=([str(step) for step in steps], [lengths.get(step, 0) for step in steps]),
        answers=[(one.mean_gain, one.yes / one.decided, one.decided) for one in found.answers],
    )
