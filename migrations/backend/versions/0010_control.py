"""Make the tables of what members control: disclosure, reports, notifications, pictures, leaving.

A receipt of an erasure outlives the account and names nobody once its letter is written; what a
partner wrote in a conversation with somebody who has left is kept as theirs alone.
"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"

UPGRADE = (
    # When each part of a profile is shown: to whoever is introduced, or once both have said yes.
    """
    CREATE TABLE disclosures (
        user_id uuid PRIMARY KEY,
        last_name text NOT NULL CHECK (last_name IN ('introduced', 'talking')),
        headline text NOT NULL CHECK (headline IN ('introduced', 'talking')),
        place text NOT NULL CHECK (place IN ('introduced', 'talking')),
        picture text NOT NULL CHECK (picture IN ('introduced', 'talking')),
        about text NOT NULL CHECK (about IN ('introduced', 'talking')),
        updated_at timestamptz NOT NULL
    )
    """,
    # Who reports is taken out when they leave: what was reported still has to be looked at.
    """
    CREATE TABLE reports (
        id uuid PRIMARY KEY,
        reporter_id uuid,
        about_id uuid NOT NULL,
        match_id uuid,
        reason text NOT NULL,
        text text NOT NULL,
        state text NOT NULL CHECK (state IN ('open', 'handled')),
        outcome text NOT NULL,
        created_at timestamptz NOT NULL,
        handled_by uuid,
        handled_at timestamptz
    )
    """,
    "CREATE INDEX reports_open_idx ON reports (created_at, id) WHERE state = 'open'",
    "CREATE INDEX reports_about_id_idx ON reports (about_id)",
    "CREATE INDEX reports_reporter_id_idx ON reports (reporter_id)",
    """
    CREATE TABLE notification_choices (
        user_id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('introductions', 'opened', 'messages')),
        pace text NOT NULL CHECK (pace IN ('at_once', 'daily', 'weekly', 'never')),
        told_at timestamptz,
        PRIMARY KEY (user_id, kind)
    )
    """,
    """
    CREATE TABLE unsubscribe_links (
        token_hash bytea PRIMARY KEY,
        user_id uuid NOT NULL,
        created_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX unsubscribe_links_user_id_idx ON unsubscribe_links (user_id)",
    "ALTER TABLE letters ADD COLUMN unsubscribe text NOT NULL DEFAULT ''",
    """
    CREATE TABLE pictures (
        user_id uuid PRIMARY KEY,
        version uuid NOT NULL,
        body bytea NOT NULL,
        updated_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE departures (
        user_id uuid PRIMARY KEY,
        asked_at timestamptz NOT NULL,
        erase_at timestamptz NOT NULL,
        took_introductions boolean NOT NULL
    )
    """,
    "CREATE INDEX departures_erase_at_idx ON departures (erase_at)",
    # `user_id` stands until the vectors are gone as well, `email` until the letter is written.
    """
    CREATE TABLE erasure_receipts (
        id uuid PRIMARY KEY,
        user_id uuid,
        email text,
        erased_at timestamptz NOT NULL,
        removed jsonb NOT NULL,
        vectors jsonb,
        completed_at timestamptz
    )
    """,
    "CREATE INDEX erasure_receipts_user_id_idx ON erasure_receipts (user_id)",
    """CREATE INDEX erasure_receipts_letter_idx ON erasure_receipts (completed_at)
       WHERE email IS NOT NULL""",
    """
    CREATE TABLE farewells (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL,
        opened_at timestamptz NOT NULL,
        last_at timestamptz NOT NULL,
        ended_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX farewells_user_id_idx ON farewells (user_id)",
    """
    CREATE TABLE kept_messages (
        id uuid PRIMARY KEY,
        farewell_id uuid NOT NULL REFERENCES farewells (id) ON DELETE CASCADE,
        user_id uuid NOT NULL,
        number integer NOT NULL CHECK (number > 0),
        body text NOT NULL,
        created_at timestamptz NOT NULL,
        UNIQUE (farewell_id, number)
    )
    """,
    "CREATE INDEX kept_messages_user_id_idx ON kept_messages (user_id)",
    # What a program was answered, for a day; `caller` is a digest of who it was.
    """
    CREATE TABLE idempotency_keys (
        caller bytea NOT NULL,
        key text NOT NULL,
        user_id uuid,
        fingerprint bytea NOT NULL,
        status integer,
        kind text NOT NULL,
        body bytea NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (caller, key)
    )
    """,
    "CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at)",
    "CREATE INDEX idempotency_keys_user_id_idx ON idempotency_keys (user_id)",
)

TABLES = (
    "idempotency_keys",
    "kept_messages",
    "farewells",
    "erasure_receipts",
    "departures",
    "pictures",
    "unsubscribe_links",
    "notification_choices",
    "reports",
    "disclosures",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("ALTER TABLE letters DROP COLUMN unsubscribe")
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
