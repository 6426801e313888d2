"""Taking everything along, and leaving for good: seven days, both databases, a receipt, a good end."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from app.databases import dictionary
from app.databases.names import Database
from app.repositories.backend import export as statements
from app.repositories.backend import letters
from app.services import caretaker, departures, export
from app.services.site import Site
from tests.conftest import Pair
from tests.integration.web.conftest import PASSWORD, Members, NewBrowser

NASTY = "<script>alert(1)</script> &amp; \"'"
SITE = Site("https://meet.example", development=False, keeps_accounts=True, sends_mail=True)
LATER = timedelta(days=7, minutes=1)


def _everything(packed: bytes) -> tuple[dict[str, Any], str]:
    with zipfile.ZipFile(io.BytesIO(packed)) as files:
        tables = {
            name.removeprefix("data/").removesuffix(".json"): json.loads(files.read(name))
            for name in files.namelist()
            if name.startswith("data/")
        }
        return tables, files.read("index.html").decode()


def test_every_personal_table_is_in_the_export() -> None:
    personal = {one.name for one in dictionary.tables_of(Database.BACKEND) if one.personal}
    assert personal - statements.STATEMENTS.keys() == set()
    declared = {one.name for one in dictionary.TABLES}
    assert statements.STATEMENTS.keys() - declared == set()


def test_a_table_that_nobody_wrote_a_statement_for_is_an_error_and_no_gap(
    members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = members.people.join("Ann", ["x"], ["y"])
    monkeypatch.delitem(statements.STATEMENTS, "profiles")
    with pytest.raises(export.NotExportedError, match="profiles"):
        export.everything(members.people.databases, ann)


def _talking(members: Members, new_browser: NewBrowser) -> tuple[Any, Any, str]:
    *_, match_id = members.couple()
    ann, ben = (new_browser().sign_in(f"{name}@example.org") for name in ("ann", "ben"))
    for one in (ann, ben):
        one.post(f"/matches/{match_id}", "/matches", choice="yes")
    talk = f"/conversations/{match_id}"
    ann.post(talk, talk, body=f"from ann {NASTY}", key="a")
    ben.post(talk, talk, body="from ben", key="b")
    return ann, ben, talk


def test_the_archive_holds_everything_readable_escaped_and_without_secrets(
    new_browser: NewBrowser, members: Members, pair: Pair
) -> None:
    ann, _, _ = _talking(members, new_browser)
    ann.post("/profile", "/profile", first_name=NASTY, headline="tuner")
    answer = ann.client.get("/your-data/everything.zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="everything-about-me.zip"'
    tables, page = _everything(answer.content)
    assert tables["users"][0]["first_name"] == NASTY
    assert {one["body"] for one in tables["messages"]} == {f"from ann {NASTY}", "from ben"}
    assert [one["text"] for one in tables["statements"]] == ["tax advice", "piano lessons"]
    assert {(one["table"], one["rows"]) for one in tables["vectors"]} == {
        ("member_vectors", 1), ("embeddings", 2), ("embedding_couples", 1)
    }  # fmt: skip
    assert "<script>" not in page
    assert "tuner" in page
    written = json.dumps(tables) + page
    assert "$argon2id$" not in written
    secret = pair.sql(Database.BACKEND, "SELECT encode(token_hash, 'hex') FROM sessions LIMIT 1;")
    assert secret not in written


def test_what_the_other_said_alone_is_not_in_the_archive(
    new_browser: NewBrowser, members: Members
) -> None:
    *_, match_id = members.couple()
    ann, ben = (new_browser().sign_in(f"{name}@example.org") for name in ("ann", "ben"))
    ben.post(f"/matches/{match_id}", "/matches", choice="yes")
    tables, _ = _everything(ann.client.get("/your-data/everything.zip").content)
    assert [one["my_decision"] for one in tables["matches"]] == ["pending"]
    assert "approved" not in json.dumps(tables["matches"])


def test_whoever_wants_to_leave_says_so_with_their_password_and_can_take_it_back(
    new_browser: NewBrowser, members: Members
) -> None:
    members.couple()
    ann, ben = (new_browser().sign_in(f"{name}@example.org") for name in ("ann", "ben"))
    assert "password" in ann.post("/your-data/erase", "/your-data", status=422, current="wrong")
    told = ann.post("/your-data/erase", "/your-data", current=PASSWORD)
    assert "Your account is erased on" in told
    assert "Your account is erased on" in ann.get("/matches")
    assert "Ann" not in ben.get("/matches")
    assert departures.carry_out(members.people.databases) == 0
    stays = ann.post("/your-data/stay", "/your-data")
    assert "nothing is erased" in stays
    assert "Your account is erased on" not in ann.get("/matches")
    assert "Ann" in ben.get("/matches")
    ann.post("/your-data/stay", "/your-data", status=404)
    at = datetime.now(UTC) + LATER
    assert departures.carry_out(members.people.databases, at) == 0


def test_after_seven_days_nothing_is_left_in_either_database_and_a_receipt_proves_it(
    new_browser: NewBrowser, members: Members, pair: Pair
) -> None:
    ann, _, _ = _talking(members, new_browser)
    databases = members.people.databases
    ann_id = pair.sql(Database.BACKEND, "SELECT id FROM users WHERE email = 'ann@example.org';")
    ann.post("/your-data/erase", "/your-data", current=PASSWORD)
    pair.sql(Database.BACKEND, "UPDATE departures SET erase_at = now();")
    caretaker.look(databases, SITE)
    assert ann.client.get("/matches", follow_redirects=False).status_code == 303
    members.people.relay.look()
    caretaker.look(databases, SITE)
    with databases.backend() as backend:
        letter = next(
            one for one in letters.newest(backend, limit=9) if one.subject == "You were erased"
        )
        letters.sent(backend, letter)
    assert letter.recipient == "ann@example.org"
    path = letter.body.partition("https://meet.example")[2].split()[0]
    page = new_browser().get(path)
    for table, rows in (("users", 1), ("statements", 2), ("embeddings", 2), ("messages", 2)):
        assert f'<td class="number">{rows}</td><th scope="row">{table}</th>' in page
        assert f"{rows}  {table} (" in letter.body
    for one in dictionary.TABLES:
        named = pair.sql(
            one.database,
            f"SELECT count(*) FROM {one.name} t WHERE t::text LIKE '%{ann_id}%'"
            " OR t::text LIKE '%ann@example.org%';",
        )
        assert named == "0" or one.name in {"erased_members", "outbox"}, one.name
    assert pair.sql(Database.AI, "SELECT count(*) FROM erased_members;") == "1"


def test_the_one_who_stays_keeps_their_words_and_sees_that_the_other_has_left(
    new_browser: NewBrowser, members: Members, pair: Pair
) -> None:
    ann, ben, talk = _talking(members, new_browser)
    ann.post("/your-data/erase", "/your-data", current=PASSWORD)
    departures.carry_out(members.people.databases, datetime.now(UTC) + LATER)
    page = ben.get(talk)
    assert "This member has left" in page
    assert "from ben" in page
    assert "from ann" not in page
    assert "from ann" not in repr(pair.contents())
    assert "Somebody who has left" in ben.get("/conversations")
    assert 'id="write"' not in page
    refused = ben.client.post(talk, data={"csrf": ben.csrf("/account"), "body": "hi", "key": "c"})
    assert refused.status_code == 409
    tables, _ = _everything(ben.client.get("/your-data/everything.zip").content)
    assert [one["body"] for one in tables["kept_messages"]] == ["from ben"]
    ben.post(f"{talk}/end", talk)
    assert ben.client.get(talk).status_code == 404


def test_a_receipt_that_does_not_exist_is_no_page(new_browser: NewBrowser) -> None:
    new_browser().get(f"/receipts/{uuid4()}", status=404)
