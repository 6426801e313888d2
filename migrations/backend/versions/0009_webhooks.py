"""Make the tables of webhooks: to the backend beside this platform, and to operators' endpoints.

A delivery with no endpoint goes to that backend. What was told is kept, so that it can be shown,
and sent again; finished deliveries are forgotten with other finished work.
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"

UPGRADE = (
    """
    CREATE TABLE webhook_endpoints (
        id uuid PRIMARY KEY,
        url text NOT NULL UNIQUE,
        secret text NOT NULL,
        topics text[] NOT NULL,
        created_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE webhook_deliveries (
        id uuid PRIMARY KEY,
        number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
        endpoint_id uuid REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
        user_id uuid,
        kind text NOT NULL,
        body jsonb NOT NULL,
        state text NOT NULL
            CHECK (state IN ('waiting', 'sending', 'sent', 'failed', 'superseded')),
        attempts integer NOT NULL CHECK (attempts >= 0),
        status_code integer,
        last_error text,
        available_at timestamptz NOT NULL,
        give_up_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        finished_at timestamptz
    )
    """,
    """CREATE INDEX webhook_deliveries_open_idx ON webhook_deliveries (available_at)
       WHERE state IN ('waiting', 'sending')""",
    "CREATE INDEX webhook_deliveries_user_idx ON webhook_deliveries (user_id)",
    """
    CREATE TABLE webhook_attempts (
        delivery_id uuid NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
        attempt integer NOT NULL,
        status_code integer,
        error text,
        milliseconds integer NOT NULL,
        at timestamptz NOT NULL,
        PRIMARY KEY (delivery_id, attempt)
    )
    """,
    # What each member's set was when the backend was last told, so that the same is not told again.
    """
    CREATE TABLE told_matches (
        user_id uuid PRIMARY KEY,
        digest bytea NOT NULL,
        told_at timestamptz NOT NULL
    )
    """,
    # What the backend told of its members' decisions; its own tables are not ours to write.
    """
    CREATE TABLE backend_feedback (
        user_id uuid NOT NULL,
        subject_id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('match', 'chat', 'decision')),
        partner_id uuid,
        decision text NOT NULL,
        reason_tags text[] NOT NULL,
        reason_text text NOT NULL,
        attributes jsonb NOT NULL,
        milliseconds integer,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (user_id, subject_id, kind)
    )
    """,
    "CREATE INDEX backend_feedback_partner_idx ON backend_feedback (partner_id)",
    # Which calls were taken a moment ago: a call that is repeated is not carried out twice.
    """
    CREATE TABLE backend_calls (
        key bytea PRIMARY KEY,
        created_at timestamptz NOT NULL
    )
    """,
)

TABLES = (
    "backend_calls",
    "backend_feedback",
    "told_matches",
    "webhook_attempts",
    "webhook_deliveries",
    "webhook_endpoints",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
