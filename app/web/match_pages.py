"""Whom a member could meet, why, and what they say to it."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from app.domain.decisions import REASONS, Choice
from app.errors import InvalidInputError
from app.services import decisions, introductions, member_list, visibility
from app.web.routes import Pages
from app.web.visits import Visit


def register(pages: Pages) -> None:
    """Register the list and its decisions."""
    pages.member("/matches")(_list)
    pages.member("/matches/{match_id:uuid}", "POST")(_decide)
    pages.member("/matches/{match_id:uuid}/block", "POST")(_block)


def _list(visit: Visit) -> Response:
    shown = visit.number("shown") or member_list.SHOWN
    with visit.side.databases.backend() as backend:
        found = member_list.look(backend, visit.who.user_id, shown)
    return visit.page("matches.html", list=found, reasons=REASONS, shown=shown + member_list.SHOWN)


def _decide(visit: Visit, match_id: UUID) -> Response:
    try:
        choice = Choice(visit.form["choice"])
    except ValueError:
        raise InvalidInputError("Choose yes, no or later.") from None
    # The page offers the reasons of all choices at once; those of the others do not count.
    reasons = [one for one in visit.form.every("reason") if one in REASONS[choice]]
    with visit.side.databases.backend() as backend:
        outcome = decisions.decide(
            backend,
            visit.who.user_id,
            match_id,
            choice,
            reasons=reasons,
            note=visit.form["note"],
        )
        name = introductions.name_of(backend, outcome.partner_id)
    if visit.by_htmx:
        return visit.page("_decided.html", outcome=outcome, match_id=match_id, name=name)
    if outcome.talking:
        return visit.to(f"/conversations/{match_id}", "opened")
    return visit.to("/matches", f"decided-{choice.value}")


def _block(visit: Visit, match_id: UUID) -> Response:
    with visit.side.databases.backend() as backend:
        visibility.block_partner(backend, visit.who.user_id, match_id)
    return visit.to("/matches", "blocked")
