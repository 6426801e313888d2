"""Make the tables of our own: what members said, what a match rests on, the work still to do.

They refer to the shared tables by id and never by constraint: where a NestJS backend migrates
those, nothing of ours may stand in its way.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

UPGRADE = (
    """
    CREATE TABLE profiles (
        user_id uuid PRIMARY KEY,
        headline text NOT NULL,
        place text NOT NULL,
        languages text[] NOT NULL,
        fields text[] NOT NULL,
        further jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE statements (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL,
        summary_id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('need', 'offer')),
        position integer NOT NULL CHECK (position >= 0),
        text text NOT NULL CHECK (btrim(text) <> ''),
        created_at timestamptz NOT NULL,
        UNIQUE (summary_id, kind, position)
    )
    """,
    "CREATE INDEX statements_user_id_idx ON statements (user_id)",
    """
    CREATE TABLE matching_runs (
        id uuid PRIMARY KEY,
        trigger text NOT NULL,
        state text NOT NULL CHECK (state IN ('computing', 'ready', 'incomplete', 'failed')),
        reason text NOT NULL,
        method text NOT NULL CHECK (method IN ('exact', 'approximate')),
        model text NOT NULL,
        algorithm text NOT NULL,
        members integer NOT NULL,
        eligible integer NOT NULL,
        pairs integer NOT NULL,
        removed jsonb NOT NULL,
        started_at timestamptz NOT NULL,
        finished_at timestamptz
    )
    """,
    "CREATE INDEX matching_runs_started_at_idx ON matching_runs (started_at)",
    """
    CREATE TABLE match_scores (
        user_a_id uuid NOT NULL,
        user_b_id uuid NOT NULL,
        score double precision NOT NULL CHECK (score BETWEEN 0 AND 1),
        tier text NOT NULL,
        model text NOT NULL,
        algorithm text NOT NULL,
        inputs_hash bytea NOT NULL,
        run_id uuid NOT NULL REFERENCES matching_runs (id),
        expires_at timestamptz,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (user_a_id, user_b_id),
        CHECK (user_a_id < user_b_id)
    )
    """,
    "CREATE INDEX match_scores_user_b_id_idx ON match_scores (user_b_id)",
    "CREATE INDEX match_scores_run_id_idx ON match_scores (run_id)",
    """
    CREATE TABLE match_reasons (
        user_a_id uuid NOT NULL,
        user_b_id uuid NOT NULL,
        gainer_id uuid NOT NULL,
        need_id uuid NOT NULL,
        offer_id uuid NOT NULL,
        similarity double precision NOT NULL CHECK (similarity BETWEEN -1 AND 1),
        gain double precision NOT NULL CHECK (gain BETWEEN 0 AND 1),
        PRIMARY KEY (user_a_id, user_b_id, gainer_id),
        FOREIGN KEY (user_a_id, user_b_id) REFERENCES match_scores ON DELETE CASCADE,
        CHECK (gainer_id IN (user_a_id, user_b_id))
    )
    """,
    # The pairs of a run travel by COPY through this table and leave it in the same transaction, so
    # that nothing in it needs to survive a crash.
    """
    CREATE UNLOGGED TABLE match_staging (
        batch_id uuid NOT NULL,
        match_id uuid NOT NULL,
        user_a_id uuid NOT NULL,
        user_b_id uuid NOT NULL,
        score double precision NOT NULL,
        tier text NOT NULL,
        inputs_hash bytea NOT NULL,
        a_need uuid NOT NULL,
        a_offer uuid NOT NULL,
        a_similarity double precision NOT NULL,
        a_gain double precision NOT NULL,
        b_need uuid NOT NULL,
        b_offer uuid NOT NULL,
        b_similarity double precision NOT NULL,
        b_gain double precision NOT NULL,
        PRIMARY KEY (batch_id, user_a_id, user_b_id)
    )
    """,
    """
    CREATE TABLE outbox (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        topic text NOT NULL,
        user_id uuid,
        payload jsonb NOT NULL,
        state text NOT NULL CHECK (state IN ('pending', 'running', 'done', 'dead')),
        attempts integer NOT NULL CHECK (attempts >= 0),
        last_error text,
        available_at timestamptz NOT NULL,
        leased_until timestamptz,
        created_at timestamptz NOT NULL,
        finished_at timestamptz
    )
    """,
    """CREATE INDEX outbox_open_idx ON outbox (topic, available_at)
       WHERE state IN ('pending', 'running')""",
    "CREATE INDEX outbox_member_idx ON outbox (user_id, id) WHERE state <> 'done'",
)

TABLES = (
    "outbox",
    "match_staging",
    "match_reasons",
    "match_scores",
    "matching_runs",
    "statements",
    "profiles",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
