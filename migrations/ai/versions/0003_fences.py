"""Refuse late writes for erased members, and let sets of vectors stand side by side while one serves.

`embedding_models.model` names a set of vectors: the model's own name at first, and the name with a
number after a rebuild. `embedder` says which model made the set.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

UPGRADE = (
    """
    CREATE TABLE erased_members (
        user_id uuid PRIMARY KEY,
        erased_at timestamptz NOT NULL
    )
    """,
    # Code of the revision before writes neither column, and goes on working.
    """
    ALTER TABLE embedding_models
        ADD COLUMN embedder text,
        ADD COLUMN state text NOT NULL DEFAULT 'beside' CHECK (state IN ('beside', 'serving'))
    """,
    "UPDATE embedding_models SET embedder = model",
    """
    UPDATE embedding_models SET state = 'serving' WHERE model = (
        SELECT m.model FROM embedding_models m LEFT JOIN member_vectors v USING (model)
        GROUP BY m.model ORDER BY count(v.user_id) DESC, max(m.registered_at) DESC LIMIT 1
    )
    """,
    """CREATE UNIQUE INDEX embedding_models_one_serves ON embedding_models (state)
       WHERE state = 'serving'""",
)

DOWNGRADE = (
    "DROP INDEX embedding_models_one_serves",
    "ALTER TABLE embedding_models DROP COLUMN state, DROP COLUMN embedder",
    "DROP TABLE erased_members",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
