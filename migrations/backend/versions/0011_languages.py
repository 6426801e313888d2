"""Keep the language a member reads, what a link stops, and the figures of matching quality.

A receipt remembers the language until its letter is written: the account is gone by then.
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"

UPGRADE = (
    """
    CREATE TABLE member_languages (
        user_id uuid PRIMARY KEY,
        language text NOT NULL CHECK (language ~ '^[a-z]{2}$'),
        updated_at timestamptz NOT NULL
    )
    """,
    "ALTER TABLE erasure_receipts ADD COLUMN language text NOT NULL DEFAULT 'en'",
    # Links in letters that were written before stop every kind, as they said.
    """
    ALTER TABLE unsubscribe_links ADD COLUMN kinds text[] NOT NULL
        DEFAULT '{introductions,opened,messages}'
    """,
    """
    CREATE TABLE measured_quality (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        figures jsonb NOT NULL,
        seconds double precision NOT NULL,
        measured_at timestamptz NOT NULL
    )
    """,
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE measured_quality")
    op.execute("ALTER TABLE unsubscribe_links DROP COLUMN kinds")
    op.execute("ALTER TABLE erasure_receipts DROP COLUMN language")
    op.execute("DROP TABLE member_languages")
