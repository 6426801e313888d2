"""The operators' area speaks the operator's language, what it judges included; programs read English."""

from __future__ import annotations

from app.api.operator.router import PREFIX
from tests.integration.web.conftest import PASSWORD, Browser, Members, words


def test_operators_read_german_where_their_browser_asks_for_it(
    operator: Browser, members: Members
) -> None:
    ann, ben, _ = members.couple()
    operator.client.headers["accept-language"] = "de"
    operator.post("/language", "/account", language="de", back="/operator")
    page = words(operator.get(f"/operator/members/{ann}"))
    for german in (
        "Warum gibt es keine Vorstellungen",
        "Fassung 1 ist freigegeben.",
        "Von 1 anderen, die vermittelt werden können, bleiben 1 zur Auswahl.",
        "Die Liste enthält 1 Vorstellungen.",
    ):
        assert german in page, german
    for english in ("is approved", "The list holds", "The account exists", "others who can"):
        assert english not in page, english
    why = words(operator.get(f"/operator/why?missing={ben}&owner={ann}"))
    assert "Nichts: ben@example.org steht in der Liste von ann@example.org" in why
    for path in ("", "/audit", "/members?q=ann", "/reports", "/quality", "/outbox"):
        assert '<html lang="de">' in operator.get(f"/operator{path}")


def test_programs_read_the_same_words_in_english(operator: Browser, members: Members) -> None:
    ann, *_ = members.couple()
    wish = {"email": "op@example.org", "password": PASSWORD}
    token = operator.client.post("/api/member/v1/sessions", json=wish).json()["token"]
    told = operator.client.get(
        f"{PREFIX}/members/{ann}", headers={"Authorization": f"Bearer {token}"}
    ).json()
    assert "The list holds 1 introductions." in [one["words"] for one in told["stages"]]
