"""The first page, and what every site has to say about itself."""

from __future__ import annotations

from starlette.responses import Response

from app.web.routes import Pages
from app.web.visits import Visit


def register(pages: Pages) -> None:
    """Register the front pages."""

    @pages.everybody("/")
    def front(visit: Visit) -> Response:
        if visit.member is None:
            return visit.page("front.html")
        done = visit.member.onboarding_status == "completed"
        return visit.to("/matches" if done else "/onboarding")

    @pages.everybody("/privacy")
    def privacy(visit: Visit) -> Response:
        return visit.page("privacy.html")

    @pages.everybody("/terms")
    def terms(visit: Visit) -> Response:
        return visit.page("terms.html")
