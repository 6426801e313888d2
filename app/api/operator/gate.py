"""Let in operators, and tell nobody else that there is anything."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from app.api.member.gate import Side, Who
from app.errors import NotFoundError
from app.services.sessions import SignedIn

__all__ = ["Operator", "Side", "operator"]


def operator(who: Who) -> SignedIn:
    """Give the operator who carries the token; raise NotFoundError for any other member."""
    if not who.operator:
        raise NotFoundError("There is nothing here.")
    return who


Operator = Annotated[SignedIn, Depends(operator)]
