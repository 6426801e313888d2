"""Keep how many of the best ten the couples' index found, as a run over everybody measured it."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the column; it is empty where nothing was asked through an index."""
    op.execute(
        "ALTER TABLE matching_runs ADD COLUMN recall double precision CHECK (recall BETWEEN 0 AND 1)"
    )


def downgrade() -> None:
    """Drop the column."""
    op.execute("ALTER TABLE matching_runs DROP COLUMN recall")
