"""Hand many ids from one statement to the next as one text: as objects they are slow to read and write."""

from __future__ import annotations

from collections.abc import Collection
from typing import NewType
from uuid import UUID

IdArray = NewType("IdArray", str)  # as PostgreSQL writes it: {id,id}
Ids = Collection[UUID] | IdArray


def as_array(ids: Ids) -> IdArray:
    """Write ids as an array's text: psycopg would turn them into bytes one by one, slowly."""
    if isinstance(ids, str):
        return IdArray(ids)
    return IdArray("{" + ",".join([one.hex for one in ids]) + "}")
