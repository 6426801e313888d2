"""Make the tables of the member site: accounts, sessions, letters, decisions, conversations.

What lets somebody in (session, link, sign-up) is stored as a SHA-256 digest only. Like the other
tables of our own they refer to the shared ones by id and never by constraint.
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

UPGRADE = (
    """
    CREATE TABLE credentials (
        user_id uuid PRIMARY KEY,
        password_hash text NOT NULL,
        changed_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE operators (
        user_id uuid PRIMARY KEY,
        since timestamptz NOT NULL
    )
    """,
    # An account begins with the click on its link: until then an address belongs to nobody, and
    # several people who claim it do not disturb each other.
    """
    CREATE TABLE sign_ups (
        token_hash bytea PRIMARY KEY,
        email text NOT NULL,
        first_name text NOT NULL,
        last_name text NOT NULL,
        password_hash text NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX sign_ups_email_idx ON sign_ups (lower(email))",
    """
    CREATE TABLE account_links (
        token_hash bytea PRIMARY KEY,
        user_id uuid NOT NULL,
        purpose text NOT NULL CHECK (purpose IN ('password', 'address')),
        email text NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX account_links_user_id_idx ON account_links (user_id)",
    """
    CREATE TABLE sessions (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL,
        token_hash bytea NOT NULL UNIQUE,
        kind text NOT NULL CHECK (kind IN ('browser', 'bearer')),
        label text NOT NULL,
        created_at timestamptz NOT NULL,
        seen_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX sessions_user_id_idx ON sessions (user_id)",
    # `due_at` is the theoretical arrival time of the generic cell rate algorithm; the key is a
    # digest, so that neither an address nor an e-mail stands here.
    """
    CREATE TABLE rate_limits (
        key bytea PRIMARY KEY,
        due_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX rate_limits_due_at_idx ON rate_limits (due_at)",
    """
    CREATE TABLE letters (
        id uuid PRIMARY KEY,
        user_id uuid,
        recipient text NOT NULL,
        subject text NOT NULL,
        body text NOT NULL,
        state text NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'failed')),
        attempts integer NOT NULL CHECK (attempts >= 0),
        last_error text,
        available_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        sent_at timestamptz
    )
    """,
    "CREATE INDEX letters_due_idx ON letters (available_at) WHERE state IN ('waiting', 'sending')",
    "CREATE INDEX letters_user_id_idx ON letters (user_id)",
    """
    CREATE TABLE postponements (
        user_id uuid NOT NULL,
        partner_id uuid NOT NULL,
        until timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (user_id, partner_id)
    )
    """,
    """
    CREATE TABLE introductions_seen (
        user_id uuid NOT NULL,
        partner_id uuid NOT NULL,
        first_seen_at timestamptz NOT NULL,
        last_seen_at timestamptz NOT NULL,
        PRIMARY KEY (user_id, partner_id)
    )
    """,
    """
    CREATE TABLE blocks (
        blocker_id uuid NOT NULL,
        blocked_id uuid NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (blocker_id, blocked_id),
        CHECK (blocker_id <> blocked_id)
    )
    """,
    "CREATE INDEX blocks_blocked_id_idx ON blocks (blocked_id)",
    """
    CREATE TABLE conversations (
        match_id uuid PRIMARY KEY,
        user_a_id uuid NOT NULL,
        user_b_id uuid NOT NULL,
        last_number integer NOT NULL CHECK (last_number >= 0),
        a_read integer NOT NULL CHECK (a_read BETWEEN 0 AND last_number),
        b_read integer NOT NULL CHECK (b_read BETWEEN 0 AND last_number),
        opened_at timestamptz NOT NULL,
        last_at timestamptz NOT NULL,
        ended_at timestamptz,
        ended_by uuid,
        UNIQUE (user_a_id, user_b_id),
        CHECK (user_a_id < user_b_id)
    )
    """,
    "CREATE INDEX conversations_user_b_id_idx ON conversations (user_b_id)",
    # The order of a conversation's messages, and the sender's key by which a message that is sent
    # twice is written once. The words stand in `messages`.
    """
    CREATE TABLE message_numbers (
        message_id uuid PRIMARY KEY,
        match_id uuid NOT NULL,
        number integer NOT NULL CHECK (number > 0),
        sender_id uuid NOT NULL,
        client_key text NOT NULL,
        UNIQUE (match_id, number),
        UNIQUE (sender_id, client_key)
    )
    """,
    """
    CREATE TABLE feeds (
        user_id uuid PRIMARY KEY,
        version bigint NOT NULL
    )
    """,
    "CREATE INDEX outbox_user_id_idx ON outbox (user_id, topic, id)",
)

TABLES = (
    "feeds",
    "message_numbers",
    "conversations",
    "blocks",
    "introductions_seen",
    "postponements",
    "letters",
    "rate_limits",
    "sessions",
    "account_links",
    "sign_ups",
    "operators",
    "credentials",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP INDEX outbox_user_id_idx")
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
