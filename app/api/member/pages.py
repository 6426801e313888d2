"""Cut lists into pages: a cursor names the place after the last item that was given."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Query

from app.errors import InvalidInputError

Item = TypeVar("Item")
Cursor = Annotated[str | None, Query(max_length=300, description="The `next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=100)]
Place = tuple[datetime, UUID]


def moment_and_id(cursor: str | None) -> Place | None:
    """Read a cursor that names a moment and an id; raise InvalidInputError when it is none."""
    if cursor is None:
        return None
    try:
        at, one = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        moment = datetime.fromisoformat(at)
        place = (moment.astimezone(UTC), UUID(one)) if moment.tzinfo else None
    except (ValueError, TypeError, AttributeError, OverflowError, binascii.Error, RecursionError):
        place = None
    if place is None:
        raise InvalidInputError("This cursor is not one that a page before has given.")
    return place


def cut(
    found: Sequence[Item], limit: int, place: Callable[[Item], Place]
) -> tuple[Sequence[Item], str | None]:
    """Give the page out of `limit + 1` items that were read, and the cursor of the next one."""
    items = found[:limit]
    return items, written(*place(items[-1])) if len(found) > limit else None


def written(at: datetime, one: UUID) -> str:
    """Write a cursor."""
    place: list[Any] = [at.isoformat(), str(one)]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def page(
    found: Sequence[Item], place: Callable[[Item], Place], cursor: str | None, limit: int
) -> tuple[Sequence[Item], str | None]:
    """Give one page of a list that is read whole, newest first, and the cursor of the next one."""
    start = moment_and_id(cursor)
    ordered = sorted(found, key=lambda one: _order(place(one)))
    rest = [one for one in ordered if start is None or _order(place(one)) > _order(start)]
    return cut(rest[: limit + 1], limit, place)


def _order(place: Place) -> tuple[float, str]:
    return -place[0].timestamp(), str(place[1])
