"""Make the table of members' rules: whom they want to meet, and how many at once.

Rules stand as the member typed them; how they are compared is the program's business.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE member_rules (
            user_id uuid PRIMARY KEY,
            places text[] NOT NULL,
            languages text[] NOT NULL,
            fields_wanted text[] NOT NULL,
            fields_unwanted text[] NOT NULL,
            people_unwanted text[] NOT NULL,
            budget integer NOT NULL CHECK (budget >= 0),
            updated_at timestamptz NOT NULL
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE member_rules")
