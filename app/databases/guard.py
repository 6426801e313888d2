"""Wall six: no statement reaches a server that does not hold everything the statement names."""

from __future__ import annotations

import threading
from typing import Final

from app.databases import dictionary, refusals, vocabulary
from app.databases.errors import StatementRefusedError, UndeclaredError, WrongDatabaseError
from app.databases.grammar import Reference, references
from app.databases.names import Database

_REMEMBERED: Final = 4096
_LONGEST: Final = 16_384  # bytes; a longer text is mostly values, and read each time
_TABLE_OWNERS: Final = {entry.name: entry.database for entry in dictionary.TABLES}
_SCHEMAS: Final = frozenset({"", "public", "pg_catalog"})


class Guard:
    """Judge every statement of one database's connections, once for each text.

    With `ddl`, statements that change the shape of this database's own tables pass as well.
    """

    def __init__(self, database: Database, *, ddl: bool = False) -> None:
        self.database = database
        self.ddl = ddl
        self._passed: dict[bytes, None] = {}
        self._lock = threading.Lock()

    def check(self, text: bytes) -> None:
        """Pass a statement, as it will be sent, or raise WrongDatabaseError before it is sent."""
        if text in self._passed:
            return
        try:
            self._read(text)
        except WrongDatabaseError:
            refusals.count(self.database)
            raise
        if len(text) <= _LONGEST:
            self._remember(text)

    def _read(self, text: bytes) -> None:
        try:
            readable = text.decode()
        except UnicodeDecodeError as error:
            raise StatementRefusedError(
                f"The statement is not UTF-8 ({error.reason}); send such bytes as a parameter."
            ) from None
        for reference in references(readable):
            self._judge(reference)

    def _remember(self, text: bytes) -> None:
        with self._lock:
            if len(self._passed) >= _REMEMBERED:
                del self._passed[next(iter(self._passed))]
            self._passed[text] = None

    def _judge(self, reference: Reference) -> None:
        match reference.kind:
            case "statement":
                self._statement(reference)
            case "table":
                self._table(reference)
            case "target":
                self._target(reference)
            case "qualifier":
                self._qualifier(reference)
            case "index":
                self._index(reference)
            case "setting":
                if (reference.name or "*").lower() not in vocabulary.SETTINGS:
                    raise StatementRefusedError(
                        f"SET {reference.name or '(a name known only when it runs)'} is refused: it"
                        " may move names or rights. Declare harmless ones in app/databases/"
                        "vocabulary.py."
                    )
            case "lock":
                self._lock_key(reference)
            case _:
                self._declared(reference)

    def _statement(self, reference: Reference) -> None:
        if reference.name in vocabulary.STATEMENTS:
            return
        if reference.name in vocabulary.DDL_STATEMENTS:
            if self.ddl:
                return
            raise StatementRefusedError(
                f"{reference.name} changes the shape of the {self.database} database: that is done"
                f" by a migration in migrations/{self.database}, nowhere else."
            )
        raise StatementRefusedError(
            f"{reference.name} is refused: what it reaches cannot be known before it runs. Write"
            " the statement out."
        )

    def _table(self, reference: Reference) -> None:
        name = reference.name
        if name is None:
            raise StatementRefusedError(
                "A table is named by a value that is known only when the statement runs; name it in"
                " the text."
            )
        declared = dictionary.table(name)
        if reference.schema == "WITH":
            if declared is not None:
                raise StatementRefusedError(
                    f"WITH {name} hides the table {name} of the {declared.database} database; give"
                    " the query another name."
                )
            return
        if reference.schema == "information_schema":
            return
        if reference.schema in {"", "pg_catalog"} and name in vocabulary.CATALOGUES:
            return
        if declared is None and name in dictionary.SEQUENCES:
            self._declared(Reference("sequence", name, reference.schema))
            return
        if declared is None or reference.schema not in {"", "public"}:
            raise UndeclaredError(_undeclared("table", reference, self.database))
        if declared.database is not self.database:
            raise WrongDatabaseError(_wrong("table", name, declared.database, self.database))

    def _target(self, reference: Reference) -> None:
        """Judge a table that is written to: never a catalogue, some of which are settings."""
        if reference.name is not None and dictionary.table(reference.name) is None:
            raise UndeclaredError(_undeclared("table", reference, self.database))
        self._table(reference)

    def _qualifier(self, reference: Reference) -> None:
        """Judge a name that is only spoken of; one that nobody declared may mean anything."""
        name = reference.name or ""
        for kind in ("table", "sequence", "extension"):
            owner = _owners(kind).get(name)
            if owner is not None and owner is not self.database:
                raise WrongDatabaseError(_wrong(kind, name, owner, self.database))

    def _index(self, reference: Reference) -> None:
        """Judge an index by the table its name begins with; others cannot be told apart."""
        if reference.schema not in {"", "public"}:
            raise UndeclaredError(_undeclared("index", reference, self.database))
        name = reference.name or ""
        owners = [entry for entry in dictionary.TABLES if name.startswith(f"{entry.name}_")]
        if not owners:
            return
        owner = max(owners, key=lambda entry: len(entry.name)).database
        if owner is not self.database:
            raise WrongDatabaseError(_wrong("index", name, owner, self.database))

    def _lock_key(self, reference: Reference) -> None:
        text = reference.name or ""
        key = int(text) if text.isdigit() else None
        if key is None or key not in dictionary.LOCKS:
            raise UndeclaredError(
                "An advisory lock is taken without a declared first key: every database would grant"
                " it. Use the two-key form with a constant declared in app/databases/dictionary.py."
            )
        owner = dictionary.LOCKS[key]
        if owner is not None and owner is not self.database:
            raise WrongDatabaseError(_wrong("advisory lock", str(key), owner, self.database))

    def _declared(self, reference: Reference) -> None:
        name = reference.name
        if name is None:
            raise StatementRefusedError(
                f"A {reference.kind} is named by a value that is known only when the statement"
                " runs; name it in the text."
            )
        if reference.schema not in _SCHEMAS:
            raise UndeclaredError(_undeclared(reference.kind, reference, self.database))
        if reference.kind == "type" and dictionary.table(name) is not None:
            self._table(Reference("table", name, reference.schema))  # its rows' own type
            return
        owner = _owners(reference.kind).get(name)
        plain = name in _plain(reference.kind) or reference.kind == "operator"
        if owner is None and plain and reference.schema != "public":  # there it would be somebody's
            return
        if owner is None:
            raise UndeclaredError(_undeclared(reference.kind, reference, self.database))
        if owner is not self.database:
            raise WrongDatabaseError(_wrong(reference.kind, name, owner, self.database))


def _owners(kind: str) -> dict[str, Database]:
    return {
        "table": _TABLE_OWNERS,
        "index": _TABLE_OWNERS,
        "function": dictionary.FUNCTIONS,
        "type": dictionary.TYPES,
        "operator": dictionary.OPERATORS,
        "sequence": dictionary.SEQUENCES,
        "channel": dictionary.CHANNELS,
        "extension": dictionary.EXTENSIONS,
    }[kind]


def _plain(kind: str) -> frozenset[str]:
    return {"function": vocabulary.FUNCTIONS, "type": vocabulary.TYPES}.get(kind, frozenset())


def _wrong(kind: str, name: str, lives_in: Database, here: Database) -> str:
    return (
        f"The {kind} {name} lives in the {lives_in} database ({lives_in.default_name}), and this"
        f" connection reaches the {here} database ({here.default_name}). Use {lives_in.method}."
    )


def _undeclared(kind: str, reference: Reference, here: Database) -> str:
    known = [*_owners(kind), *_plain(kind)]
    name = reference.name or ""
    full = f"{reference.schema}.{name}" if reference.schema not in {"", name} else name
    close = dictionary.near(name, known)
    hint = f" Did you mean {close}?" if close and close != name else ""
    return (
        f"The {kind} {full} is declared for neither database, so nothing is sent to the {here}"
        f" database.{hint} Declare it in app/databases/ and migrate it, or mend the name."
    )
