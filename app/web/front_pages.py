"""The first page, and what every site has to say about itself."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from app.errors import InvalidInputError
from app.services import member_languages
from app.web.languages import COOKIE, LANGUAGES
from app.web.routes import Pages
from app.web.visits import Visit, set_cookie

_A_YEAR: Final = 365 * 24 * 3600


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

    @pages.everybody("/language", "POST")
    def language(visit: Visit) -> Response:
        if visit.form["language"] not in LANGUAGES:
            raise InvalidInputError("This site does not speak that language.")
        if visit.member is not None:
            with visit.side.databases.backend() as backend:
                member_languages.choose(backend, visit.member.user_id, visit.form["language"])
        path = visit.form["back"]
        # Only a page of this site: //elsewhere and /\\elsewhere are other sites to a browser.
        here = path.startswith("/") and path[1:2] not in {"/", "\\"}
        response = visit.to(path if here else "/")
        set_cookie(visit, response, COOKIE, visit.form["language"], _A_YEAR)
        return response
