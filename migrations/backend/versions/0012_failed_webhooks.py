"""Find webhooks that failed for good without reading those that were taken."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Index them."""
    op.execute(
        """CREATE INDEX webhook_deliveries_failed_idx ON webhook_deliveries (number)
           WHERE state = 'failed'"""
    )


def downgrade() -> None:
    """Drop the index."""
    op.execute("DROP INDEX webhook_deliveries_failed_idx")
