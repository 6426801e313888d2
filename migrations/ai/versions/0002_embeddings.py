"""Make the tables of vectors: statements, and the couples that the index searches.

A vector column without a length takes every model's vectors; each model gets a partial index of
its own when it is registered.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

UPGRADE = (
    """
    CREATE TABLE embedding_models (
        model text PRIMARY KEY,
        dimensions integer NOT NULL CHECK (dimensions BETWEEN 1 AND 16000),
        registered_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE member_vectors (
        user_id uuid NOT NULL,
        model text NOT NULL REFERENCES embedding_models (model),
        summary_version integer NOT NULL,
        content_hash bytea NOT NULL,
        embedded_at timestamptz NOT NULL,
        PRIMARY KEY (user_id, model)
    )
    """,
    """
    CREATE TABLE embeddings (
        statement_id uuid NOT NULL,
        model text NOT NULL,
        user_id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('need', 'offer')),
        embedding vector NOT NULL,
        PRIMARY KEY (statement_id, model),
        FOREIGN KEY (user_id, model) REFERENCES member_vectors (user_id, model) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX embeddings_user_id_idx ON embeddings (user_id, model)",
    """
    CREATE TABLE embedding_couples (
        offer_id uuid NOT NULL,
        need_id uuid NOT NULL,
        model text NOT NULL,
        user_id uuid NOT NULL,
        couple halfvec NOT NULL,
        PRIMARY KEY (offer_id, need_id, model),
        FOREIGN KEY (user_id, model) REFERENCES member_vectors (user_id, model) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX embedding_couples_user_id_idx ON embedding_couples (user_id, model)",
)

TABLES = ("embedding_couples", "embeddings", "member_vectors", "embedding_models")


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
