"""What the scanner gives: one SQL statement, where it stands, and the database it is meant for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.databases.names import Database

StatementKind = Literal["execute", "executemany", "copy", "stream", "migration", "text"]


@dataclass(frozen=True, slots=True)
class SqlStatement:
    """Hold one SQL statement of a code base.

    `text` is the statement as psycopg sends it ($1 for each parameter); `written` is what stands in
    the code, with its own placeholders. `database` is where the code sends it; `either` says that it
    may go to both (`database` is None then); both unset means that the code does not say. `dynamic`
    marks a text of which a part is only known when it runs: that part reads `unknown`.
    """

    path: Path
    line: int
    column: int
    text: str
    database: Database | None
    either: bool
    dynamic: bool
    kind: StatementKind
    receiver: str = ""
    written: str = ""
    pattern: str = ""

    @property
    def databases(self) -> frozenset[Database]:
        """Name the databases it is declared for: none, one or both."""
        if self.either:
            return frozenset(Database)
        return frozenset() if self.database is None else frozenset({self.database})

    @property
    def known(self) -> bool:
        """Say whether at least a part of the text stands in the code."""
        return self.text.replace("unknown", "").strip() != ""

    @property
    def place(self) -> str:
        """Say where it stands, as compilers do."""
        return f"{self.path}:{self.line}:{self.column}"
