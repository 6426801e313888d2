"""Make the table in which whatever an operator sees of a member or changes is written down."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

UPGRADE = (
    # Both ids become NULL when their member is erased, and that is the only change a row ever sees:
    # the services' roles may add rows, and update nothing but these two columns.
    """
    CREATE TABLE operator_actions (
        id uuid PRIMARY KEY,
        operator_id uuid,
        action text NOT NULL CHECK (action <> ''),
        about_id uuid,
        details jsonb NOT NULL,
        request text NOT NULL,
        at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX operator_actions_at_idx ON operator_actions (at, id)",
    "CREATE INDEX operator_actions_about_id_idx ON operator_actions (about_id, at)",
    "CREATE INDEX operator_actions_operator_id_idx ON operator_actions (operator_id, at)",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE operator_actions")
