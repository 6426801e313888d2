"""A member marks what counts less, and sees the matches that this changes; nobody else sees the mark."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.api.member.router import PREFIX
from app.databases.names import Database
from app.domain.statements import Kind
from app.repositories.backend import statements
from app.services import member_summaries, reconcile
from tests.conftest import Pair
from tests.integration.web.conftest import PASSWORD, Browser, Members, NewBrowser
from tests.people import People

# The second offer holds one word more than the need it answers: it fits a little less.
TAXES = "somebody who looks through my first tax return as a freelancer before june"
PIANO = "a patient teacher for slow piano lessons on saturday mornings near the harbour"
GARDEN = "help with the garden"


def _two_who_fit(people: People) -> tuple[UUID, UUID]:
    ben = people.join("Ben", [GARDEN], [TAXES])
    cleo = people.join("Cleo", [GARDEN], [f"{PIANO} gladly"])
    people.relay.look()
    return ben, cleo


def _item(page: str, words: str) -> str:
    found = re.search(rf'<li id="item-([\w-]{{36}})">\s*<p>{words}</p>', page)
    assert found is not None, page
    return f"/onboarding/items/{found[1]}"


def _pressed(page: str, words: str) -> bool:
    entry = page[page.index(f"<p>{words}</p>") :]
    found = re.search(r'aria-pressed="(true|false)"', entry)
    assert found is not None
    return found[1] == "true"


def _told_and_approved(ann: Browser, people: People) -> None:
    ann.post("/onboarding/done", "/onboarding")
    page = ann.get("/summary")
    fields: dict[str, Any] = {
        kind: re.findall(rf'name="{kind}"[^>]*>([^<]+)</t', page) for kind in ("need", "offer")
    }
    fields |= {
        f"minor-{kind}": re.findall(rf'name="minor-{kind}" value="(\d+)" checked', page)
        for kind in ("need", "offer")
    }
    assert "Your matches are being made" in ann.post(
        "/summary", "/summary", **fields, wish="approve"
    )
    people.relay.look()


def test_who_marks_a_need_as_nice_to_have_sees_the_other_needs_match_come_first(
    new_browser: NewBrowser, members: Members, pair: Pair
) -> None:
    people = members.people
    ben, cleo = _two_who_fit(people)
    ann_id = members.with_password("ann@example.org", "Ann")
    ann = new_browser().sign_in("ann@example.org")
    page = ""
    for key, (kind, words) in enumerate([("need", TAXES), ("need", PIANO), ("offer", GARDEN)]):
        page = ann.post("/onboarding/items", "/onboarding", kind=kind, text=words, key=str(key))
    assert not _pressed(page, TAXES)
    _told_and_approved(ann, people)
    assert people.partners_of(ann_id) == [ben, cleo]
    before = pair.sql(Database.BACKEND, "SELECT score FROM match_scores ORDER BY score")

    page = ann.post(_item(page, TAXES), "/onboarding", wish="minor")
    assert [_pressed(page, words) for words in (TAXES, PIANO, GARDEN)] == [True, False, False]
    _told_and_approved(ann, people)
    assert people.partners_of(ann_id) == [cleo, ben]
    assert pair.sql(Database.BACKEND, "SELECT score FROM match_scores ORDER BY score") != before
    with people.databases.backend() as backend:
        said = statements.approved(backend, [ann_id])[ann_id].statements
    assert [one.text for one in said if one.importance.weight < 1] == [TAXES]
    assert reconcile.reconcile(people.databases).equal

    # The reason that is shown is the couple that the score is made of, weight and all.
    rows = pair.sql(
        Database.BACKEND,
        "SELECT round(m.score::numeric, 9) = round(sqrt(a.gain * b.gain)::numeric, 9)"
        " FROM match_scores m JOIN match_reasons a USING (user_a_id, user_b_id)"
        " JOIN match_reasons b USING (user_a_id, user_b_id) WHERE a.gainer_id < b.gainer_id",
    )
    assert set(rows.split()) == {"t"}
    similar = pair.sql(Database.BACKEND, "SELECT max(similarity) FROM match_reasons r"
                       f" JOIN statements s ON s.id = r.need_id AND s.importance = 'minor'"
                       f" WHERE r.gainer_id = '{ann_id}'")  # fmt: skip
    assert float(similar) == pytest.approx(0.9, abs=1e-6)

    # Taken back, everything is as it was.
    page = ann.post(_item(page, TAXES), "/onboarding", wish="main")
    assert not _pressed(page, TAXES)
    _told_and_approved(ann, people)
    assert people.partners_of(ann_id) == [ben, cleo]
    assert pair.sql(Database.BACKEND, "SELECT score FROM match_scores ORDER BY score") == before


def test_boxes_of_the_form_are_marked_by_their_place_and_stay_marked(
    new_browser: NewBrowser, members: Members
) -> None:
    members.with_password("ann@example.org", "Ann")
    ann = new_browser().sign_in("ann@example.org")
    form: dict[str, Any] = {
        "need": ["", "tax", "law"],
        "offer": ["piano"],
        "minor-need": ["2", "nonsense"],
    }
    more = ann.post("/summary", "/summary", **form, wish="more-needs")
    assert re.findall(r'name="minor-need" value="(\d+)" checked', more) == ["1"]
    page = ann.post("/summary", "/summary", **form, wish="save")
    assert re.findall(r'name="minor-need" value="(\d+)" checked', page) == ["1"]
    assert re.findall(r'name="minor-offer" value="(\d+)" checked', page) == []
    assert "Version 1" in page
    assert "Version 1" in ann.post("/summary", "/summary", **form, wish="save")
    again = ann.post("/summary", "/summary", need=["tax", "law"], offer=["piano"], wish="save")
    assert "checked" not in again
    assert "Version 2" in again


def test_what_was_marked_stays_marked_through_corrections_and_a_new_conversation(
    new_browser: NewBrowser, members: Members
) -> None:
    ann_id = members.join("Ann", ["tax"], ["piano"])
    with members.people.databases.backend() as backend:
        member_summaries.put(backend, ann_id, ["tax"], ["piano"], minor_offers=["piano"])
    ann = new_browser().sign_in("ann@example.org")
    page = ann.get("/onboarding")
    assert [_pressed(page, words) for words in ("tax", "piano")] == [False, True]
    path = _item(page, "piano")
    page = ann.post(path, "/onboarding", kind="offer", text="slow piano", wish="change")
    assert _pressed(page, "slow piano")
    page = ann.post(path, "/onboarding", kind="fact", text="slow piano", wish="change")
    assert 'aria-pressed="true"' not in page
    ann.post(path, "/onboarding", wish="minor", status=404)
    assert not _pressed(
        ann.post(path, "/onboarding", kind="offer", text="slow piano", wish="change"), "slow piano"
    )


def test_the_mark_is_told_in_german_as_well(new_browser: NewBrowser, members: Members) -> None:
    members.with_password("ann@example.org", "Ann")
    ann = new_browser().sign_in("ann@example.org")
    ann.post("/language", "/summary", language="de", back="/summary")
    assert "Wäre schön" in ann.get("/summary")
    ann.post("/onboarding/items", "/onboarding", kind="offer", text="Klavier", key="one")
    assert "Nur ab und zu" in ann.get("/onboarding")


@pytest.fixture
def ann(app: FastAPI, members: Members) -> TestClient:
    members.couple()
    client = TestClient(app)
    answer = client.post(
        f"{PREFIX}/sessions", json={"email": "ann@example.org", "password": PASSWORD}
    )
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return client


def test_programs_set_and_see_the_importance_of_items(ann: TestClient) -> None:
    made = ann.post(
        f"{PREFIX}/me/onboarding/items",
        json={"kind": "need", "text": "a bicycle", "importance": "minor"},
    ).json()
    assert [one["importance"] for one in made["needs"]] == ["main", "minor"]
    item = f"{PREFIX}/me/onboarding/items/{made['needs'][1]['id']}"
    body = {"kind": "need", "text": "a red bicycle"}
    assert ann.put(item, json=body).json()["needs"][1]["importance"] == "minor"
    changed = ann.put(item, json=body | {"importance": "main"}).json()
    assert changed["needs"][1]["importance"] == "main"
    fact = ann.put(item, json={**body, "kind": "fact", "importance": "minor"}).json()
    assert [one["importance"] for one in fact["facts"]] == ["main"]
    assert ann.put(item, json=body | {"importance": "huge"}).status_code == 422


def test_programs_that_know_no_importance_lose_none(ann: TestClient) -> None:
    path = f"{PREFIX}/me/summary"
    said = {"needs": ["tax advice", "law"], "offers": ["piano lessons"]}
    first = ann.put(path, json=said | {"minor_needs": [" law "]}).json()
    assert (first["minor_needs"], first["minor_offers"]) == (["law"], [])
    assert ann.put(path, json=said).json() == first
    more = {"needs": ["garden", "law"], "offers": ["piano lessons"]}
    assert ann.put(path, json=more).json()["minor_needs"] == ["law"]
    cleared = ann.put(path, json=more | {"minor_needs": []}).json()
    assert cleared["minor_needs"] == []
    assert cleared["version"] == first["version"] + 2
    wrong = ann.put(path, json=more | {"minor_offers": ["law"]})
    assert wrong.status_code == 422
    assert "in the same words" in wrong.json()["detail"]


def test_the_other_member_never_sees_the_mark_and_the_archive_tells_it_to_whose_it_is(
    app: FastAPI, new_browser: NewBrowser, ann: TestClient, members: Members
) -> None:
    said = {"needs": ["tax advice"], "offers": ["piano lessons"], "minor_needs": ["tax advice"]}
    ann.put(f"{PREFIX}/me/summary", json=said)
    ann.put(f"{PREFIX}/me/summary/approval")
    members.people.relay.look()
    ben = new_browser().sign_in("ben@example.org")
    seen = ben.get("/matches")
    assert "tax advice" in seen
    token = TestClient(app).post(
        f"{PREFIX}/sessions", json={"email": "ben@example.org", "password": PASSWORD}
    ).json()["token"]  # fmt: skip
    listed = TestClient(app).get(f"{PREFIX}/matches", headers={"Authorization": f"Bearer {token}"})
    for told in (seen, listed.text):
        assert not re.search(r"minor|importance|nice to have", told, re.IGNORECASE)
    export = ann.get(f"{PREFIX}/me/export")
    rows = _archived(export.content)
    assert [(r["kind"], r["importance"]) for r in rows if r["text"] == "tax advice"][-1] == (
        Kind.NEED.value, "minor",
    )  # fmt: skip


def _archived(content: bytes) -> list[dict[str, str]]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        found: list[dict[str, str]] = json.loads(packed.read("data/statements.json"))
    return found
