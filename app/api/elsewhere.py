"""Answer for the members' faces where another backend keeps the accounts: refused, with the reason."""

from __future__ import annotations

from http import HTTPStatus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.api.problems import problem
from app.databases.ownership import elsewhere

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def closed_faces() -> Starlette:
    """Make what stands in the place of the members' pages and their API."""
    return Starlette(routes=[Route("/{path:path}", _refused, methods=_METHODS)])


async def _refused(request: Request) -> Response:
    path = request.url.path
    if path.startswith("/api/v1/"):  # the contract's own prefix: such a call does not exist
        return problem(HTTPStatus.NOT_FOUND, "not_found", f"There is no call {path}; see /docs.")
    error = elsewhere("Accounts are kept, and members' pages shown,")
    return problem(error.status, error.code, str(error))
