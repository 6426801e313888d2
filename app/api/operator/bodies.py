"""What operators' programs send and get, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.services.operator_actions import Action
from app.services.operator_reports import LONGEST_WORDS, Decision

Words = Annotated[str, Field(max_length=LONGEST_WORDS)]


class Body(BaseModel):
    """Be something that is sent: what is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """Be something that is given."""

    model_config = ConfigDict(from_attributes=True)


class Half(Answer):
    """Tell of one database: what it says it is, and whether it can be worked on."""

    ready: bool
    wrong: str
    name: str
    server: str
    version: str
    environment: str
    pair_id: UUID | None
    revision: str | None
    expected_revision: str
    guard_refusals: Annotated[int, Field(description="Counted by all processes that answer.")]


class Vectors(Answer):
    """Count vectors and what lacks them; null where a database did not answer."""

    model: str | None
    members_with_vectors: int | None
    summaries_without_vectors: int | None
    of_these_without_work: int | None
    orphans: int | None


class Outbox(Answer):
    """Count the work that is not done."""

    pending: int
    running: int
    dead: int
    oldest_seconds: float


class Run(Answer):
    """Tell of one matching run."""

    trigger: str
    state: str
    reason: str
    method: str
    model: str
    algorithm: str
    members: int
    eligible: int
    pairs: int
    removed: Mapping[str, Any]
    started_at: datetime
    seconds: float | None


class Overview(Answer):
    """Tell how the place is; counts are at most 15 seconds old."""

    status: Literal["ready", "degraded", "not ready"]
    wrong: Sequence[str]
    databases: Mapping[Literal["ai", "backend"], Half]
    way: Mapping[str, int | None]
    aside: Mapping[str, int]
    vectors: Vectors
    outbox: Outbox | None
    last_run: Run | None


class Found(Answer):
    """Tell of one member of a search's answer."""

    id: UUID
    email: str
    name: str
    onboarding_status: str
    is_active: bool
    allow_matching: bool


class Stage(Answer):
    """Tell how far one stage is, in words."""

    name: str
    state: Literal["done", "open", "waiting", "failed", "aside"]
    words: str


class Member(Answer):
    """Tell why a member has no matches, or these; `first` is the first stage that is not done."""

    id: UUID
    email: str
    name: str
    is_active: bool
    stages: Sequence[Stage]
    first: Stage | None
    outside: Mapping[str, int]
    removed: Mapping[str, int]
    left: int
    listed: int


class Again(Body):
    """Name the stage that is to be done again."""

    stage: Literal["embed", "match"]


class Why(Answer):
    """Tell what stands between two members, by a stable code and in words."""

    missing_id: UUID
    owner_id: UUID
    code: str
    words: str
    passed: Sequence[str]
    score: float | None
    place: int | None
    of: int | None
    listed: int
    list_ends_at: float | None


class Report(Answer):
    """Tell of one report."""

    id: UUID
    reporter_id: UUID | None
    about_id: UUID
    about: str
    about_active: bool
    reason: str
    text: str
    state: Literal["open", "handled"]
    outcome: str
    others: int
    created_at: datetime
    handled_by: str | None
    handled_at: datetime | None


class Reports(Answer):
    """Hold one page of reports, the oldest first; `next` is the cursor of the page after it."""

    items: Sequence[Report]
    next: str | None


class Verdict(Body):
    """Decide on a report; `words` go to the reported member, `answer` to whoever reported."""

    decision: Decision
    words: Words = ""
    answer: Words = ""


class Noted(Answer):
    """Tell of one thing that an operator did."""

    id: UUID
    operator_id: UUID | None
    operator: str | None
    action: Action
    about_id: UUID | None
    details: Mapping[str, Any]
    request: str
    at: datetime


class Log(Answer):
    """Hold one page of the audit log, the newest first."""

    items: Sequence[Noted]
    next: str | None
