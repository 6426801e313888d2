"""What a member tells about themselves beside needs and offers, and their picture."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from starlette.responses import Response

from app.errors import InvalidInputError, ReciprocityError
from app.services import member_pictures, member_profiles
from app.services.member_profiles import MemberProfile
from app.web.forms import AROUND_FILE, Form
from app.web.routes import Pages
from app.web.visits import Visit

LARGEST_UPLOAD: Final = 5 * 1024 * 1024 + AROUND_FILE


def register(pages: Pages) -> None:
    """Register the profile page."""
    pages.member("/profile/picture", "POST", largest=LARGEST_UPLOAD)(_picture)
    pages.member("/pictures/{version:uuid}")(_seen)

    @pages.member("/profile")
    def show(visit: Visit) -> Response:
        return visit.page("profile.html", problem="", **_known(visit))

    @pages.member("/profile", "POST")
    def change(visit: Visit) -> Response:
        wanted = _typed(visit.form)
        try:
            with visit.side.databases.backend() as backend:
                member_profiles.put(backend, visit.who.user_id, wanted)
        except InvalidInputError as error:
            return visit.problem("profile.html", error, **_known(visit) | {"profile": wanted})
        return visit.to("/profile", "saved")


def _known(visit: Visit) -> dict[str, Any]:
    me = visit.who.user_id
    with visit.side.databases.backend() as backend:
        return {
            "profile": member_profiles.of_member(backend, me),
            "picture": member_pictures.version(backend, me),
        }


def _picture(visit: Visit) -> Response:
    side, me = visit.side, visit.who.user_id
    if visit.form["wish"] == "remove":
        with side.databases.backend() as backend:
            member_pictures.remove(backend, me)
        return visit.to("/profile", "picture-removed")
    try:
        member_pictures.put(side.databases, side.make_anew, me, visit.form.file("picture"))
    except ReciprocityError as error:
        return visit.problem("profile.html", error, **_known(visit))
    return visit.to("/profile", "picture-saved")


def _seen(visit: Visit, version: UUID) -> Response:
    with visit.side.databases.backend() as backend:
        body = member_pictures.seen_by(backend, visit.who.user_id, version)
    # The next one who sits at this browser may be somebody else.
    kept = {"Cache-Control": "private, max-age=600", "Vary": "Cookie"}
    return Response(body, media_type="image/jpeg", headers=kept)


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
