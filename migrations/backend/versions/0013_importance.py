"""Say of each need and each offer how much it counts: in full, or less."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"

TABLES = ("statements", "onboarding_items")


def upgrade() -> None:
    """Add the column; a constant default rewrites no table, and older code goes on without it."""
    for table in TABLES:
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN importance text NOT NULL DEFAULT 'main'"
            " CHECK (importance IN ('main', 'minor'))"
        )


def downgrade() -> None:
    """Drop the column."""
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} DROP COLUMN importance")
