"""Make the log of onboarding, and what is derived from it: needs, offers and facts."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

UPGRADE = (
    # One for each member, for good: whoever comes back goes on where they were.
    """
    CREATE TABLE onboarding_sessions (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL UNIQUE,
        progress integer NOT NULL CHECK (progress BETWEEN 0 AND 100),
        rules_set boolean NOT NULL,
        created_at timestamptz NOT NULL,
        completed_at timestamptz
    )
    """,
    # The log. `asked` is the question that a message asks or answers, `read_at` says that
    # statements were derived from it, `reply_to` which message the platform answers.
    """
    CREATE TABLE onboarding_messages (
        id uuid PRIMARY KEY,
        session_id uuid NOT NULL REFERENCES onboarding_sessions (id) ON DELETE CASCADE,
        user_id uuid NOT NULL,
        position integer NOT NULL CHECK (position > 0),
        author text NOT NULL CHECK (author IN ('member', 'platform')),
        source text NOT NULL CHECK (source IN ('chat', 'document')),
        text text NOT NULL CHECK (text <> ''),
        asked text NOT NULL,
        asked_item uuid,
        client_key text,
        reply_to uuid UNIQUE REFERENCES onboarding_messages (id) ON DELETE CASCADE,
        read_at timestamptz,
        read_by text,
        created_at timestamptz NOT NULL,
        UNIQUE (session_id, position),
        UNIQUE (session_id, client_key)
    )
    """,
    "CREATE INDEX onboarding_messages_user_id_idx ON onboarding_messages (user_id)",
    # What was understood. `origin` member marks what the member wrote, changed or removed: no
    # derivation touches it, and a removed row stays so that it is not derived again.
    """
    CREATE TABLE onboarding_items (
        id uuid PRIMARY KEY,
        session_id uuid NOT NULL REFERENCES onboarding_sessions (id) ON DELETE CASCADE,
        user_id uuid NOT NULL,
        message_id uuid REFERENCES onboarding_messages (id) ON DELETE CASCADE,
        start integer,
        stop integer,
        kind text NOT NULL CHECK (kind IN ('need', 'offer', 'fact')),
        aspect text NOT NULL,
        text text NOT NULL CHECK (btrim(text) <> ''),
        confidence double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
        vague boolean NOT NULL,
        origin text NOT NULL CHECK (origin IN ('derived', 'member')),
        created_at timestamptz NOT NULL,
        removed_at timestamptz,
        CHECK ((message_id IS NULL) = (start IS NULL) AND (start IS NULL) = (stop IS NULL)),
        CHECK (start >= 0 AND stop > start)
    )
    """,
    "CREATE INDEX onboarding_items_session_id_idx ON onboarding_items (session_id)",
    "CREATE INDEX onboarding_items_message_id_idx ON onboarding_items (message_id)",
    "CREATE INDEX onboarding_items_user_id_idx ON onboarding_items (user_id)",
    # What strangers may read of one version of a summary, and how many statements were left out.
    """
    CREATE TABLE public_summaries (
        summary_id uuid PRIMARY KEY,
        user_id uuid NOT NULL,
        text text NOT NULL,
        withheld jsonb NOT NULL,
        created_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX public_summaries_user_id_idx ON public_summaries (user_id)",
)

TABLES = ("public_summaries", "onboarding_items", "onboarding_messages", "onboarding_sessions")


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
