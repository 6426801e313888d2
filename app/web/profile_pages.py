"""What a member tells about themselves beside needs and offers."""

from __future__ import annotations

from starlette.responses import Response

from app.errors import InvalidInputError
from app.services import member_profiles
from app.services.member_profiles import MemberProfile
from app.web.forms import Form
from app.web.routes import Pages
from app.web.visits import Visit


def register(pages: Pages) -> None:
    """Register the profile page."""

    @pages.member("/profile")
    def show(visit: Visit) -> Response:
        with visit.side.databases.backend() as backend:
            found = member_profiles.of_member(backend, visit.who.user_id)
        return visit.page("profile.html", problem="", profile=found)

    @pages.member("/profile", "POST")
    def change(visit: Visit) -> Response:
        wanted = _typed(visit.form)
        try:
            with visit.side.databases.backend() as backend:
                member_profiles.put(backend, visit.who.user_id, wanted)
        except InvalidInputError as error:
            return visit.problem("profile.html", error, profile=wanted)
        return visit.to("/profile", "saved")


def _typed(form: Form) -> MemberProfile:
    return MemberProfile(
        form["first_name"],
        form["last_name"],
        form["headline"],
        form["place"],
        form["languages"].split(","),
        form["fields"].split(","),
        form["links"].splitlines(),
    )
