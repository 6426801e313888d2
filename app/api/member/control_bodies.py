"""What members' programs send and get where members control things, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.api.member.bodies import Answer, Body
from app.domain.disclosure import When
from app.domain.matching.rules import BUDGET, LARGEST_BUDGET
from app.domain.notifications import Pace
from app.services.member_rules import LONGEST_ENTRY, LONGEST_PERSON, MOST_ENTRIES
from app.services.reports import LONGEST_TEXT

Entry = Annotated[str, Field(max_length=LONGEST_ENTRY)]
Entries = Annotated[Sequence[Entry], Field(max_length=MOST_ENTRIES)]
Person = Annotated[str, Field(max_length=LONGEST_PERSON)]
People = Annotated[Sequence[Person], Field(max_length=MOST_ENTRIES)]


class Rules(Body):
    """Say whom a member wants to meet; an empty list asks for nothing."""

    places: Annotated[Entries, Field(examples=[["Lisbon", "Spain"]])] = ()
    languages: Annotated[Entries, Field(examples=[["English"]])] = ()
    fields_wanted: Annotated[Entries, Field(examples=[["design"]])] = ()
    fields_unwanted: Annotated[Entries, Field(examples=[["recruiting"]])] = ()
    people_unwanted: Annotated[People, Field(examples=[["somebody@example.org"]])] = ()
    budget: Annotated[
        int,
        Field(ge=0, le=LARGEST_BUDGET, description="New introductions in one round, at most."),
    ] = BUDGET


class Disclosure(Body):
    """Say when each part is shown: to whoever is introduced, or once both have said yes."""

    last_name: Annotated[When, Field(examples=["talking"])] = "introduced"
    headline: When = "introduced"
    place: When = "introduced"
    picture: When = "introduced"
    about: When = "introduced"


class Notifications(Body):
    """Say how soon a member wants a letter about what."""

    introductions: Annotated[Pace, Field(examples=["weekly"])]
    opened: Annotated[Pace, Field(examples=["at_once"])]
    messages: Annotated[Pace, Field(examples=["daily"])]


class NewReport(Body):
    """Report somebody."""

    reason: Annotated[str, Field(max_length=40, examples=["spam"])]
    text: Annotated[str, Field(max_length=LONGEST_TEXT, examples=["They sell insurance."])] = ""


class Report(Answer):
    """Tell of a report; `outcome` is what those who run this place answered."""

    id: UUID
    match_id: UUID | None
    reason: str
    text: str
    state: str
    outcome: str
    created_at: datetime
    handled_at: datetime | None


class Reports(Answer):
    """Hold one page of reports, the newest first."""

    items: Sequence[Report]
    next: str | None
