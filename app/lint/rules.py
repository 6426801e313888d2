"""The linter's rules, each with its code, what it finds and why that matters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Rule:
    """Describe one rule."""

    code: str
    name: str
    why: str
    wrong: str
    right: str


RULES: Final = (
    Rule(
        "RDB001",
        "SQL on the wrong connection",
        "The statement names a table of one database and runs on a connection to the other one. It"
        ' fails with "relation does not exist", or, where somebody swallows that, does nothing.',
        'conn = self.get_connection()\ncursor.execute("UPDATE users SET …")',
        'conn = self.get_backend_connection()\ncursor.execute("UPDATE users SET …")',
    ),
    Rule(
        "RDB002",
        "connection opened outside the adapter",
        "Only one module should know the two addresses: whoever else connects can take the wrong"
        " one, and no check that the adapter makes applies to it.",
        'psycopg2.connect(os.environ["DATABASE_URL"])',
        "adapter.get_connection()",
    ),
    Rule(
        "RDB003",
        "compose service with one of the two variables",
        "A service that is given the address of one database and not of the other starts, and fails"
        " later, in the first request that needs the missing one.",
        "environment:\n  DATABASE_URL: …",
        "environment:\n  DATABASE_URL: …\n  RECIPROCITY_BACKEND_DB_URL: …",
    ),
    Rule(
        "RDB004",
        "method that opens the other database",
        "get_connection() must open the AI database's address and get_backend_connection() the"
        " backend database's: swapped, every statement of the program is on the wrong one.",
        "def get_backend_connection(self):\n    return psycopg2.connect(self.database_url)",
        "def get_backend_connection(self):\n    return psycopg2.connect(self.backend_database_url)",
    ),
    Rule(
        "RDB005",
        "compose service with one address for both databases",
        "Both variables hold the same address, so one of the two databases is never reached.",
        "DATABASE_URL: postgresql://…/one\nRECIPROCITY_BACKEND_DB_URL: postgresql://…/one",
        "DATABASE_URL: postgresql://…/reciprocity_ai\n"
        "RECIPROCITY_BACKEND_DB_URL: postgresql://…/reciprocity_db",
    ),
    Rule(
        "RDB006",
        "file that cannot be read",
        "What cannot be parsed cannot be checked, and is not passed over in silence.",
        "def broken(:",
        "(mend the file, or leave it out with --exclude)",
    ),
)


def explained() -> str:
    """Write all rules out for a person to read."""
    parts = []
    for rule in RULES:
        wrong, right = (text.replace("\n", "\n           ") for text in (rule.wrong, rule.right))
        parts.append(
            f"{rule.code}  {rule.name}\n    {rule.why}\n    wrong: {wrong}\n    right: {right}\n"
        )
    parts.append(
        "A line that is right all the same takes a comment: # reciprocity: allow RDB001 (the reason)"
    )
    return "\n".join(parts)
