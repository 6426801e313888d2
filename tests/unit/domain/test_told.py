"""What is told is a plain text with its values in it, and another text in another language."""

from __future__ import annotations

from app.domain.told import Told

GERMAN = {
    "{count} needs": "{count} Bedarfe",
    "{what}, and more.": "{what}, und mehr.",
    "alone": "allein",
}


def _say(text: str) -> str:
    return GERMAN.get(text, text)


def test_it_is_the_sentence_with_its_values_wherever_a_text_is_wanted() -> None:
    told = Told("{count} needs", count=3)
    assert told == "3 needs"
    assert f"{told}!" == "3 needs!"


def test_what_stands_in_it_is_told_in_the_other_language_too_and_names_are_not() -> None:
    told = Told("{what}, and more.", what=Told("{count} needs", count=3))
    assert told.in_(_say) == "3 Bedarfe, und mehr."
    assert Told("{what}, and more.", what="alone").in_(_say) == "alone, und mehr."


def test_braces_that_somebody_typed_stay_as_they_are() -> None:
    assert Told("{what}, and more.", what="{count}").in_(_say) == "{count}, und mehr."
    assert Told("a {strange} text").in_(_say) == "a {strange} text"
    assert Told("").in_(_say) == ""
