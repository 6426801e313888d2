"""Make the tables that a NestJS backend on the same database has as well, in its shapes.

Ids and timestamps have no default there, so they have none here: whoever writes supplies them.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
SHARED = True  # where another backend has these tables, this revision is written down and not run

UPGRADE = (
    "CREATE TYPE users_onboarding_status_enum AS ENUM ('not_started', 'in_progress', 'completed')",
    "CREATE TYPE user_summaries_status_enum AS ENUM ('draft', 'approved')",
    """CREATE TYPE user_summaries_urgency_enum AS ENUM
       ('urgent', 'time_sensitive', 'ongoing', 'exploratory')""",
    "CREATE TYPE match_batches_status_enum AS ENUM ('draft', 'in_progress', 'completed')",
    "CREATE TYPE matches_decision_enum AS ENUM ('pending', 'approved', 'declined')",
    """
    CREATE TABLE users (
        id uuid PRIMARY KEY,
        role_id uuid,
        first_name text NOT NULL,
        last_name text NOT NULL,
        email text NOT NULL,
        objective text,
        onboarding_status users_onboarding_status_enum NOT NULL,
        is_active boolean NOT NULL,
        allow_matching boolean NOT NULL,
        is_email_verified boolean NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        deleted_at timestamptz
    )
    """,
    "CREATE UNIQUE INDEX users_email_key ON users (lower(email))",
    """
    CREATE TABLE user_summaries (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        status user_summaries_status_enum NOT NULL,
        summary text NOT NULL,
        version integer NOT NULL CHECK (version > 0),
        webhook boolean NOT NULL,
        urgency user_summaries_urgency_enum NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        UNIQUE (user_id, version)
    )
    """,
    """
    CREATE TABLE match_batches (
        id uuid PRIMARY KEY,
        data jsonb NOT NULL,
        status match_batches_status_enum NOT NULL,
        match_date timestamptz,
        created_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE matches (
        id uuid PRIMARY KEY,
        batch_id uuid NOT NULL REFERENCES match_batches (id),
        user_a_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        user_b_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        user_a_decision matches_decision_enum NOT NULL,
        user_b_decision matches_decision_enum NOT NULL,
        status matches_decision_enum NOT NULL,
        match_tier text,
        explanation jsonb,
        score_breakdown jsonb,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        UNIQUE (user_a_id, user_b_id),
        CONSTRAINT one_row_for_each_unordered_pair CHECK (user_a_id < user_b_id)
    )
    """,
    "CREATE INDEX matches_user_b_id_idx ON matches (user_b_id)",
    "CREATE INDEX matches_batch_id_idx ON matches (batch_id)",
    """
    CREATE TABLE match_feedback (
        match_id uuid NOT NULL REFERENCES matches (id) ON DELETE CASCADE,
        user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        decision text NOT NULL,
        reason_tags text[],
        reason_text text,
        other_user_attributes jsonb,
        PRIMARY KEY (match_id, user_id)
    )
    """,
    """
    CREATE TABLE messages (
        id uuid PRIMARY KEY,
        match_id uuid NOT NULL REFERENCES matches (id) ON DELETE CASCADE,
        sender_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        body text NOT NULL CHECK (body <> ''),
        created_at timestamptz NOT NULL,
        read_at timestamptz
    )
    """,
    "CREATE INDEX messages_match_id_idx ON messages (match_id, created_at)",
)

TABLES = ("messages", "match_feedback", "matches", "match_batches", "user_summaries", "users")
TYPES = (
    "matches_decision_enum",
    "match_batches_status_enum",
    "user_summaries_urgency_enum",
    "user_summaries_status_enum",
    "users_onboarding_status_enum",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
    for name in TYPES:
        op.execute(f"DROP TYPE {name}")
