"""The local outbox: letters that a development machine does not send."""

from __future__ import annotations

from starlette.responses import Response

from app.services import letters
from app.web.routes import Pages
from app.web.visits import Visit


def register(pages: Pages) -> None:
    """Register the outbox; called on development machines only."""

    @pages.everybody("/dev/mail")
    def mail(visit: Visit) -> Response:
        with visit.side.databases.backend() as backend:
            found = letters.newest(backend)
        return visit.page("mail.html", letters=found)
