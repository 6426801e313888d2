"""Everything that operators do, by page or by program, leaves a row of the log with their name on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest
from fastapi import FastAPI

from app.api.operator.router import PREFIX
from app.databases.names import Database
from app.services import reports
from app.web.site import pages
from tests.conftest import Pair
from tests.integration.web.conftest import PASSWORD, Browser, Members

BACKEND = Database.BACKEND
# Route → the action that is noted. None: it shows figures of the whole place and nothing of a member.
NOTED: dict[str, str | None] = {
    "GET /operator": None,
    "GET /operator/quality": None,
    "GET /operator/audit": "log_read",
    "GET /operator/members": "members_searched",
    "GET /operator/members/{user_id:uuid}": "member_seen",
    "GET /operator/why": "pair_explained",
    "GET /operator/reports": "reports_seen",
    "GET /operator/reports/{report_id:uuid}": "report_seen",
    "GET /operator/outbox": "work_listed",
    "GET /operator/outbox/{number:int}": "work_seen",
    "POST /operator/quality": "quality_measured",
    "POST /operator/members/{user_id:uuid}/again": "match_again",
    "POST /operator/members/{user_id:uuid}/lift": "suspension_lifted",
    "POST /operator/reports/{report_id:uuid}": "member_warned",
    "POST /operator/outbox/{number:int}/again": "work_rerun",
    "POST /operator/outbox/{number:int}/discard": "work_discarded",
    "POST /operator/outbox/again": "work_rerun",
    "GET /overview": None,
    "GET /members": "members_searched",
    "GET /members/{user_id}": "member_seen",
    "POST /members/{user_id}/again": "match_again",
    "DELETE /members/{user_id}/suspension": "suspension_lifted",
    "GET /why": "pair_explained",
    "GET /reports": "reports_seen",
    "GET /reports/{report_id}": "report_seen",
    "PUT /reports/{report_id}/decision": "member_suspended",
    "GET /audit": "log_read",
}
ASKED = {
    "GET /operator/members": "?q=ann", "GET /members": "?q=ann",
    "GET /operator/why": "?missing=ann@example.org&owner=ben@example.org",
    "GET /why": "?missing=ann@example.org&owner=ben@example.org",
}  # fmt: skip
SENT = {
    "POST /operator/members/{user_id:uuid}/again": {"stage": "match"},
    "POST /operator/reports/{report_id:uuid}": {"decision": "warn"},
    "POST /members/{user_id}/again": {"stage": "match"},
    "PUT /reports/{report_id}/decision": {"decision": "suspend"},
}


@dataclass
class Place:
    """A place where an operator finds something to do for every route."""

    pair: Pair
    members: Members
    ann: UUID
    ben: UUID
    match_id: UUID

    def ready(self, route: str) -> str:
        """Bring about what a route needs; give its path."""
        dead = "UPDATE outbox SET state = 'dead', last_error = 'x' WHERE id = (SELECT max(id) FROM outbox)"
        self.pair.sql(BACKEND, dead)
        active = "false" if route.endswith(("/lift", "/suspension")) else "true"
        self.pair.sql(BACKEND, f"UPDATE users SET is_active = {active} WHERE id = '{self.ann}'")
        self.pair.sql(BACKEND, "DELETE FROM reports")
        report = reports.report(
            self.members.people.databases, self.ben, self.match_id, "spam", "sells pianos"
        )
        path = route.split(" ")[1]
        for name, value in {
            "user_id": self.ann,
            "report_id": report,
            "number": self.pair.sql(BACKEND, "SELECT max(id) FROM outbox"),
        }.items():
            for form in (f"{{{name}:uuid}}", f"{{{name}:int}}", f"{{{name}}}"):
                path = path.replace(form, str(value))
        return path + ASKED.get(route, "")

    def last(self) -> tuple[int, str]:
        """Count the rows of the log, and give the newest action that the operator is named with."""
        count = self.pair.sql(BACKEND, "SELECT count(*) FROM operator_actions")
        newest = self.pair.sql(
            BACKEND,
            "SELECT a.action FROM operator_actions a JOIN users u ON u.id = a.operator_id"
            " WHERE u.email = 'op@example.org' ORDER BY a.at DESC LIMIT 1",
        )
        return int(count), newest


@pytest.fixture
def place(members: Members, pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr("app.services.limits.take", lambda *_: None)
    ann, ben, match_id = members.couple()
    return Place(pair, members, ann, ben, match_id)


def test_no_route_for_operators_is_missing_here(app: FastAPI) -> None:
    entries = pages(app.state.members).entries
    found = [f"{one.method} {one.path}" for one in entries if one.audience == "operator"]
    found += [
        f"{method.upper()} {path.removeprefix(PREFIX)}"
        for path, methods in app.openapi()["paths"].items()
        if path.startswith(PREFIX)
        for method in methods
    ]
    assert sorted(found) == sorted(NOTED)
    assert all(NOTED[one] for one in NOTED if not one.startswith("GET")), "each change is noted"


def test_whatever_an_operator_does_leaves_its_row(operator: Browser, place: Place) -> None:
    client = operator.client
    csrf = operator.csrf("/account")
    wish = {"email": "op@example.org", "password": PASSWORD}
    token = client.post("/api/member/v1/sessions", json=wish).json()["token"]

    def by_page(method: str, path: str, sent: dict[str, str]) -> int:
        form = sent | {"csrf": csrf} if method == "POST" else None
        return client.request(method, path, data=form).status_code

    def by_program(method: str, path: str, sent: dict[str, str]) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        body = sent or None
        return client.request(method, PREFIX + path, json=body, headers=headers).status_code

    wrong = []
    for route, action in NOTED.items():
        method, plain = route.split(" ")
        ask: Callable[[str, str, dict[str, str]], int] = (
            by_page if plain.startswith("/operator") else by_program
        )
        path = place.ready(route)
        before, _ = place.last()
        status = ask(method, path, SENT.get(route, {}))
        after, newest = place.last()
        if status >= 400 or (action is None) != (after == before):
            wrong.append(f"{route} gave {status} and {after - before} rows")
        elif action is not None and not _noted(place, before, action):
            wrong.append(f"{route} noted {newest}")
    assert wrong == []


def _noted(place: Place, before: int, action: str) -> bool:
    rows = place.pair.sql(
        BACKEND,
        "SELECT string_agg(action, ' ') FROM (SELECT a.action FROM operator_actions a"
        " JOIN users u ON u.id = a.operator_id WHERE u.email = 'op@example.org'"
        f" ORDER BY a.at OFFSET {before}) fresh",
    )
    return action in rows.split()
