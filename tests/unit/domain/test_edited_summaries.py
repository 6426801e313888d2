"""A summary is read back as it was written, also after somebody edited it."""

from __future__ import annotations

from app.domain.edited_summaries import read_back
from app.domain.statements import summary_text


def test_what_was_written_is_read_back() -> None:
    text = summary_text(["tax advice", "a partner"], ["piano lessons"], ["I live in Lyon"])
    found = read_back(text)
    assert found.needs == ("tax advice", "a partner")
    assert found.offers == ("piano lessons",)
    assert found.facts == ("I live in Lyon",)
    assert found.headed


def test_edits_of_any_usual_form_are_understood() -> None:
    found = read_back(
        "# Requirements:\n1. tax advice\n   for a small company\n* a partner\n\n\n"
        "### **Offerings** ###\n\nPiano lessons\n\n## Hobbies\n- sailing\n"
    )
    assert found.needs == ("tax advice for a small company", "a partner")
    assert found.offers == ("Piano lessons",)
    assert found.facts == ()


def test_a_text_without_our_headings_says_so() -> None:
    assert not read_back("I need help with taxes and I offer piano lessons.").headed
