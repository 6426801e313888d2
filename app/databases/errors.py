"""What the walls say when they stop something."""

from __future__ import annotations

from app.errors import ReciprocityError


class WrongDatabaseError(ReciprocityError):
    """A statement names something that does not live in the database it was about to be sent to."""

    code = "wrong_database"


class UndeclaredError(WrongDatabaseError):
    """A statement names something that the dictionary of the databases does not know at all."""

    code = "undeclared"


class StatementRefusedError(WrongDatabaseError):
    """A statement is of a kind whose reach cannot be known before it runs."""

    code = "statement_refused"


class IdentityError(ReciprocityError):
    """A database is not the one it was taken for, or does not say which one it is."""

    code = "database_identity"


class CrossDatabaseTransactionError(ReciprocityError):
    """A transaction of one database is open while the other one, or the network, is asked."""

    code = "cross_database_transaction"


class DatabaseUnavailableError(ReciprocityError):
    """A database cannot be reached, refuses the credentials, or has no connection to spare."""

    code = "database_unavailable"
    status = 503

    @property
    def headers(self) -> dict[str, str]:
        """Give the header that tells programs how many seconds to wait."""
        return {"Retry-After": "5"}


class DatabaseBusyError(ReciprocityError):
    """A statement took too long, or stood in the way of another one; nothing of it is done.

    Unlike a server that is away, this may be the statement's own fault: work that meets it is tried
    again as often as any that fails.
    """

    code = "database_busy"
    status = 503

    @property
    def headers(self) -> dict[str, str]:
        """Give the header that tells programs how many seconds to wait."""
        return {"Retry-After": "5"}
