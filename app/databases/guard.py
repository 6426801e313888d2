"""Wall six: no statement reaches a server that does not hold everything the statement names."""

from __future__ import annotations

from typing import Final

from app.databases import dictionary, vocabulary
from app.databases.errors import StatementRefusedError, UndeclaredError, WrongDatabaseError
from app.databases.grammar import Reference, references
from app.databases.names import Database

_REMEMBERED: Final = 4096
_SYSTEM_SCHEMAS: Final = frozenset({"pg_catalog", "information_schema"})


class Guard:
    """Judge every statement of one database's connections, once for each text.

    With `ddl`, statements that change the shape of this database's own tables pass as well.
    """

    def __init__(self, database: Database, *, ddl: bool = False) -> None:
        self.database = database
        self.ddl = ddl
        self._passed: dict[bytes, None] = {}

    def check(self, text: bytes) -> None:
        """Pass a statement, as it will be sent, or raise WrongDatabaseError before it is sent."""
        if text in self._passed:
            return
        for reference in references(text.decode()):
            self._judge(reference)
        if len(self._passed) >= _REMEMBERED:
            del self._passed[next(iter(self._passed))]
        self._passed[text] = None

    def _judge(self, reference: Reference) -> None:
        match reference.kind:
            case "statement":
                self._statement(reference)
            case "table":
                self._table(reference)
            case "setting":
                if (reference.name or "*").lower() not in vocabulary.SETTINGS:
                    raise StatementRefusedError(
                        f"SET {reference.name or '(a name known only when it runs)'} is refused: it"
                        " may move names or rights. Declare harmless ones in app/databases/"
                        "vocabulary.py."
                    )
            case "lock":
                self._lock(reference)
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
        if declared is None or reference.schema not in {"", "public"}:
            raise UndeclaredError(_undeclared("table", reference, self.database))
        if declared.database is not self.database:
            raise WrongDatabaseError(_wrong("table", name, declared.database, self.database))

    def _lock(self, reference: Reference) -> None:
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
        if reference.schema in _SYSTEM_SCHEMAS and name not in _plain(reference.kind):
            raise UndeclaredError(_undeclared(reference.kind, reference, self.database))
        owner = _owners(reference.kind).get(name)
        if owner is None and reference.schema not in {"", "public", "pg_catalog"}:
            raise UndeclaredError(_undeclared(reference.kind, reference, self.database))
        if owner is None and (name in _plain(reference.kind) or reference.kind == "operator"):
            return
        if owner is None:
            raise UndeclaredError(_undeclared(reference.kind, reference, self.database))
        if owner is not self.database:
            raise WrongDatabaseError(_wrong(reference.kind, name, owner, self.database))


def _owners(kind: str) -> dict[str, Database]:
    return {
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
    known = {
        "table": [entry.name for entry in dictionary.TABLES],
    }.get(kind) or [*_owners(kind), *_plain(kind)]
    name = reference.name or ""
    full = f"{reference.schema}.{name}" if reference.schema not in {"", name} else name
    close = dictionary.near(name, known)
    hint = f" Did you mean {close}?" if close and close != name else ""
    return (
        f"The {kind} {full} is declared for neither database, so nothing is sent to the {here}"
        f" database.{hint} Declare it in app/databases/ and migrate it, or mend the name."
    )
