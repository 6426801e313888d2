"""What a list of matches is made of, wherever it is read from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Listed:
    """Hold one match as one member sees it, both reasons in the words of those who said them."""

    match_id: UUID
    partner_id: UUID
    score: float
    worth: float
    tier: str
    method: str
    my_decision: str
    their_decision: str
    my_need: str
    their_offer: str
    my_gain: float
    their_need: str
    my_offer: str
    their_gain: float
    expires_at: datetime | None
    postponed_until: datetime | None
