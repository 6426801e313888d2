"""Send statements to the database that does not hold what they name, by every way there is."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import psycopg
from psycopg.pq import TransactionStatus

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.connections import DatabaseConnection
from app.databases.errors import CrossDatabaseTransactionError, WrongDatabaseError
from app.databases.names import Database
from app.embedded.home import project_folder
from app.lint.scanner import SqlStatement, scan
from app.score.ground import Ground, Thing
from app.score.model import Result, Wall
from app.score.shapes import ENTRY, OTHERS, SHAPES, Shape

_numbers = itertools.count(1)
_DDL: Final = re.compile(r"\s*(CREATE|ALTER|DROP|COMMENT|REINDEX|VACUUM|ANALYZE)\b", re.IGNORECASE)
_LOCK: Final = re.compile(r"pg_(?:try_)?advisory_\w*lock\w*\((\d+)")
LOCKS: Final = tuple(
    f"pg_{attempt}advisory_{scope}lock{mode}"
    for attempt in ("", "try_")
    for scope in ("", "xact_")
    for mode in ("", "_shared")
)


class Wires:
    """Hold one guarded connection of each kind, made by the adapter, and open it anew when it broke."""

    def __init__(self, adapter: PostgreSQLAdapter) -> None:
        self.adapter = adapter
        self._open: dict[tuple[Database, bool], DatabaseConnection] = {}
        self._stack = contextlib.ExitStack()

    def of(self, database: Database, *, ddl: bool = False) -> DatabaseConnection:
        """Give the connection to a database."""
        known = self._open.get((database, ddl))
        if known is None or known.closed:
            known = self._open[database, ddl] = self._connect(database, ddl=ddl)
        return known

    def drop_broken(self, database: Database, *, ddl: bool) -> None:
        """Let a connection go that did not come back to rest."""
        connection = self._open[database, ddl]
        if connection.info.transaction_status != TransactionStatus.IDLE:
            del self._open[database, ddl]
            connection.close()

    def _connect(self, database: Database, *, ddl: bool) -> DatabaseConnection:
        adapter = self.adapter
        if ddl and database is Database.AI:
            return self._stack.enter_context(adapter.migrating_ai())
        if ddl:
            return self._stack.enter_context(adapter.migrating_backend())
        if database is Database.AI:
            return adapter.get_connection()
        return adapter.get_backend_connection()

    def close(self) -> None:
        """Close everything."""
        for connection in self._open.values():
            connection.close()
        self._open.clear()
        self._stack.close()
        self.adapter.close()


def send(
    connection: DatabaseConnection, entry: str, text: str, *, autocommit: bool
) -> tuple[Wall | None, str]:
    """Send a text; tell which wall stopped it, or what the server said."""
    connection.autocommit = autocommit
    try:
        ENTRY[entry](connection, text)
    except CrossDatabaseTransactionError as error:
        return "one transaction", str(error)
    except WrongDatabaseError as error:
        return "guard", str(error)
    except psycopg.Error as error:
        return None, str(error).splitlines()[0]
    finally:
        if connection.info.transaction_status != TransactionStatus.IDLE:
            with contextlib.suppress(psycopg.Error):
                connection.rollback()
    return None, ""


def tried(
    wires: Wires,
    family: str,
    name: str,
    text: str,
    database: Database,
    *,
    entry: str = "execute",
    ddl: bool = False,
    right: bool = False,
) -> Result:
    """Send one numbered statement; `mark_reached` finds its number in the logs afterwards."""
    number = next(_numbers)
    tagged = f"{text} /* score {number} */"
    # A fault that got through would stay; a right use is rolled back.
    caught, note = send(wires.of(database, ddl=ddl), entry, tagged, autocommit=not right)
    wires.drop_broken(database, ddl=ddl)
    return Result(
        family, f"{name} on {database}", caught, right=right, note=note, text=text, number=number
    )


def mark_reached(ground: Ground, results: Iterable[Result]) -> None:
    """Note which numbered statements the servers logged."""
    seen = {int(number) for number in re.findall(r"/\* score (\d+) \*/", ground.since())}
    for result in results:
        if result.number:
            result.reached = result.number in seen


def tables(ground: Ground, wires: Wires, every: int = 1) -> Iterator[Result]:
    """Send every shape about every living table by every entry point to the other database."""
    step = itertools.count()
    for database, things in ground.living.items():
        for thing in (t for t in things if t.kind == "table"):
            for shape in SHAPES:
                yield from _shape(wires, database, thing, shape, step, every)


def others(ground: Ground, wires: Wires, every: int = 1) -> Iterator[Result]:
    """Do the same with sequences, types, operators, indexes and functions of one database only."""
    step = itertools.count()
    for database, things in ground.living.items():
        elsewhere = {(t.kind, t.name) for t in ground.living[database.other]}
        for thing in things:
            if (thing.kind, thing.name) in elsewhere:
                continue
            for shape in OTHERS.get(thing.kind, ()):
                if shape.verb == "index" and not _of_a_table(ground, database, thing):
                    continue  # an index that is not named after its table says nothing
                yield from _shape(wires, database, thing, shape, step, every)


def _of_a_table(ground: Ground, database: Database, index: Thing) -> bool:
    names = [t.name for t in ground.living[database] if t.kind == "table"]
    return any(index.name.startswith(f"{name}_") for name in names)


def _shape(
    wires: Wires,
    database: Database,
    thing: Thing,
    shape: Shape,
    step: Iterator[int],
    every: int,
) -> Iterator[Result]:
    text = shape.of(thing.name, thing.column)
    family = f"a living {thing.kind}, {shape.verb}, every entry point"
    for place, entry in enumerate(shape.entries):
        if next(step) % every:
            continue
        name = f"{shape.text} of {thing.name} by {entry}"
        yield tried(wires, family, name, text, database.other, entry=entry, ddl=shape.ddl)
        if shape.hostile or place > 1:
            continue
        same = "the same shapes on the right database"
        yield tried(wires, same, name, text, database, entry=entry, ddl=shape.ddl, right=True)


def own_code() -> list[SqlStatement]:
    """Read every statement of this code base."""
    root = project_folder()
    return scan([path for path in (root / "app", root / "migrations") if path.is_dir()])


def code(
    ground: Ground, wires: Wires, statements: list[SqlStatement], every: int = 1
) -> Iterator[Result]:
    """Send every statement of the code base to the other database, and to its own."""
    names = {d: {t.name for t in things} for d, things in ground.living.items()}
    for place, statement in enumerate(statements):
        if place % every or not statement.known:
            continue
        short = f"{_relative(statement.path)}:{statement.line}"
        ddl = statement.kind == "migration" or bool(_DDL.match(statement.text))
        entry = statement.kind if statement.kind in {"copy", "executemany", "stream"} else "execute"
        entry = "execute" if entry == "executemany" else entry  # its values are not at hand here
        only = (
            names[statement.database] - names[statement.database.other]
            if statement.database
            else set()
        )
        if statement.database and only & set(re.findall(r"[\w<>#=~%+-]+", statement.text)):
            yield tried(
                wires,
                "a statement of the code on the other connection",
                short,
                statement.text,
                statement.database.other,
                entry=entry,
                ddl=ddl,
            )
        if statement.dynamic:
            continue  # a part of it is known only when it runs
        for database in sorted(statement.databases):
            right = "a statement of the code on its own connection"
            yield tried(
                wires, right, short, statement.text, database, entry=entry, ddl=ddl, right=True
            )


def _relative(path: Path) -> Path:
    root = project_folder()
    return path.relative_to(root) if path.is_relative_to(root) else path


def signals(wires: Wires, statements: list[SqlStatement], every: int = 1) -> Iterator[Result]:
    """Take the other database's locks and channels: there they would be granted and do nothing."""
    keys: dict[str, set[Database]] = {}
    for statement in statements:
        for key in _LOCK.findall(statement.text):
            keys.setdefault(key, set()).update(statement.databases)
    owned = {key: next(iter(found)) for key, found in keys.items() if len(found) == 1}
    step = itertools.count()
    for key, database in sorted(owned.items()):
        for lock in LOCKS:
            for entry in ("execute", "stream", "pipeline"):
                if next(step) % every:
                    continue
                text = f"SELECT {lock}({key}, 1)"
                family = "a lock of the other database"
                yield tried(wires, family, f"{lock} by {entry}", text, database.other, entry=entry)
                yield tried(
                    wires,
                    "the same locks on the right database",
                    text,
                    text,
                    database,
                    entry=entry,
                    right=True,
                )
    for database in Database:
        channel = f"reciprocity_{database}"
        texts = (
            f"NOTIFY {channel}", f"NOTIFY {channel}, 'x'", f"LISTEN {channel}",
            f"UNLISTEN {channel}", f"SELECT pg_notify('{channel}', 'x')",
            f"SELECT 1; NOTIFY {channel}", "SELECT pg_advisory_lock(1)",
            "SELECT pg_try_advisory_lock(hashtext('x'))", "SELECT pg_notify($1, $2)",
        )  # fmt: skip
        for text in texts:
            for entry in ("execute", "pipeline"):
                family = "a channel of the other database, or one that cannot be told"
                yield tried(wires, family, text, text, database.other, entry=entry)
