"""Find declined pairs of a few members without looking at all their pairs."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
SHARED = (
    True  # `matches` is another backend's where there is one, and keeps the indexes that it has
)

DECLINED = "user_a_decision = 'declined' OR user_b_decision = 'declined'"
COLUMNS = ("user_a_id", "user_b_id")


def upgrade() -> None:
    """Add an index for either side; few pairs are in it."""
    for column in COLUMNS:
        op.execute(
            f"CREATE INDEX matches_declined_{column}_idx ON matches ({column}) WHERE {DECLINED}"
        )


def downgrade() -> None:
    """Drop both."""
    for column in COLUMNS:
        op.execute(f"DROP INDEX matches_declined_{column}_idx")
