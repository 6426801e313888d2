"""A member's own data, for programs: all of it, their picture, and leaving for good."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Response, UploadFile

from app.api.member.bodies import Answer, Body, Password
from app.api.member.gate import Side, Who
from app.api.member.once import Once
from app.errors import NotFoundError
from app.services import (
    departures,
    export,
    export_archive,
    limits,
    member_languages,
    member_pictures,
)

routes = APIRouter(route_class=Once)
_ZIP = {200: {"content": {"application/zip": {}}, "description": "The archive."}}
_JPEG = {200: {"content": {"image/jpeg": {}}, "description": "The picture."}}


class Leave(Body):
    """Confirm by the password that one wants to leave."""

    current: Password


class Leaving(Answer):
    """Say when everything is erased."""

    asked_at: datetime
    erase_at: datetime


class Picture(Answer):
    """Name the version of a picture; it is found at /pictures/{version}."""

    version: UUID


@routes.get("/me/export", response_class=Response, responses=_ZIP)  # type: ignore[arg-type] # what FastAPI documents
def everything(side: Side, who: Who) -> Response:
    """Give everything held about the member, as a ZIP of one page and JSON files."""
    limits.take(side.databases, limits.EXPORTS, str(who.user_id))
    with side.databases.backend() as backend:
        language = member_languages.of_member(backend, who.user_id)
    packed = export_archive.archive(export.everything(side.databases, who.user_id), language)
    told = {"Content-Disposition": f'attachment; filename="{export_archive.NAME}"'}
    return Response(packed, media_type="application/zip", headers=told)


@routes.get("/me/departure")
def departure(side: Side, who: Who) -> Leaving:
    """Say when the member is erased, if they have asked for it."""
    with side.databases.backend() as backend:
        found = departures.of_member(backend, who.user_id)
    if found is None:
        raise NotFoundError("You have not asked to be erased.")
    return Leaving.model_validate(found)


@routes.put("/me/departure")
def leave(body: Leave, side: Side, who: Who) -> Leaving:
    """Ask to be erased in seven days; asked again it stays as it was."""
    departures.ask(side.databases, side.site, who, body.current)
    side.post.ring()
    return departure(side, who)


@routes.delete("/me/departure", status_code=204)
def stay(side: Side, who: Who) -> None:
    """Take it back."""
    with side.databases.backend() as backend:
        departures.take_back(backend, who.user_id)


@routes.put("/me/picture")
def put_picture(picture: UploadFile, side: Side, who: Who) -> Picture:
    """Send a picture (JPEG, PNG or WebP, up to 5 MB): a small one is made of it."""
    made = member_pictures.put(side.databases, side.make_anew, who.user_id, picture.file.read())
    return Picture(version=made)


@routes.delete("/me/picture", status_code=204)
def remove_picture(side: Side, who: Who) -> None:
    """Remove the picture."""
    with side.databases.backend() as backend:
        member_pictures.remove(backend, who.user_id)


@routes.get("/pictures/{version}", response_class=Response, responses=_JPEG)  # type: ignore[arg-type] # what FastAPI documents
def picture(version: UUID, side: Side, who: Who) -> Response:
    """Give a picture that the member may see."""
    with side.databases.backend() as backend:
        body = member_pictures.seen_by(backend, who.user_id, version)
    return Response(body, media_type="image/jpeg", headers={"Cache-Control": "private, no-cache"})
