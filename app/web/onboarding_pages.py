"""Onboarding as a conversation: what is said on one side, what was understood beside it."""

from __future__ import annotations

from typing import Final
from uuid import UUID, uuid4

from starlette.responses import Response

from app.domain.statements import Importance
from app.errors import ReciprocityError
from app.services import limits, onboarding, onboarding_completion, onboarding_corrections
from app.services.onboarding_view import Conversation
from app.web.forms import AROUND_FILE
from app.web.routes import Pages
from app.web.visits import Visit

LARGEST_UPLOAD: Final = 10 * 1024 * 1024 + AROUND_FILE


def register(pages: Pages) -> None:
    """Register the conversation and what corrects it."""
    pages.member("/onboarding")(_show)
    pages.member("/onboarding", "POST")(_say)
    pages.member("/onboarding/document", "POST", largest=LARGEST_UPLOAD)(_document)
    pages.member("/onboarding/items", "POST")(_add)
    pages.member("/onboarding/items/{item_id:uuid}", "POST")(_correct)
    pages.member("/onboarding/done", "POST")(_done)


def _page(
    visit: Visit, found: Conversation, *, status: int = 200, problem: str = "", typed: str = ""
) -> Response:
    return visit.page(
        "onboarding.html", status=status, talk=found, problem=problem, typed=typed, key=uuid4()
    )


def _begun(visit: Visit) -> Conversation:
    side = visit.side
    return onboarding.start(side.databases, side.reader, visit.who.user_id)


def _show(visit: Visit) -> Response:
    return _page(visit, _begun(visit))


def _refused(visit: Visit, error: ReciprocityError, typed: str = "") -> Response:
    return _page(visit, _begun(visit), status=error.status, problem=visit.told(error), typed=typed)


def _say(visit: Visit) -> Response:
    side, form = visit.side, visit.form
    limits.take(side.databases, limits.MESSAGES, str(visit.who.user_id))
    _begun(visit)
    try:
        onboarding.hear(
            side.databases,
            side.reader,
            visit.who.user_id,
            form["text"],
            client_key=form["key"][:100] or None,
        )
    except ReciprocityError as error:
        return _refused(visit, error, typed=form["text"])
    return visit.to("/onboarding")


def _document(visit: Visit) -> Response:
    side, form = visit.side, visit.form
    _begun(visit)
    try:
        onboarding.hear_document(
            side.databases,
            side.reader,
            side.text_of,
            visit.who.user_id,
            form.file("document"),
            client_key=form["key"][:100] or None,
        )
    except ReciprocityError as error:
        return _refused(visit, error)
    return visit.to("/onboarding")


def _add(visit: Visit) -> Response:
    side, form = visit.side, visit.form
    _begun(visit)
    try:
        onboarding_corrections.add(
            side.databases,
            side.reader,
            visit.who.user_id,
            kind=form["kind"],
            text=form["text"],
            client_key=form["key"][:100] or None,
        )
    except ReciprocityError as error:
        return _refused(visit, error)
    return visit.to("/onboarding")


def _correct(visit: Visit, item_id: UUID) -> Response:
    side, form, me = visit.side, visit.form, visit.who.user_id
    _begun(visit)
    try:
        if form["wish"] == "remove":
            onboarding_corrections.remove(side.databases, me, item_id)
        elif form["wish"] in {one.value for one in Importance}:
            onboarding_corrections.weigh(side.databases, me, item_id, Importance(form["wish"]))
        else:
            onboarding_corrections.change(
                side.databases, side.reader, me, item_id, kind=form["kind"], text=form["text"]
            )
    except ReciprocityError as error:
        return _refused(visit, error)
    return visit.to("/onboarding")


def _done(visit: Visit) -> Response:
    side = visit.side
    try:
        onboarding_completion.complete(side.databases, side.reader, visit.who.user_id)
    except ReciprocityError as error:
        return _refused(visit, error)
    return visit.to("/summary", "heard")
