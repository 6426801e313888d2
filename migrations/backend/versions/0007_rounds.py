"""Make the tables of rounds and of what decisions taught: who is introduced to whom, and why so.

Like the other tables of our own they refer to the shared ones by id and never by constraint.
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"

UPGRADE = (
    # What a community's decisions made of the shipped calibration, one row for each time they were
    # asked. The newest row of a model that was taken over and not taken back is the one in use.
    """
    CREATE TABLE calibrations (
        id uuid PRIMARY KEY,
        model text NOT NULL,
        midpoint double precision NOT NULL,
        scale double precision NOT NULL CHECK (scale > 0),
        auc double precision NOT NULL CHECK (auc BETWEEN 0 AND 1),
        better_by double precision NOT NULL,
        error double precision NOT NULL CHECK (error >= 0),
        decisions integer NOT NULL CHECK (decisions >= 0),
        taken_over boolean NOT NULL,
        readiness_better_by double precision NOT NULL,
        readiness_error double precision NOT NULL CHECK (readiness_error >= 0),
        readiness_taken_over boolean NOT NULL,
        reason text NOT NULL,
        made_at timestamptz NOT NULL,
        taken_back_at timestamptz
    )
    """,
    "CREATE INDEX calibrations_model_idx ON calibrations (model, made_at)",
    # In units of the logit; whoever has no row accepts, and is accepted, like everybody.
    """
    CREATE TABLE readiness (
        user_id uuid PRIMARY KEY,
        accepts double precision NOT NULL,
        accepted double precision NOT NULL,
        made_at timestamptz NOT NULL
    )
    """,
    # What a round did, beside what lists made for each member alone would have done.
    """
    CREATE TABLE rounds (
        run_id uuid PRIMARY KEY REFERENCES matching_runs (id),
        method text NOT NULL CHECK (method IN ('attention', 'quotas')),
        alpha double precision NOT NULL,
        temper double precision NOT NULL,
        auc double precision NOT NULL,
        members integer NOT NULL,
        introductions integer NOT NULL,
        expected_matches double precision NOT NULL,
        plain_matches double precision NOT NULL,
        gini double precision NOT NULL,
        plain_gini double precision NOT NULL,
        unseen double precision NOT NULL,
        plain_unseen double precision NOT NULL,
        made_at timestamptz NOT NULL
    )
    """,
    # Whom the last round, or a newcomer's coming, shows to whom; `worth` orders a member's list.
    """
    CREATE TABLE introductions (
        user_id uuid NOT NULL,
        partner_id uuid NOT NULL,
        place integer NOT NULL CHECK (place > 0),
        worth double precision NOT NULL,
        run_id uuid NOT NULL,
        made_at timestamptz NOT NULL,
        PRIMARY KEY (user_id, partner_id),
        CHECK (user_id <> partner_id)
    )
    """,
    "CREATE INDEX introductions_partner_id_idx ON introductions (partner_id)",
    # Who took part in the last round, and with which weight newcomers are placed before them.
    """
    CREATE TABLE round_members (
        user_id uuid PRIMARY KEY,
        weight double precision NOT NULL CHECK (weight > 0),
        run_id uuid NOT NULL
    )
    """,
)

TABLES = ("round_members", "introductions", "rounds", "readiness", "calibrations")


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
