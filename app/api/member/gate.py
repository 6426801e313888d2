"""Let in who carries a bearer token, and nobody else."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.bootstrap import MemberSide
from app.services import sessions
from app.services.sessions import SignedIn

BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="member",
    description="The token that POST /api/member/v1/sessions gives.",
)


class MissingTokenError(sessions.SignedOutError):
    """No token, or one that lets nobody in."""

    @property
    def headers(self) -> dict[str, str]:
        """Say how to sign in."""
        return {"WWW-Authenticate": "Bearer"}


def signed_in(
    request: Request,
    carried: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)],
) -> SignedIn:
    """Find who carries the token; raise MissingTokenError."""
    if carried is not None:
        with side_of(request).databases.backend() as backend:
            found = sessions.find(backend, carried.credentials, "bearer")
        if found is not None:
            return found
    raise MissingTokenError(
        "No token, or one that has ended. Sign in with POST /api/member/v1/sessions and send"
        " Authorization: Bearer TOKEN."
    )


def side_of(request: Request) -> MemberSide:
    """Give what the API of the members works with."""
    side: MemberSide = request.app.state.members
    return side


def place_of(request: Request) -> str:
    """Name where a request comes from, for limits."""
    return request.client.host if request.client else "unknown"


Side = Annotated[MemberSide, Depends(side_of)]
Place = Annotated[str, Depends(place_of)]
Who = Annotated[SignedIn, Depends(signed_in)]
