"""Put the member site together: its routes, its error pages, its headers."""

from __future__ import annotations

import logging
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.bootstrap import MemberSide
from app.errors import ReciprocityError
from app.web import (
    account_pages,
    conversation_pages,
    data_pages,
    development_pages,
    entrance_pages,
    front_pages,
    languages,
    live_pages,
    match_pages,
    onboarding_pages,
    operator_site,
    profile_pages,
    settings_pages,
    summary_pages,
)
from app.web.rendering import filled, static_file
from app.web.routes import Pages

log = logging.getLogger(__name__)

_SOURCES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
POLICY = "; ".join(f"{what} {where}" for what, where in _SOURCES.items())


class Headers:
    """Add to every answer what keeps a browser from doing more than the page means."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self.app, self.secure = app, secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the headers added."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = POLICY
                headers["X-Content-Type-Options"] = "nosniff"
                # Under no-referrer a browser would send our own forms without their origin.
                headers["Referrer-Policy"] = "same-origin"
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
                headers.setdefault("Cache-Control", "no-store")
                if self.secure:
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        await self.app(scope, receive, sending if scope["type"] == "http" else send)


def pages(side: MemberSide) -> Pages:
    """Register every page."""
    made = Pages(side)
    for module in (
        front_pages,
        entrance_pages,
        account_pages,
        profile_pages,
        settings_pages,
        data_pages,
        onboarding_pages,
        summary_pages,
        match_pages,
        conversation_pages,
        live_pages,
        operator_site,
    ):
        module.register(made)
    if side.site.development:
        development_pages.register(made)
    return made


def member_site(side: MemberSide) -> Starlette:
    """Make the site, to be mounted behind every other route."""
    routes = [*pages(side).routes, Route("/static/{name}", static_file, methods=["GET"])]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Headers, secure=side.site.secure)],
        exception_handlers={
            ReciprocityError: _told,
            HTTPException: _http,
            Exception: _unexpected,
        },
    )


def _told(request: Request, error: Exception) -> Response:
    if not isinstance(error, ReciprocityError):
        raise error
    status = error.status
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("%s %s: %s", request.method, request.url.path, error)
        told = "Something does not work on our side right now. Try again in a minute."
        told = str(error) if error.code == "no_mail" else told
        return _page(request, status, told)
    sentence = languages.told(languages.asked_for(request), error)
    return _page(request, status, sentence, getattr(error, "headers", None))


def _http(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 500)
    told = {
        404: "There is no such page here.",
        405: "This page cannot be used in this way.",
    }.get(status, "This request cannot be answered.")
    return _page(request, status, told, getattr(error, "headers", None))


def _unexpected(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _page(request, 500, "Something went wrong on our side.")


def _page(
    request: Request, status: int, told: str, headers: dict[str, str] | None = None
) -> Response:
    title = HTTPStatus(status).phrase
    if request.url.path.startswith("/api/"):
        code = "not_found" if status == HTTPStatus.NOT_FOUND else "http_error"
        body = {"type": f"urn:reciprocity:{code}", "title": title, "status": status}
        return JSONResponse(
            body | {"code": code, "detail": told},
            status_code=status,
            headers=headers,
            media_type="application/problem+json",
        )
    language = languages.asked_for(request)
    told = languages.translated(language, told)
    if request.headers.get("hx-request") == "true":
        text = filled("_problem.html", language, problem=told)
    else:
        title = languages.translated(language, title)
        text = filled("error.html", language, title=title, told=told)
    return HTMLResponse(text, status_code=status, headers=headers)
