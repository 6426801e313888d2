"""Say, before anything else, which database this is."""

from __future__ import annotations

from alembic import context, op
from sqlalchemy import text

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE ai_identity (
            singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
            role text NOT NULL CHECK (role = 'ai'),
            environment text NOT NULL,
            pair_id uuid NOT NULL,
            marked_at timestamptz NOT NULL
        )
    """)
    marker = context.config.attributes["marker"]
    op.get_bind().execute(
        text("""
            INSERT INTO ai_identity (role, environment, pair_id, marked_at)
            VALUES ('ai', :environment, :pair_id, now())
        """),
        marker,
    )


def downgrade() -> None:
    op.execute("DROP TABLE ai_identity")
