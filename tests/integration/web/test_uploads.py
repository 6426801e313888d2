"""Files that members send: pictures made anew and shown to whom they should be, résumés heard."""

from __future__ import annotations

import io
import re
from typing import Any

from PIL import Image

from app.web.profile_pages import LARGEST_UPLOAD
from tests.integration.web.conftest import Browser, Members, NewBrowser
from tests.unit.adapters.test_documents import pdf


def _send(browser: Browser, path: str, page: str, name: str, content: bytes, **more: str) -> Any:
    """Send a file of a page's form, named and called by the sender as something it is not."""
    return browser.client.post(
        path,
        data={"csrf": browser.csrf(page)} | more,
        files={name: ("../../etc/passwd", content, "text/html")},
    )


def _jpeg() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (800, 800), "teal").save(written, "JPEG", comment=b"where I live")
    return written.getvalue()


def _picture_of(page: str) -> str:
    found = re.search(r'src="(/pictures/[\w-]+)"', page)
    assert found is not None
    return found[1]


def test_a_picture_is_made_anew_and_seen_by_those_who_are_introduced_only(
    new_browser: NewBrowser, members: Members
) -> None:
    *_, match_id = members.couple()
    members.with_password("other@example.org", "Other")
    ann, ben, other = (
        new_browser().sign_in(f"{name}@example.org") for name in ("ann", "ben", "other")
    )
    saved = _send(ann, "/profile/picture", "/profile", "picture", _jpeg())
    assert "Your picture is saved." in saved.text
    path = _picture_of(saved.text)
    assert _picture_of(ben.get("/matches")) == path
    given = ben.client.get(path)
    assert given.headers["content-type"] == "image/jpeg"
    assert given.headers["cache-control"].startswith("private")
    assert b"where I live" not in given.content
    assert other.client.get(path).status_code == 404
    assert new_browser().client.get(path, follow_redirects=False).status_code == 303
    ann.post(
        "/settings/shown", "/settings", last_name="introduced", headline="introduced",
        place="introduced", about="introduced", picture="talking",
    )  # fmt: skip
    assert ben.client.get(path).status_code == 404
    assert "/pictures/" not in ben.get("/matches")
    for one in (ann, ben):
        one.post(f"/matches/{match_id}", "/matches", choice="yes")
    assert ben.client.get(path).status_code == 200
    ann.post("/profile/picture", "/profile", wish="remove")
    assert ben.client.get(path).status_code == 404


def test_what_is_no_picture_is_refused_on_the_page_whatever_its_name_says(
    new_browser: NewBrowser, members: Members
) -> None:
    members.with_password("ann@example.org", "Ann")
    ann = new_browser().sign_in("ann@example.org")
    refused = _send(ann, "/profile/picture", "/profile", "picture", b"<script>alert(1)</script>")
    assert refused.status_code == 422
    assert "no JPEG, PNG or WebP picture" in refused.text
    large = _send(ann, "/profile/picture", "/profile", "picture", b"\xff" * (LARGEST_UPLOAD + 1))
    assert large.status_code == 413
    assert "/pictures/" not in ann.get("/profile")


def test_a_file_without_the_token_of_this_browsers_forms_changes_nothing(
    new_browser: NewBrowser, members: Members
) -> None:
    members.with_password("ann@example.org", "Ann")
    ann = new_browser().sign_in("ann@example.org")
    refused = ann.client.post("/profile/picture", files={"picture": ("x", _jpeg(), "image/jpeg")})
    assert refused.status_code == 403
    assert "/pictures/" not in ann.get("/profile")


def test_a_resume_is_heard_like_a_message_once_and_a_hostile_one_told(
    new_browser: NewBrowser, members: Members
) -> None:
    members.with_password("ann@example.org", "Ann")
    ann = new_browser().sign_in("ann@example.org")
    resume = pdf("I can teach piano to beginners. I need help with my taxes.")
    page = ""
    for _ in range(2):
        sent = _send(ann, "/onboarding/document", "/onboarding", "document", resume, key="one")
        page = sent.text
    assert page.count("<p>I can teach piano to beginners. I need help with my taxes.</p>") == 1
    assert re.search(r'<li id="item-[^"]+">\s*<p>I can teach piano to beginners', page)
    for bad, told in (
        (b"PK\x03\x04not a document", "damaged"),
        (b"GIF89a", "neither a PDF nor a Word"),
        (b"", "There is no file in this"),
    ):
        refused = _send(ann, "/onboarding/document", "/onboarding", "document", bad)
        assert refused.status_code == 422
        assert told in refused.text
