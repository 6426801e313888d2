import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from app.sample import community_path

Member = dict[str, Any]

TEXT_FIELDS = ("email", "first_name", "last_name", "headline", "place")
LIST_FIELDS = ("languages", "fields", "needs", "offers")
RUN_LENGTH = 5


def members() -> list[Member]:
    lines = community_path().read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def texts(member: Member) -> list[str]:
    return [*member["needs"], *member["offers"]]


def words(text: str) -> list[str]:
    without_marks = re.sub(r"[^\w\s]|_", "", text.lower())
    return without_marks.split()


def runs_in_more_than_two(all_texts: list[str]) -> dict[str, int]:
    places: defaultdict[str, set[int]] = defaultdict(set)
    for index, text in enumerate(all_texts):
        found = words(text)
        for start in range(len(found) - RUN_LENGTH + 1):
            places[" ".join(found[start : start + RUN_LENGTH])].add(index)
    return {run: len(seen) for run, seen in places.items() if len(seen) > 2}


def well_known_companies() -> set[str]:
    # A net for slips, not a register. Names that are also ordinary words are left out of it.
    path = Path(__file__).with_name("well_known_companies.txt")
    return set(path.read_text(encoding="utf-8").split())


def known_fits() -> dict[str, Any]:
    path = Path(__file__).with_name("known_fits.json")
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def test_the_community_has_at_least_132_members() -> None:
    assert len(members()) >= 132


def test_no_two_members_share_an_email_whatever_its_case() -> None:
    emails = [member["email"].lower() for member in members()]
    assert len(set(emails)) == len(emails)


def test_every_member_has_exactly_the_promised_fields() -> None:
    for member in members():
        assert set(member) == {*TEXT_FIELDS, *LIST_FIELDS}, member


def test_every_value_is_text_or_a_list_of_text_with_something_in_it() -> None:
    for member in members():
        for name in TEXT_FIELDS:
            value = member[name]
            assert isinstance(value, str), member["email"]
            assert value == value.strip(), (member["email"], name)
            assert value or name == "last_name", (member["email"], name)
        for name in LIST_FIELDS:
            assert isinstance(member[name], list), member["email"]
            assert all(isinstance(item, str) for item in member[name]), member["email"]
            assert all(item and item == item.strip() for item in member[name]), member["email"]
            assert len(set(member[name])) == len(member[name]) > 0, (member["email"], name)


def test_every_member_has_one_to_three_needs_and_one_to_three_offers() -> None:
    for member in members():
        assert 1 <= len(member["needs"]) <= 3, member["email"]
        assert 1 <= len(member["offers"]) <= 3, member["email"]


def test_a_place_is_a_city_and_a_country() -> None:
    for member in members():
        city, comma, country = member["place"].partition(", ")
        assert city, member["place"]
        assert comma, member["place"]
        assert country, member["place"]
        assert "," not in country, member["place"]


def test_languages_are_two_letter_codes() -> None:
    for member in members():
        assert all(re.fullmatch("[a-z]{2}", code) for code in member["languages"]), member


def test_the_members_come_from_at_least_25_countries_and_20_fields() -> None:
    countries = {member["place"].partition(", ")[2] for member in members()}
    fields = {field for member in members() for field in member["fields"]}
    assert len(countries) >= 25
    assert len(fields) >= 20


def test_names_that_software_gets_wrong_are_among_the_members() -> None:
    everybody = members()
    names = {f"{member['first_name']} {member['last_name']}".strip() for member in everybody}
    assert any(name.startswith("José ") for name in names)
    assert any("O'Brien" in name for name in names)
    assert any("(Annie)" in name for name in names)
    assert any(" " not in name for name in names)
    assert any(member["email"] != member["email"].lower() for member in everybody)


def test_no_five_words_in_a_row_stand_in_more_than_two_texts() -> None:
    all_texts = [text for member in members() for text in texts(member)]
    assert runs_in_more_than_two(all_texts) == {}


def test_the_five_word_rule_sees_through_case_and_punctuation() -> None:
    template = ["I'm looking for a mentor.", "im LOOKING for a mentor", "Im looking, for a mentor"]
    assert runs_in_more_than_two(template) == {"im looking for a mentor": 3}
    assert runs_in_more_than_two(template[:2]) == {}


def test_no_text_is_written_twice_and_none_is_too_short_to_mean_anything() -> None:
    all_texts = [text for member in members() for text in texts(member)]
    assert len(set(all_texts)) == len(all_texts)
    assert [text for text in all_texts if len(words(text)) < RUN_LENGTH] == []


def test_texts_differ_in_length_and_in_care_as_those_of_people_do() -> None:
    all_texts = [text for member in members() for text in texts(member)]
    lengths = [len(words(text)) for text in all_texts]
    assert min(lengths) <= 6
    assert max(lengths) >= 45
    assert sum(text[0].islower() for text in all_texts) >= 25


def test_every_email_is_in_the_domain_reserved_for_examples() -> None:
    for member in members():
        assert re.fullmatch(r"[A-Za-z0-9.+-]+@[a-z0-9-]+\.example", member["email"]), member[
            "email"
        ]


@pytest.mark.parametrize(
    "contact",
    [r"@", r"https?:", r"www\.", r"\+\d", r"\d[\d ()/-]{7,}\d", r"\w\.(com|org|net|io)\b"],
)
def test_no_text_holds_a_contact_of_anybody(contact: str) -> None:
    for member in members():
        for text in (*texts(member), member["headline"]):
            assert not re.search(contact, text), text


def test_no_well_known_company_is_named() -> None:
    companies = well_known_companies()
    assert len(companies) > 80
    for member in members():
        for text in (*texts(member), member["headline"], member["email"].partition("@")[2]):
            assert companies.isdisjoint(re.findall(r"\w+", text.lower())), text


def test_the_list_of_known_fits_names_members_only() -> None:
    emails = {member["email"] for member in members()}
    fits = known_fits()
    pairs = [*fits["obvious_mutual_pairs"], *fits["other_mutual_pairs"]]
    named = [email for pair in pairs for email in pair]
    named += [*fits["fits_the_protagonist_both_ways"], fits["protagonist"]]
    named += [*fits["fits_one_way_only"], *fits["fits_nobody"]]
    assert set(named) == emails
    assert len(named) == len(set(named))


def test_the_list_of_known_fits_has_every_kind_and_begins_with_the_protagonist() -> None:
    fits = known_fits()
    assert fits["protagonist"] == members()[0]["email"]
    assert len(fits["fits_the_protagonist_both_ways"]) >= 4
    assert len(fits["obvious_mutual_pairs"]) >= 12
    assert len(fits["obvious_mutual_pairs"]) + len(fits["other_mutual_pairs"]) >= 35
    assert len(fits["fits_one_way_only"]) >= 25
    assert len(fits["fits_nobody"]) >= 8
