"""The dictionary: every table once, with its database, its purpose and who else writes it.

The guard, the identity check, the documentation, the export and the erasure of a member read it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from app.databases.names import Database

AI, BACKEND = Database.AI, Database.BACKEND
Owner = Literal["ours", "shared"]


@dataclass(frozen=True, slots=True)
class Table:
    """Describe one table: where it lives, what for, whose data it is.

    `owner` is "shared" for tables that a NestJS backend on the same database has and migrates.
    `member_column` names the column that says whose row it is, where the row is a member's.
    `left_to_us` says how this platform writes to a shared table where such a backend is there: the
    verb, and the columns of an update; nothing where it does not.
    """

    name: str
    database: Database
    purpose: str
    personal: bool
    owner: Owner = "ours"
    written_by: str = "this platform"
    member_column: str | None = None
    left_to_us: tuple[str, ...] = ()


_LEFT_TO_US: Final = {"users": ("UPDATE", "onboarding_status"), "user_summaries": ("INSERT",)}


def _table(
    name: str,
    database: Database,
    purpose: str,
    member_column: str | None = None,
    owner: Owner = "ours",
    written_by: str = "this platform",
) -> Table:
    return Table(
        name,
        database,
        purpose,
        member_column is not None,
        owner,
        written_by,
        member_column,
        _LEFT_TO_US.get(name, ()),
    )


_NEST: Final = "the NestJS backend where there is one"
_TOLD: Final = f"{_NEST}, as it is told by webhook and by nobody else; alone, this platform"

TABLES: Final[tuple[Table, ...]] = (
    # --- ai: vectors and what is derived from them; no member's words, no rules -----------------
    _table("ai_identity", AI, "says that this is the AI database, and of which pair"),
    _table("alembic_version_ai", AI, "the revision of migrations/ai"),
    _table("embedding_models", AI, "each embedding model, its length and its state"),
    _table("embeddings", AI, "one vector for each need and offer and model", "user_id"),
    _table("embedding_couples", AI, "[offer, need] couples that the index searches", "user_id"),
    _table(
        "member_vectors", AI, "which summary version a member's vectors were made of", "user_id"
    ),
    _table("erased_members", AI, "ids of erased members, whose late writes are refused", "user_id"),
    # --- backend, shared with a NestJS backend --------------------------------------------------
    _table(
        "users",
        BACKEND,
        "accounts and their onboarding status",
        "id",
        "shared",
        f"{_NEST}; there this platform writes onboarding_status only",
    ),
    _table(
        "user_summaries",
        BACKEND,
        "what a member needs and offers, as a text, by version",
        "user_id",
        "shared",
        f"inserted by this platform; edited by {_NEST}",
    ),
    _table(
        "match_batches",
        BACKEND,
        "one row for each set of matches that came in",
        None,
        "shared",
        _TOLD,
    ),
    _table(
        "matches",
        BACKEND,
        "one row for each unordered pair and both decisions",
        "user_a_id",
        "shared",
        _TOLD,
    ),
    _table(
        "match_feedback", BACKEND, "why a member decided as they did", "user_id", "shared", _TOLD
    ),
    _table(
        "messages",
        BACKEND,
        "what matched members write to each other",
        "sender_id",
        "shared",
        "each side its own shape; with a NestJS backend this platform leaves it alone",
    ),
    # --- backend, ours --------------------------------------------------------------------------
    _table("backend_identity", BACKEND, "says that this is the backend database, and its pair"),
    _table("alembic_version_backend", BACKEND, "the revision of migrations/backend"),
    _table("profiles", BACKEND, "headline, place, languages, fields and further facts", "user_id"),
    _table("statements", BACKEND, "each need and each offer, in the member's words", "user_id"),
    _table("onboarding_sessions", BACKEND, "one member's onboarding and its progress", "user_id"),
    _table("onboarding_messages", BACKEND, "the log: all that was said in onboarding", "user_id"),
    _table("onboarding_items", BACKEND, "what was understood, and corrections to it", "user_id"),
    _table("public_summaries", BACKEND, "what strangers may read of a summary", "user_id"),
    _table("match_scores", BACKEND, "score, tier, expiry and origin of a match"),
    _table(
        "match_reasons",
        BACKEND,
        "the (need, offer) couple behind each half of a match",
        "gainer_id",
    ),
    _table("matching_runs", BACKEND, "what each matching run did and whom each stage removed"),
    _table("calibrations", BACKEND, "what decisions made of a calibration, each time asked"),
    _table("readiness", BACKEND, "how readily a member accepts and is accepted", "user_id"),
    _table(
        "index_recall", BACKEND, "how many of the ten best the couples' index finds; names nobody"
    ),
    _table("measured_quality", BACKEND, "the newest figures of matching quality; names nobody"),
    _table("rounds", BACKEND, "what each round of introductions did, beside plain lists"),
    _table("introductions", BACKEND, "whom the last round shows to whom", "user_id"),
    _table("round_members", BACKEND, "a member's weight in the last round", "user_id"),
    _table("match_staging", BACKEND, "the pairs of a run on their way into the tables above"),
    _table("outbox", BACKEND, "work that a committed change has caused", "user_id"),
    # --- backend, ours: webhooks, and the calls of a NestJS backend ------------------------------
    _table("webhook_endpoints", BACKEND, "whom operators want told of events, and the secrets"),
    _table("webhook_deliveries", BACKEND, "webhooks on their way, and the log of them", "user_id"),
    _table("webhook_attempts", BACKEND, "each attempt to deliver a webhook, and its answer"),
    _table("told_matches", BACKEND, "a digest of the set last told to a NestJS backend", "user_id"),
    _table("backend_feedback", BACKEND, "what members decided in a NestJS backend", "user_id"),
    _table("backend_calls", BACKEND, "digests of calls taken a moment ago, not to be done twice"),
    # --- backend, ours: the member site ---------------------------------------------------------
    _table("credentials", BACKEND, "the Argon2id digest of a member's password", "user_id"),
    _table("operators", BACKEND, "which members run this place", "user_id"),
    Table(
        "sign_ups",
        BACKEND,
        "accounts asked for whose address is not confirmed yet; gone after a day",
        personal=True,
    ),
    _table("account_links", BACKEND, "links for a new password or address, as digests", "user_id"),
    _table("sessions", BACKEND, "browsers and programs that are signed in, as digests", "user_id"),
    _table("rate_limits", BACKEND, "how soon something may be tried again, by digests"),
    _table("letters", BACKEND, "e-mail on its way; its words go once it is sent", "user_id"),
    _table("postponements", BACKEND, "whom a member wants to be asked about later", "user_id"),
    _table("introductions_seen", BACKEND, "which matches a member has seen, and when", "user_id"),
    _table("blocks", BACKEND, "who wants nothing to do with whom", "blocker_id"),
    _table("conversations", BACKEND, "what two who both said yes have open", "user_a_id"),
    _table("message_numbers", BACKEND, "the order of messages, and each one's key", "sender_id"),
    _table("feeds", BACKEND, "a number that grows when a member's pages have changed", "user_id"),
    _table("operator_actions", BACKEND, "what operators saw of members and changed", "about_id"),
    _table("member_rules", BACKEND, "whom a member wants to meet, and how many", "user_id"),
    _table("member_languages", BACKEND, "the language in which a member reads", "user_id"),
    _table("disclosures", BACKEND, "when each part of a profile is shown", "user_id"),
    _table("reports", BACKEND, "what members report about others", "about_id"),
    _table("notification_choices", BACKEND, "how soon a member wants to be told", "user_id"),
    _table("unsubscribe_links", BACKEND, "links that stop letters, as digests", "user_id"),
    _table("pictures", BACKEND, "profile pictures, made anew from what was sent", "user_id"),
    _table("departures", BACKEND, "who wants to be erased, and when that happens", "user_id"),
    Table("erasure_receipts", BACKEND, "what an erasure removed; names nobody", personal=True),
    _table("farewells", BACKEND, "conversations with somebody who has left", "user_id"),
    _table("kept_messages", BACKEND, "what the one who stayed wrote in them", "user_id"),
    _table("idempotency_keys", BACKEND, "answers to programs, for a day", "user_id"),
)

# Types, operators and functions that exist in one database only.
TYPES: Final[dict[str, Database]] = {
    "vector": AI,
    "halfvec": AI,
    "sparsevec": AI,
    "users_onboarding_status_enum": BACKEND,
    "user_summaries_status_enum": BACKEND,
    "user_summaries_urgency_enum": BACKEND,
    "match_batches_status_enum": BACKEND,
    "matches_decision_enum": BACKEND,
}
OPERATORS: Final[dict[str, Database]] = dict.fromkeys(
    ("<=>", "<#>", "<->", "<+>", "<~>", "<%>"), AI
)
FUNCTIONS: Final[dict[str, Database]] = dict.fromkeys(
    ("cosine_distance", "inner_product", "l2_distance", "l2_normalize", "vector_dims", "vector_norm",
     "subvector"),
    AI,
)  # fmt: skip
EXTENSIONS: Final[dict[str, Database]] = {"vector": AI}
# NOTIFY, sequences and advisory locks exist in every database and would do nothing on the wrong one.
SEQUENCES: Final[dict[str, Database]] = {
    "outbox_id_seq": BACKEND,
    "webhook_deliveries_number_seq": BACKEND,
}
CHANNELS: Final[dict[str, Database]] = {"reciprocity_backend": BACKEND}
# The first key of pg_advisory_lock(int, int); the identity proof may use its own on both.
LOCKS: Final[dict[int, Database | None]] = {
    7301: AI,  # migrations of the AI database
    7302: BACKEND,  # migrations of the backend database
    7303: None,  # the proof that two addresses reach two databases
    7304: BACKEND,  # one matching run at a time
    7305: AI,  # which set of vectors serves
    7306: AI,  # nobody is erased while vectors are being written
}

_BY_NAME: Final = {table.name: table for table in TABLES}


def table(name: str) -> Table | None:
    """Find a table by its name; None when nobody declared it."""
    return _BY_NAME.get(name)


def tables_of(database: Database) -> tuple[Table, ...]:
    """List the tables that live in one database."""
    return tuple(entry for entry in TABLES if entry.database is database)


def near(name: str, known: Iterable[str]) -> str | None:
    """Find the declared name that a mistyped one most likely meant; None when none is close."""
    import difflib  # noqa: PLC0415 - needed on the way to an error only

    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.8)
    return close[0] if close else None
