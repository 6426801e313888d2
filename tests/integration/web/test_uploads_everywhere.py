"""Every way to send a file is judged by the file's content, never by its name or by what it is called."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from PIL import Image

from app.services import onboarding
from app.web import onboarding_pages, profile_pages
from app.web.site import pages
from tests.integration.web.conftest import PASSWORD, SERVICE_KEY, Browser, Members, NewBrowser
from tests.unit.adapters.test_documents import docx, paragraphs, pdf

# Route → the field of its file, and what it takes.
PAGES = {
    "/profile/picture": ("picture", "picture"),
    "/onboarding/document": ("document", "document"),
}
CALLS = {
    "PUT /api/member/v1/me/picture": ("picture", "picture"),
    "POST /api/member/v1/me/onboarding/documents": ("document", "document"),
    "POST /api/v1/onboarding/upload-resume": ("file", "document"),
}


def _picture(kind: str) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (40, 40), "teal").save(written, kind)
    return written.getvalue()


GOOD = {
    "picture": [_picture("JPEG"), _picture("PNG"), _picture("WEBP")],
    "document": [pdf("I teach piano"), docx(paragraphs("I teach piano to beginners"))],
}
# What no name makes a picture or a document.
BAD = [
    b"",
    b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    b"<html><script>alert(1)</script></html>",
    b"PK\x03\x04" + bytes(200),
    b"%PDF-1.7\n" + bytes(200),
    b"\xff\xd8\xff\xe0" + bytes(200),
]


def test_no_route_that_takes_files_is_missing_here(app: FastAPI) -> None:
    described = {
        f"{method.upper()} {path}"
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
        if "multipart/form-data" in operation.get("requestBody", {}).get("content", {})
    }
    assert described == set(CALLS)
    large = {
        "/profile/picture": profile_pages.LARGEST_UPLOAD,
        "/onboarding/document": onboarding_pages.LARGEST_UPLOAD,
    }
    assert set(large) == set(PAGES)
    posts = {one.path for one in pages(app.state.members).entries if one.method == "POST"}
    assert set(PAGES) <= posts


@pytest.fixture
def ann(new_browser: NewBrowser, members: Members) -> Browser:
    members.with_password("ann@example.org", "Ann")
    browser = new_browser().sign_in("ann@example.org")
    wish = {"email": "ann@example.org", "password": PASSWORD}
    token = browser.client.post("/api/member/v1/sessions", json=wish).json()["token"]
    browser.client.headers["Authorization"] = f"Bearer {token}"
    browser.client.headers["X-API-KEY"] = SERVICE_KEY
    return browser


def _ways(app: FastAPI, ann: Browser, takes: str) -> list[Any]:
    side = app.state.members
    me = ann.client.get("/api/member/v1/me").json()["user_id"]
    begun = onboarding.start(side.databases, side.reader, UUID(me))
    names = {"session_id": str(begun.session_id), "user_id": me}
    csrf = ann.csrf("/account")

    def way(method: str, path: str, field: str, more: dict[str, str]) -> Any:
        def send(content: bytes, name: str, kind: str) -> Any:
            return ann.client.request(
                method,
                path,
                files={field: (name, content, kind)},
                data={"csrf": csrf, "key": str(uuid4()), **more},
            )

        return send

    found = [way("POST", path, field, {}) for path, (field, what) in PAGES.items() if what == takes]
    for route, (field, what) in CALLS.items():
        if what == takes:
            method, path = route.split(" ")
            found.append(way(method, path, field, names))
    return found


@pytest.mark.parametrize("takes", ["picture", "document"])
def test_a_file_is_taken_or_refused_by_what_it_holds_whatever_it_is_called(
    app: FastAPI, ann: Browser, takes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.limits.take", lambda *_: None)
    other = "document" if takes == "picture" else "picture"
    for send in _ways(app, ann, takes):
        for content in GOOD[takes]:
            answer = send(content, "../../x.exe", "application/x-msdownload")
            assert answer.status_code in {200, 201, 204}, answer.text[:300]
        fine = {"picture": ("me.jpg", "image/jpeg"), "document": ("cv.pdf", "application/pdf")}[
            takes
        ]
        for content in [*BAD, GOOD[other][0]]:
            answer = send(content, *fine)
            assert answer.status_code == 422, (content[:20], answer.text[:300])
