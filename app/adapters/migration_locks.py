"""Wait for a table in short turns: whoever wants it after a migration that waits, waits as well."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import DBAPIError

from app.databases.connections import DatabaseConnection
from app.errors import ReciprocityError

log = logging.getLogger(__name__)

TURN: Final = "3s"  # for which a lock is waited for, and others behind it
TURNS: Final = 10
PAUSE: Final = 2.0  # seconds in which the others pass


class TableHeldError(ReciprocityError):
    """Somebody does not let go of a table that a migration changes."""

    code = "table_held"
    status = HTTPStatus.SERVICE_UNAVAILABLE


def patiently(connection: DatabaseConnection, migrate: Callable[[], None]) -> None:
    """Migrate, and begin anew from the revision that was reached while somebody holds a table.

    Each revision is a transaction: what was not reached was not begun. Raises TableHeldError after
    ten turns.
    """
    connection.execute("SELECT set_config('lock_timeout', %s, false)", (TURN,))
    connection.commit()
    for turn in range(1, TURNS + 1):
        if turn > 1:
            time.sleep(PAUSE)
        try:
            migrate()
        except DBAPIError as error:
            connection.rollback()
            if not isinstance(error.orig, LockNotAvailable):
                raise
            log.warning(
                "somebody holds a table of the %s database, turn %d", connection.database, turn
            )
        else:
            return
    raise TableHeldError(
        f"Somebody holds a table of the {connection.database} database that this migration changes,"
        f" and did not let go of it in {TURNS} turns of {TURN}. Nothing is half done. Its"
        " pg_stat_activity shows whose transaction is open; run this again when it has ended."
    )
