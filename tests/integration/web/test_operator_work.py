"""An operator looks at work, has what was given up done again, and every step of it is noted."""

from __future__ import annotations

from app.databases.names import Database
from tests.conftest import Pair
from tests.integration.web.conftest import Browser, Members, words

BACKEND = Database.BACKEND


def test_work_that_was_given_up_is_looked_at_mended_and_done_again(
    operator: Browser, members: Members, pair: Pair
) -> None:
    ann = members.join("Ann", ["tax poison"], ["piano lessons"])
    members.people.relay.look()
    pair.sql(BACKEND, "UPDATE outbox SET state = 'dead', attempts = 10")
    number = pair.sql(BACKEND, "SELECT id FROM outbox")
    page = f"/operator/outbox/{number}"
    listed = words(operator.get("/operator/outbox"))
    assert f"{number} embed ann@example.org" in listed
    assert "PoisonError" in words(operator.get(page))
    pair.sql(BACKEND, "UPDATE statements SET text = 'tax advice' WHERE kind = 'need'")
    assert "Due again, as if it were new" in operator.post(f"{page}/again", page)
    assert pair.sql(BACKEND, "SELECT state, attempts FROM outbox") == "pending|0"
    members.people.relay.look()
    assert "State done" in words(operator.get(page))
    operator.post(f"{page}/again", "/account", 409)
    log = words(operator.get("/operator/audit?action=work_rerun").partition("<tbody>")[2])
    assert f"op@example.org Had work done again Ann work: {number}, topic: embed" in log
    assert pair.sql(BACKEND, "SELECT DISTINCT about_id FROM operator_actions"
                             " WHERE action LIKE 'work%'") == str(ann)  # fmt: skip


def test_work_is_let_be_waiting_work_is_hurried_and_all_given_up_work_is_done_again(
    operator: Browser, members: Members, pair: Pair
) -> None:
    for name in ("Ann", "Ben", "Cleo"):
        members.join(name, ["x"], ["y"])
    ann, *others = pair.sql(BACKEND, "SELECT id FROM outbox ORDER BY id").split()
    pair.sql(BACKEND, "UPDATE outbox SET available_at = now() + interval '1 day'")
    page = f"/operator/outbox/{ann}"
    operator.post(f"{page}/again", page)
    assert pair.sql(BACKEND, "SELECT id FROM outbox WHERE available_at <= now()") == ann
    pair.sql(BACKEND, "UPDATE outbox SET state = 'dead', last_error = 'x'")
    operator.post(f"{page}/discard", page)
    operator.post(f"{page}/discard", page, 404)
    told = operator.post("/operator/outbox/again", "/operator/outbox")
    assert "All given-up work is due again" in told
    states = pair.sql(BACKEND, "SELECT state FROM outbox ORDER BY id").split()
    assert states == ["done", *["pending"] * len(others)]
