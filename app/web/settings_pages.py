"""What members control: whom they meet, how many, what is shown to whom, and letters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from starlette.responses import Response

from app.domain import disclosure as disclosures
from app.domain import notifications as kinds
from app.domain.disclosure import Disclosure
from app.domain.matching.rules import BUDGET, LARGEST_BUDGET
from app.errors import InvalidInputError, ReciprocityError
from app.services import disclosure, limits, member_rules, notifications, reports, visibility
from app.services.member_rules import TypedRules
from app.web.routes import Pages
from app.web.visits import Visit, whole_number

_REPORTS_SHOWN = 20


def register(pages: Pages) -> None:
    """Register the settings, reporting, and the link that stops letters."""
    pages.member("/settings")(_settings)
    pages.member("/settings/rules", "POST")(_rules)
    pages.member("/settings/pause", "POST")(_pause)
    pages.member("/settings/shown", "POST")(_shown)
    pages.member("/settings/letters", "POST")(_letters)
    pages.member("/settings/blocked/{user_id:uuid}/unblock", "POST")(_unblock)
    pages.member("/matches/{match_id:uuid}/report")(_report_form)
    pages.member("/matches/{match_id:uuid}/report", "POST")(_report)
    pages.everybody("/unsubscribe")(_unsubscribe_form)
    pages.everybody("/unsubscribe", "POST", from_mail=True)(_unsubscribe)


def _values(visit: Visit, rules: TypedRules | None = None) -> dict[str, Any]:
    me = visit.who.user_id
    with visit.side.databases.backend() as backend:
        return {
            "rules": rules or member_rules.typed(backend, me),
            "most": LARGEST_BUDGET,
            "shown": disclosure.of_member(backend, me),
            "paces": notifications.paces(backend, me),
            "blocked": visibility.blocked_by(backend, me),
            "reports": reports.of_member(backend, me, limit=_REPORTS_SHOWN),
            "reasons": reports.REASONS,
        }


def _settings(visit: Visit) -> Response:
    return visit.page("settings.html", problem="", **_values(visit))


def _rules(visit: Visit) -> Response:
    form, me = visit.form, visit.who.user_id
    wanted = TypedRules(
        me,
        form["places"].splitlines(),
        form["languages"].split(","),
        form["fields_wanted"].split(","),
        form["fields_unwanted"].split(","),
        form["people_unwanted"].splitlines(),
    )
    budget = whole_number(form["budget"].strip())
    wanted = replace(wanted, budget=-1 if budget is None else budget)
    try:
        with visit.side.databases.backend() as backend:
            member_rules.put(backend, wanted)
    except InvalidInputError as error:
        again = wanted if budget is not None else replace(wanted, budget=BUDGET)
        return visit.problem("settings.html", error, **_values(visit, again))
    return visit.to("/settings", "settings-saved")


def _pause(visit: Visit) -> Response:
    paused = visit.form["paused"] == "yes"
    with visit.side.databases.backend() as backend:
        visibility.pause(backend, visit.who.user_id, paused=paused)
    return visit.to("/settings", "paused" if paused else "resumed")


def _shown(visit: Visit) -> Response:
    try:
        chosen = Disclosure(
            **{part: disclosures.when(visit.form[part]) for part in disclosures.PARTS}
        )
    except InvalidInputError as error:
        return visit.problem("settings.html", error, **_values(visit))
    with visit.side.databases.backend() as backend:
        disclosure.put(backend, visit.who.user_id, chosen)
    return visit.to("/settings", "saved")


def _letters(visit: Visit) -> Response:
    try:
        wanted = {kind: kinds.pace(visit.form[kind]) for kind in kinds.KINDS}
    except InvalidInputError as error:
        return visit.problem("settings.html", error, **_values(visit))
    with visit.side.databases.backend() as backend:
        notifications.put(backend, visit.who.user_id, wanted)
    return visit.to("/settings", "saved")


def _unblock(visit: Visit, user_id: UUID) -> Response:
    with visit.side.databases.backend() as backend:
        visibility.unblock(backend, visit.who.user_id, user_id)
    return visit.to("/settings", "unblocked")


def _report_form(visit: Visit, match_id: UUID) -> Response:
    with visit.side.databases.backend() as backend:
        name = reports.name_of(backend, visit.who.user_id, match_id)
    return _report_page(visit, match_id, name)


def _report_page(visit: Visit, match_id: UUID, name: str, **more: Any) -> Response:
    return visit.page(
        "report.html",
        **{"problem": "", "text": "", "reason": ""} | more,
        reasons=reports.REASONS,
        match_id=match_id,
        name=name,
    )


def _report(visit: Visit, match_id: UUID) -> Response:
    side, form, me = visit.side, visit.form, visit.who.user_id
    with side.databases.backend() as backend:
        name = reports.name_of(backend, me, match_id)
    try:
        reports.report(side.databases, me, match_id, form["reason"], form["text"])
    except ReciprocityError as error:
        return _report_page(
            visit, match_id, name,
            status=error.status, problem=visit.told(error), text=form["text"], reason=form["reason"],
        )  # fmt: skip
    return visit.to("/settings", "reported")


def _unsubscribe_form(visit: Visit) -> Response:
    token = visit.request.query_params.get("token", "")
    everything = visit.request.query_params.get("all") == "yes"
    with visit.side.databases.backend() as backend:
        stopped = notifications.stops(backend, token).kinds
    return visit.page(
        "unsubscribe.html", token=token, kinds=stopped, everything=everything, done=False
    )


def _unsubscribe(visit: Visit) -> Response:
    """Stop letters, by the button of our page or by a mail program's one click (RFC 8058)."""
    limits.take(visit.side.databases, limits.LINK_PLACE, visit.place)
    token = visit.request.query_params.get("token", "") or visit.form["token"]
    everything = "yes" in {visit.form["all"], visit.request.query_params.get("all", "")}
    with visit.side.databases.backend() as backend:
        stopped = notifications.unsubscribe(backend, token, everything=everything)
    return visit.page("unsubscribe.html", token="", kinds=stopped, everything=everything, done=True)
