"""Keep how many of the best ten the couples' index finds, as it was measured last for each model."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the table."""
    op.execute(
        """
        CREATE TABLE index_recall (
            model text PRIMARY KEY,
            recall double precision NOT NULL CHECK (recall BETWEEN 0 AND 1),
            members integer NOT NULL CHECK (members > 0),
            measured_at timestamptz NOT NULL
        )
        """
    )


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TABLE index_recall")
