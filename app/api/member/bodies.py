"""What members' programs send and get, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.domain.accounts import LONGEST_PASSWORD
from app.domain.decisions import LONGEST_NOTE, Choice
from app.domain.member_rows import LONGEST_EMAIL, LONGEST_FIELD, LONGEST_STATEMENT, MOST_STATEMENTS

Email = Annotated[str, Field(max_length=LONGEST_EMAIL, examples=["ann@example.org"])]
Password = Annotated[str, Field(max_length=LONGEST_PASSWORD, examples=["correct horse battery"])]
Name = Annotated[str, Field(max_length=LONGEST_FIELD, examples=["Ann"])]
Secret = Annotated[
    str,
    Field(
        max_length=200,
        description="The token of the link in the letter.",
        examples=["q3Jt0b5yZ0k2r7cF1mXvB8nLw4sHd6uPe9aGiOtRjQE"],
    ),
]
Text = Annotated[str, Field(max_length=LONGEST_STATEMENT, examples=["advice on my tax return"])]


class Body(BaseModel):
    """Be something that is sent: what is not known is refused."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Answer(BaseModel):
    """Be something that is given."""

    model_config = ConfigDict(from_attributes=True)


class NewAccount(Body):
    """Ask for an account."""

    email: Email
    password: Password
    first_name: Name
    last_name: Annotated[str, Field(max_length=LONGEST_FIELD)] = ""


class Sent(Answer):
    """Say that a letter is on its way, if there is anybody to write to."""

    detail: str = "If this address can receive it, a letter is on its way."


class Link(Body):
    """Open the link of a letter."""

    token: Secret


class SignIn(Body):
    """Sign in."""

    email: Email
    password: Password
    label: Annotated[str, Field(max_length=120, examples=["my calendar"])] = "A program"


class Carried(Answer):
    """Give the token that lets a program in."""

    token: str
    expires_at: datetime


class Address(Body):
    """Name an address."""

    email: Email


class NewPassword(Body):
    """Choose a password by the link of a letter."""

    token: Secret
    password: Password


class PasswordChange(Body):
    """Change the password."""

    current: Password
    password: Password


class AddressChange(Body):
    """Ask to change the address."""

    current: Password
    email: Email


class Session(Answer):
    """Tell of one session."""

    id: UUID
    kind: Literal["browser", "bearer"]
    label: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class Sessions(Answer):
    """Hold one page of sessions, the last used one first."""

    items: Sequence[Session]
    next: str | None


class Me(Answer):
    """Tell a member who they are here."""

    user_id: UUID
    email: str
    first_name: str
    last_name: str
    onboarding_status: Literal["not_started", "in_progress", "completed"]
    allow_matching: bool
    operator: bool


class Profile(Body):
    """Hold what a member tells beside needs and offers."""

    first_name: Name
    last_name: Annotated[str, Field(max_length=LONGEST_FIELD)] = ""
    headline: Annotated[str, Field(max_length=200)] = ""
    place: Annotated[str, Field(max_length=200, examples=["Lisbon"])] = ""
    languages: Annotated[list[str], Field(max_length=20, examples=[["English", "Português"]])] = []
    fields: Annotated[list[str], Field(max_length=20, examples=[["design"]])] = []
    links: Annotated[list[str], Field(max_length=20, examples=[["https://example.org"]])] = []


class Pause(Body):
    """Say whether introductions are wanted."""

    paused: bool


class Statements(Body):
    """Hold what a member needs and offers, in their words."""

    needs: Annotated[list[Text], Field(max_length=MOST_STATEMENTS)]
    offers: Annotated[list[Text], Field(max_length=MOST_STATEMENTS)]
    minor_needs: Annotated[
        list[Text] | None,
        Field(
            max_length=MOST_STATEMENTS,
            description="Those of `needs` that are nice to have, in the same words: they count a"
            " little less. Left out, each need counts as the same words did before; new ones in full.",
            examples=[[]],
        ),
    ] = None
    minor_offers: Annotated[
        list[Text] | None,
        Field(
            max_length=MOST_STATEMENTS,
            description="Those of `offers` that the member would rather not be asked for often;"
            " otherwise like `minor_needs`.",
            examples=[[]],
        ),
    ] = None


class Summary(Answer):
    """Hold the newest version of it; version 0 when there is none."""

    version: int
    status: Literal["", "draft", "approved"]
    needs: Sequence[str]
    offers: Sequence[str]
    minor_needs: Sequence[str]
    minor_offers: Sequence[str]


class Stage(Answer):
    """Tell how far one stage is."""

    name: Literal["approved", "reading", "matching"]
    state: Literal["waiting", "working", "done", "trying_again", "failed"]
    attempts: int
    reason: str


class Progress(Answer):
    """Tell how far the making of matches is."""

    finished: bool
    stages: Sequence[Stage]


class Gain(Answer):
    """Hold one half of a match: a need and the offer that answers it, in their people's words."""

    need: str
    offer: str


class Match(Answer):
    """Hold an introduction from this member's side; whether the other said yes is told with theirs."""

    match_id: UUID
    partner_id: UUID
    name: str
    headline: str
    place: str
    tier: str
    score: float
    part: Literal["open", "said_yes", "later", "talking"]
    expires_at: datetime | None
    postponed_until: datetime | None
    i_gain: Gain
    they_gain: Gain


class Matches(Answer):
    """Hold one page of matches, best first; `next` is the cursor of the page after it.

    `reason` says what the state comes from, or why the list is short. Of an approximate list,
    `recall` is the share of a member's ten best that the search found when it was measured last.
    """

    state: Literal["ready", "computing", "incomplete", "failed"]
    reason: str
    method: Literal["exact", "approximate"]
    recall: float | None
    items: list[Match]
    next: str | None


class Decision(Body):
    """Decide on an introduction."""

    choice: Choice
    reasons: Annotated[list[str], Field(max_length=10, examples=[["i_can_help"]])] = []
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] = ""


class Outcome(Answer):
    """Tell what a decision led to."""

    choice: Choice
    talking: bool


class Blocked(Answer):
    """Name somebody who is blocked."""

    user_id: UUID
    name: str
    since: datetime


class Blocks(Answer):
    """Hold one page of blocked members, the newest first."""

    items: Sequence[Blocked]
    next: str | None


class Problem(Answer):
    """Say what is wrong and what to do (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
