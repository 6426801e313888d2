"""Register pages by who may see them: what nobody has opened is closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from app.bootstrap import MemberSide
from app.errors import NotFoundError
from app.web import forms
from app.web.visits import Visit, arrive

Audience = Literal["everybody", "member", "operator"]
Page = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Entry:
    """Say of one route who may use it."""

    method: str
    path: str
    audience: Audience


class Pages:
    """Collect the pages of the site; a page is a function of a visit and its path's values."""

    def __init__(self, side: MemberSide) -> None:
        self.side = side
        self.routes: list[BaseRoute] = []
        self.entries: list[Entry] = []

    def everybody(
        self, path: str, method: str = "GET", *, from_mail: bool = False
    ) -> Callable[[Page], Page]:
        """Register a page that needs no sign-in; `from_mail` takes forms of mail programs too.

        Such a form carries no token of ours: what it may do is what its own secret allows.
        """
        return self._register(path, method, "everybody", from_mail=from_mail)

    def member(
        self, path: str, method: str = "GET", *, largest: int = forms.LARGEST
    ) -> Callable[[Page], Page]:
        """Register a page for whoever is signed in; its form holds at most `largest` bytes."""
        return self._register(path, method, "member", largest=largest)

    def operator(self, path: str, method: str = "GET") -> Callable[[Page], Page]:
        """Register a page for those who run this place."""
        return self._register(path, method, "operator")

    def _register(
        self,
        path: str,
        method: str,
        audience: Audience,
        *,
        largest: int = forms.LARGEST,
        from_mail: bool = False,
    ) -> Callable[[Page], Page]:
        def register(page: Page) -> Page:
            async def endpoint(request: Request) -> Response:
                form = await forms.read(request, largest) if method == "POST" else forms.Form([])
                return await run_in_threadpool(
                    self._answer, page, audience, request, form, checked=not from_mail
                )

            self.routes.append(Route(path, endpoint, methods=[method]))
            self.entries.append(Entry(method, path, audience))
            return page

        return register

    def _answer(
        self,
        page: Page,
        audience: Audience,
        request: Request,
        form: forms.Form,
        *,
        checked: bool,
    ) -> Response:
        visit = arrive(self.side, request, form)
        if audience != "everybody" and visit.member is None:
            return signed_out(visit)
        if checked:
            visit.check_form()
        if audience == "operator" and not visit.who.operator:
            # Nobody else learns what there is to see.
            raise NotFoundError("There is no such page here.")
        values: dict[str, Any] = request.path_params
        return page(visit, **values)


def signed_out(visit: Visit) -> Response:
    """Send whoever is not signed in to sign in, and then back to where they wanted to go."""
    request = visit.request
    if visit.by_htmx:
        return Response(status_code=204, headers={"HX-Redirect": "/sign-in"})
    path = request.url.path if request.method == "GET" else ""
    return RedirectResponse(f"/sign-in?next={path}" if path else "/sign-in", status_code=303)


def local_path(wanted: str) -> str:
    """Give a path of this site, or nothing: never a way to another host."""
    local = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if local and wanted.isprintable() else ""
