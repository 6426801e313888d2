"""Forms are read to the letter, templates escape, and addresses stay inside the site."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.requests import Request

from app.domain.opening_lines import LONGEST_QUOTE, opening_lines
from app.errors import InvalidInputError
from app.web import forms
from app.web.rendering import HERE, assets, environment, filled
from app.web.routes import local_path
from app.web.visits import whole_number
from tests.loops import in_a_loop

FORM = "application/x-www-form-urlencoded"


def _read(body: bytes, kind: str = FORM) -> forms.Form:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}
    return in_a_loop(lambda: forms.read(Request(scope, receive)))


def test_a_form_is_read_as_typed_with_plain_line_ends() -> None:
    form = _read(b"need=a%26amp%3B%3Cb%3E&need=+two%0D%0Alines&empty=")
    assert form.every("need") == ["a&amp;<b>", " two\nlines"]
    assert form["empty"] == form["never sent"] == ""


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"a=%FF", FORM),
        (b"\xff", FORM),
        (b"a=1&" * 400, FORM),
        (b"{}", "application/json"),
        (b"a", "multipart/form-data"),
    ],
)
def test_what_is_no_form_of_the_site_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(InvalidInputError):
        _read(body, kind)


def test_more_than_any_form_holds_is_refused_before_it_is_all_read() -> None:
    with pytest.raises(forms.TooLargeError, match="at most 512 kB"):
        _read(b"a=" + b"x" * forms.LARGEST)


@pytest.mark.parametrize("wanted", ["/matches", "/conversations/x?before=3"])
def test_a_path_of_the_site_is_kept(wanted: str) -> None:
    assert local_path(wanted) == wanted


@pytest.mark.parametrize(
    "wanted", ["", "//x.example", "/\\x.example", "https://x.example", "x", "/a\r\nSet-Cookie: b"]
)
def test_a_way_out_of_the_site_is_dropped(wanted: str) -> None:
    assert local_path(wanted) == ""


@pytest.mark.parametrize(
    ("written", "number"),
    [("0", 0), ("12", 12), ("", None), ("-1", None), ("1.5", None), ("²", None), ("9" * 10, 2**31 - 1),
     ("9" * 5000, None)],
)  # fmt: skip
def test_a_number_in_an_address_is_one_or_is_none(written: str, number: int | None) -> None:
    assert whole_number(written) == number


def test_templates_escape_by_themselves() -> None:
    shown = filled("_problem.html", problem="<script>&amp;\"'")
    assert "&lt;script&gt;&amp;amp;&#34;&#39;" in shown


def _templates() -> list[Path]:
    return sorted((HERE / "templates").glob("*.html"))


@pytest.mark.parametrize("path", _templates(), ids=lambda path: path.name)
def test_a_template_can_be_read_and_asks_for_nothing_the_policy_forbids(path: Path) -> None:
    environment("en").get_template(path.name)
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|hx-on|hx-vals=.js|\|safe", text)
    for script in re.findall(r"<script[^>]*>", text):
        assert "src=" in script
    for form in re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL):
        # Mail programs send this one too: it may do what its own secret allows, and no more.
        assert 'name="csrf"' in form or 'action="/unsubscribe"' in form


@pytest.mark.parametrize("path", _templates(), ids=lambda path: path.name)
def test_every_word_of_a_template_can_be_translated(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"{%\s*trans\s*%}.*?{%\s*endtrans\s*%}", "", text, flags=re.DOTALL)
    text = re.sub(r"{[{%#].*?[}%#]}", "", text, flags=re.DOTALL)
    left = [words for words in re.findall(r">([^<>]*)<", text) if re.search(r"[A-Za-z]{2}", words)]
    assert left == []


def test_every_static_file_has_a_kind_and_a_version() -> None:
    assert {"style.css", "live.js", "icon.svg", "htmx.min.js"} <= set(assets())
    assert all(one.kind != "application/octet-stream" for one in assets().values())


def test_first_sentences_hold_both_peoples_words_and_cut_long_ones() -> None:
    lines = opening_lines(
        my_need="my  need.", their_offer="{their} offer", their_need="x " * 400, my_offer="my offer"
    )
    assert "“my need”" in lines[0]
    assert "“{their} offer”" in lines[0]
    assert all(len(line) < 3 * LONGEST_QUOTE for line in lines)
