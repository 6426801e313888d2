"""Who visits a page, by which cookie, and with which proof that the form is ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.bootstrap import MemberSide
from app.errors import ReciprocityError
from app.services import conversations, member_languages, sessions
from app.services.sessions import SignedIn
from app.web import languages
from app.web.forms import Form
from app.web.rendering import filled

_VISITOR_SECONDS: Final = 24 * 3600
_LANGUAGE_SECONDS: Final = 365 * 24 * 3600
_DIGITS: Final = 10
_SAFE: Final = frozenset({"GET", "HEAD"})


class ForeignFormError(ReciprocityError):
    """A form was sent that this site did not give to this browser."""

    code = "foreign_form"
    status = HTTPStatus.FORBIDDEN


@dataclass(slots=True)
class Visit:
    """Hold one request for a page: who it is, what they sent, and what the answer needs."""

    request: Request
    side: MemberSide
    form: Form
    member: SignedIn | None
    secret: str
    known_visitor: bool
    unread: int = 0
    cookies: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def who(self) -> SignedIn:
        """Give who is signed in; raise SignedOutError when nobody is."""
        if self.member is None:
            raise sessions.SignedOutError("Sign in to see this page.")
        return self.member

    @property
    def place(self) -> str:
        """Name where the request comes from, for limits."""
        return self.request.client.host if self.request.client else "unknown"

    @property
    def language(self) -> str:
        """Give the language in which this browser is answered."""
        return languages.asked_for(self.request)

    def told(self, error: ReciprocityError) -> str:
        """Tell an error in the language of this browser."""
        return languages.told(self.language, error)

    @property
    def by_htmx(self) -> bool:
        """Say whether a part of a page is asked for and not a whole one."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def csrf(self) -> str:
        """Give the token for forms: made from the cookie, so that only this browser can know it."""
        made = hashlib.sha256(b"form of " + self.secret.encode()).digest()
        return base64.urlsafe_b64encode(made).decode().rstrip("=")

    @property
    def back(self) -> str:
        """Give the address to come back to: of this page, or of the one whose form was sent."""
        shown = self.request.url
        if self.request.method not in _SAFE:
            shown = _here(self.request.headers.get("referer", ""), shown.netloc)
        shown = shown.remove_query_params("said")
        return f"{shown.path}?{shown.query}" if shown.query else shown.path

    def number(self, name: str) -> int | None:
        """Read a whole number of the address; None when it is none."""
        return whole_number(self.request.query_params.get(name, ""))

    def check_form(self) -> None:
        """Raise ForeignFormError for a change that no form of ours in this browser asked for."""
        if self.request.method in _SAFE:
            return
        site = self.request.headers.get("sec-fetch-site", "same-origin")
        sent = self.form["csrf"] or self.request.headers.get("x-csrf-token", "")
        proved = self.known_visitor and hmac.compare_digest(sent.encode(), self.csrf.encode())
        if not proved or site not in {"same-origin", "none"}:
            raise ForeignFormError(
                "This form is too old or does not come from this site; nothing was changed. Open the"
                " page again and send it once more. The browser has to accept cookies of this site."
            )

    def page(
        self,
        template: str,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        **values: Any,
    ) -> Response:
        """Answer with a filled-in template."""
        text = filled(
            template,
            self.language,
            member=self.member,
            csrf=self.csrf,
            unread=self.unread,
            path=self.request.url.path,
            back=self.back,
            site=self.side.site,
            said=self.request.query_params.get("said", ""),
            **values,
        )
        response = HTMLResponse(text, status_code=status, headers=headers)
        if not self.known_visitor:
            set_cookie(self, response, "visitor", self.secret, _VISITOR_SECONDS)
        return response

    def problem(self, template: str, error: ReciprocityError, **values: Any) -> Response:
        """Answer with the same form, what was typed, and what is wrong with it."""
        return self.page(
            template,
            status=error.status,
            headers=getattr(error, "headers", None),
            problem=self.told(error),
            **values,
        )

    def to(self, path: str, said: str = "") -> Response:
        """Send the browser to another page after a change."""
        return RedirectResponse(f"{path}?said={said}" if said else path, status_code=303)

    def sign_in(self, user_id: UUID, response: Response) -> Response:
        """Start a session for this browser; its cookie travels with the response."""
        label = self.request.headers.get("user-agent", "")
        with self.side.databases.backend() as backend:
            token, _ = sessions.start(backend, user_id, "browser", label)
            language = member_languages.settle(backend, user_id, self.language)
        if languages.chosen_here(self.request) != language:
            # What was chosen before anybody was known gives way to what the account reads in.
            set_cookie(self, response, languages.COOKIE, language, _LANGUAGE_SECONDS)
        seconds = int(sessions.LIVES["browser"].total_seconds())
        set_cookie(self, response, "session", token.secret, seconds)
        set_cookie(self, response, "visitor", "", 0)
        return response

    def sign_out(self, response: Response) -> Response:
        """Take the session out of this browser, and what pages have kept in it."""
        set_cookie(self, response, "session", "", 0)
        response.headers["Clear-Site-Data"] = '"storage"'
        return response


def _here(address: str, site: str) -> URL:
    """Read the address that a form was sent from; the front page when it is not of this site."""
    try:
        sent_from = URL(address)
        return sent_from if sent_from.netloc == site else URL("/")
    except ValueError:
        return URL("/")


def whole_number(written: str) -> int | None:
    """Read a whole number from 0 to what PostgreSQL's integer holds; None when it is none."""
    if not (written.isascii() and written.isdigit() and len(written) <= _DIGITS):
        return None
    return min(int(written), 2**31 - 1)


def cookie_name(side: MemberSide, name: str) -> str:
    """Name a cookie; over https in the way that no other host of the domain can set."""
    return f"__Host-{name}" if side.site.secure else name


def set_cookie(visit: Visit, response: Response, name: str, value: str, seconds: int) -> None:
    """Set a cookie that no script and no foreign site's form can use; 0 seconds remove it."""
    response.set_cookie(
        cookie_name(visit.side, name),
        value,
        max_age=seconds,
        path="/",
        secure=visit.side.site.secure,
        httponly=True,
        samesite="lax",
    )


def arrive(side: MemberSide, request: Request, form: Form) -> Visit:
    """Find out who visits, in one transaction of its own."""
    secret = request.cookies.get(cookie_name(side, "session"), "")
    if secret:
        with side.databases.backend() as backend:
            member = sessions.find(backend, secret, "browser")
            unread = conversations.unread(backend, member.user_id) if member else 0
        if member is not None:
            return Visit(request, side, form, member, secret, known_visitor=True, unread=unread)
    visitor = request.cookies.get(cookie_name(side, "visitor"), "")
    return Visit(
        request,
        side,
        form,
        None,
        visitor or secrets.token_urlsafe(32),
        known_visitor=bool(visitor),
    )
