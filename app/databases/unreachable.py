"""Say why a database cannot be reached, and what to write instead, without its password."""

from __future__ import annotations

import socket
from typing import Final

import psycopg

from app import addresses
from app.databases.names import Database

# Names that exist inside Docker only, and what is meant by them on the host itself.
_INSIDE_DOCKER: Final = {
    "host.docker.internal": "localhost",
    "db": "localhost and the port that docker-compose.yml publishes (5433)",
    "backend-db": "localhost",
}


def unreachable(database: Database, address: str, error: psycopg.OperationalError) -> str:
    """Put a failed connect in words: the variable, the address, the reason, the remedy."""
    host = addresses.parts(address).get("host", "")
    where = f"the {database} database at {addresses.shown(address)} ({database.variable})"
    if host in _INSIDE_DOCKER and not _resolves(host):
        return (
            f"Cannot reach {where}: {host} is a name inside Docker containers and does not resolve"
            f" here. On the host itself write {_INSIDE_DOCKER[host]} in {database.variable}; in a"
            " container on Linux the service needs extra_hosts: host.docker.internal:host-gateway."
        )
    reason = addresses.without_password(" ".join(str(error).split()), address)
    return f"Cannot reach {where}: {reason}. Is the server up (`reciprocity status`), and the address right?"


# Shut down, crashed, starting up, too many connections, disk full, and a server that only reads.
_SERVERS_OWN: Final = frozenset({"57P01", "57P02", "57P03", "53300", "53100", "25006"})


def went_away(error: psycopg.Error, *, broken: bool) -> bool:
    """Say whether a statement failed for its server's sake, and not for its own."""
    return broken or error.sqlstate in _SERVERS_OWN


# A time-out of a statement or a lock, a deadlock, a clash, and no memory for one statement.
_BUSY: Final = frozenset({"57014", "55P03", "40P01", "40001", "53200"})


def was_busy(error: psycopg.Error) -> bool:
    """Say whether a statement failed for what else goes on, or how long it took."""
    return error.sqlstate in _BUSY


def too_busy(database: Database, error: psycopg.Error) -> str:
    """Put in words that a server did not do a statement in time."""
    return (
        f"The {database} database ({database.variable}) did not do a statement in time"
        f" ({type(error).__name__}, SQLSTATE {error.sqlstate}); nothing of its transaction is done. Try"
        " again; if it happens often, look at what the server is busy with, or raise"
        " DATABASE_STATEMENT_TIMEOUT."
    )


def cut_off(database: Database, error: psycopg.Error) -> str:
    """Put in words that a server went away in the middle of a transaction."""
    state = f" (SQLSTATE {error.sqlstate})" if error.sqlstate else ""
    return (
        f"The {database} database ({database.variable}) went away, or takes no more, in the middle of"
        f" a transaction: {type(error).__name__}{state}. Nothing of it is half done; if it was being"
        " committed, it may be done. Is the server up, and its disk not full (`reciprocity status`)?"
    )


def _resolves(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return False
    return True
