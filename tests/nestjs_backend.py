"""A NestJS backend as this platform meets one: its tables, and its webhooks with all their rules.

The tables are made by hand from the contract: ids and timestamps without defaults, its own names for
enumerations, one row for each order of a pair. The server keeps every call, answers as strictly as
the real one, and can be made slow, absent or wrong.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from uuid import UUID, uuid4

from app.databases.names import Database
from tests.conftest import Pair

BACKEND = Database.BACKEND
KEY: Final = "the-webhook-key"
LARGEST: Final = 2 * 1024 * 1024
SCHEMA: Final = """
CREATE TYPE "users_onboarding_status_enum" AS ENUM ('not_started', 'in_progress', 'completed');
CREATE TYPE "user_summaries_status_enum1" AS ENUM ('draft', 'approved');
CREATE TYPE "user_summaries_urgency_enum" AS ENUM ('urgent', 'time_sensitive', 'ongoing', 'exploratory');
CREATE TYPE "batch_status" AS ENUM ('draft', 'in_progress', 'completed');
CREATE TYPE "match_decision" AS ENUM ('pending', 'approved', 'declined');
CREATE TABLE roles (id uuid PRIMARY KEY, title varchar NOT NULL);
CREATE TABLE users (id uuid PRIMARY KEY, role_id uuid REFERENCES roles, first_name varchar(100),
  last_name varchar(100), email varchar NOT NULL UNIQUE, objective varchar, phone varchar,
  onboarding_status users_onboarding_status_enum NOT NULL, is_active boolean NOT NULL,
  allow_matching boolean NOT NULL, is_email_verified boolean NOT NULL, created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL, deleted_at timestamptz);
CREATE TABLE user_summaries (id uuid PRIMARY KEY, user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  status user_summaries_status_enum1 NOT NULL, summary text NOT NULL, version integer NOT NULL,
  webhook boolean NOT NULL, urgency user_summaries_urgency_enum NOT NULL, created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL);
CREATE TABLE match_batches (id uuid PRIMARY KEY, data jsonb, status batch_status NOT NULL,
  match_date timestamptz, created_at timestamptz NOT NULL);
CREATE TABLE matches (id uuid PRIMARY KEY, batch_id uuid NOT NULL REFERENCES match_batches,
  user_a_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  user_b_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  user_a_decision match_decision NOT NULL, user_b_decision match_decision NOT NULL,
  status match_decision NOT NULL, match_tier varchar(20), explanation jsonb, score_breakdown jsonb,
  created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, UNIQUE (user_a_id, user_b_id));
CREATE TABLE match_feedback (id uuid PRIMARY KEY, match_id uuid NOT NULL REFERENCES matches ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE, decision varchar NOT NULL, reason_tags text[],
  reason_text text, other_user_attributes jsonb);
CREATE TABLE user_onboarding_answers (id uuid PRIMARY KEY, user_id uuid, prompt text, user_response jsonb,
  code varchar);
CREATE TABLE user_documents (id uuid PRIMARY KEY, user_id uuid, type varchar, url varchar, title varchar);
CREATE TABLE messages (id uuid PRIMARY KEY, conversation_id uuid NOT NULL, content text NOT NULL);
"""
# Every other name that such a database has taken already, as a table of its own shape.
TAKEN: Final = frozenset(
    {
        "ai_conversations", "analytics_events", "blocked_users", "browse_history",
        "chat_conversations", "chat_messages", "connection_interests", "daily_analytics",
        "emails_sent", "events", "event_match_badges", "event_participants", "funnel_metrics",
        "ice_breakers", "message_templates", "notification_settings", "onboarding_questions",
        "onboarding_sections", "push_tokens", "reported_users", "use_case_templates",
        "user_activity_logs", "user_engagement_scores", "user_fcm_tokens",
        "user_preferences_learned", "verification_codes",
    }
)  # fmt: skip
_MATCH: Final = {
    "user_a_id": str, "user_b_id": str, "user_a_designation": str, "user_b_designation": str,
    "match_score": int, "explanation": str, "headline": str, "key_points": list, "match_tier": str,
    "synergy_areas": list, "friction_points": list, "talking_points": list, "score_breakdown": dict,
    "reciprocal": bool,
}  # fmt: skip
_TARGET: Final = {"target_user_id": str, "target_user_designation": str, "match_score": int}
_OPTIONAL: Final = frozenset(_MATCH) - {
    "user_a_id", "user_b_id", "user_a_designation", "user_b_designation"
}  # fmt: skip


def make_tables(pair: Pair) -> None:
    """Make the backend's tables in an empty database, the taken names with them."""
    others = "".join(f"CREATE TABLE {name} (id uuid PRIMARY KEY, theirs text);" for name in TAKEN)
    pair.sql(BACKEND, SCHEMA + others)


@dataclass
class Call:
    """Hold one webhook that came, and how it was answered."""

    path: str
    body: Any
    status: int


class RefusedError(Exception):
    """A body breaks a rule."""

    def __init__(self, status: int, why: str) -> None:
        self.status = status
        super().__init__(why)


@dataclass
class NestJSBackend:
    """Be the backend: members live here, decisions are made here, webhooks arrive here."""

    pair: Pair
    calls: list[Call] = field(default_factory=list)
    files: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    down_share: float = 0.0
    slow: float = 0.0
    wrong: Callable[[str], tuple[int, dict[str, str]] | None] = lambda _path: None
    chance: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - a test's

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/api/v1"

    def file(self, path: str, content: bytes, status: int = 200) -> str:
        """Serve a file on this host; give its address."""
        self.files[path] = (status, content)
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(timeout=5)

    # --- what its own members do --------------------------------------------------------------

    def sign_up(self, name: str) -> UUID:
        user_id = uuid4()
        self.pair.sql(
            BACKEND,
            "INSERT INTO users (id, first_name, email, onboarding_status, is_active, allow_matching,"
            " is_email_verified, created_at, updated_at) VALUES"
            f" ('{user_id}', '{name}', '{name.lower()}@example.org', 'not_started', true, true, true,"
            " now(), now())",
        )
        return user_id

    def approve(self, user_id: UUID, *, text: str | None = None) -> None:
        """Approve the newest summary, edited if a text is given."""
        edited = "summary" if text is None else "$t$" + text + "$t$"
        self.pair.sql(
            BACKEND,
            f"UPDATE user_summaries SET status = 'approved', summary = {edited}, updated_at = now()"
            f" WHERE id = (SELECT id FROM user_summaries WHERE user_id = '{user_id}'"
            " ORDER BY version DESC LIMIT 1)",
        )

    def decide(self, user_id: UUID, match_id: str, decision: str, tags: Sequence[str] = ()) -> None:
        """Write a decision and its reasons, as this backend does before it calls."""
        listed = ",".join(f'"{tag}"' for tag in tags)
        self.pair.sql(
            BACKEND,
            f"UPDATE matches SET user_a_decision = CASE WHEN user_a_id = '{user_id}' THEN '{decision}'"
            f" ELSE user_a_decision END::match_decision, user_b_decision = CASE WHEN user_b_id ="
            f" '{user_id}' THEN '{decision}' ELSE user_b_decision END::match_decision"
            f" WHERE id = '{match_id}'; INSERT INTO match_feedback VALUES (gen_random_uuid(),"
            f" '{match_id}', '{user_id}', '{decision}', '{{{listed}}}', NULL, NULL);",
        )

    def matches_of(self, user_id: UUID) -> dict[UUID, str]:
        """Give the rows of one source member: partner → id."""
        rows = self.pair.sql(
            BACKEND, f"SELECT user_b_id, id FROM matches WHERE user_a_id = '{user_id}' ORDER BY 1"
        )
        return {UUID(line.split("|")[0]): line.split("|")[1] for line in rows.splitlines()}

    def received(self, path: str, *, taken: bool = True) -> list[Any]:
        """Give the bodies of the webhooks that came to a path, those that were taken."""
        return [
            call.body
            for call in self.calls
            if call.path.endswith(f"/{path}") and (not taken or call.status < 300)
        ]

    # --- webhooks -----------------------------------------------------------------------------

    def answer(self, path: str, headers: Any, content: bytes) -> tuple[int, dict[str, str], str]:
        """Judge one webhook and carry it out."""
        if self.slow:
            time.sleep(self.slow)
        wrong = self.wrong(path)
        if wrong is not None:
            return wrong[0], wrong[1], "told to"
        if self.chance.random() < self.down_share:
            return 503, {}, "down"
        if headers.get("x-api-key") != KEY:
            return 401, {}, "no such key"
        if len(content) > LARGEST:
            return 413, {}, "too large"
        try:
            self._carry_out(path.rpartition("/")[2], json.loads(content))
        except RefusedError as error:
            return error.status, {}, str(error)
        return 201, {}, "taken"

    def _carry_out(self, name: str, body: dict[str, Any]) -> None:
        if name == "summary-ready":
            _exactly(body, {"user_id": str, "summary": str})
            self._known([body["user_id"]])
        elif name == "matches-ready":
            _exactly(body, {"batch_id": str, "matches": list})
            self._replace(body)
        elif name == "user-matches-ready":
            _exactly(body, {"batch_id": str, "user_id": str, "matches": list})
            self._add(body)
        elif name == "ai-chat-ready":
            _exactly(
                body,
                {"initiator_id": str, "responder_id": str, "match_id": str, "ai_remarks": str,
                 "compatibility_score": int, "conversation_data": list},
                frozenset({"compatibility_score"}),
            )  # fmt: skip
            if not body["conversation_data"]:
                raise RefusedError(400, "conversation_data is empty")
            for turn in body["conversation_data"]:
                _exactly(turn, {"sender_id": str, "content": str})
            self._known([body["initiator_id"], body["responder_id"]])
        else:
            raise RefusedError(404, "no such webhook")

    def _known(self, ids: Sequence[str]) -> None:
        wanted = ",".join(f"'{UUID(one)}'" for one in set(ids))
        count = self.pair.sql(BACKEND, f"SELECT count(*) FROM users WHERE id IN ({wanted})")
        if int(count) != len(set(ids)):
            raise RefusedError(500, "an unknown user")

    def _replace(self, body: dict[str, Any]) -> None:
        entries = body["matches"]
        for entry in entries:
            _exactly(entry, _MATCH, _OPTIONAL)
            if not 0 <= entry.get("match_score", 0) <= 100 or len(entry.get("match_tier", "")) > 20:
                raise RefusedError(400, "match_score or match_tier")
        if not entries:
            return
        source = entries[0]["user_a_id"]
        if any(entry["user_a_id"] != source for entry in entries):
            raise RefusedError(500, "sources are mixed")
        self._known([source, *(entry["user_b_id"] for entry in entries)])
        kept = ",".join(f"'{UUID(entry['user_b_id'])}'" for entry in entries)
        self.pair.sql(
            BACKEND,
            f"INSERT INTO match_batches VALUES ('{UUID(body['batch_id'])}', '{{}}', 'completed', now(),"
            " now()); DELETE FROM match_feedback WHERE match_id IN (SELECT id FROM matches WHERE"
            f" user_a_id = '{source}' AND user_b_id NOT IN ({kept}));"
            f" DELETE FROM matches WHERE user_a_id = '{source}' AND user_b_id NOT IN ({kept});"
            + "".join(self._row(body["batch_id"], source, e["user_b_id"]) for e in entries),
        )

    def _row(self, batch: str, source: str, target: str) -> str:
        return (
            f"INSERT INTO matches VALUES (gen_random_uuid(), '{UUID(batch)}', '{UUID(source)}',"
            f" '{UUID(target)}', 'pending', 'pending', 'pending', NULL, NULL, NULL, now(), now())"
            " ON CONFLICT (user_a_id, user_b_id) DO NOTHING;"
        )

    def _add(self, body: dict[str, Any]) -> None:
        for entry in body["matches"]:
            _exactly(entry, _TARGET, frozenset({"match_score"}))
        self._known([body["user_id"], *(entry["target_user_id"] for entry in body["matches"])])
        batch = body["batch_id"]
        self.pair.sql(
            BACKEND,
            f"INSERT INTO match_batches VALUES ('{UUID(batch)}', '{{}}', 'completed', now(), now());"
            + "".join(
                self._row(batch, body["user_id"], e["target_user_id"]) for e in body["matches"]
            ),
        )

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        backend = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, content = backend.files.get(self.path, (404, b""))
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers.get("content-length", 0)))
                with backend.lock:
                    status, headers, said = backend.answer(self.path, self.headers, content)
                    backend.calls.append(Call(self.path, json.loads(content), status))
                body = json.dumps({"message": said}).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                """Keep the test's output clean."""

        return Handler


def _exactly(body: Any, fields: dict[str, type], optional: frozenset[str] = frozenset()) -> None:
    """Refuse unknown fields, missing ones, and null."""
    if not isinstance(body, dict):
        raise RefusedError(400, "no object")
    for name in body:
        if name not in fields:
            raise RefusedError(400, f"property {name} should not exist")
    for name, kind in fields.items():
        if name not in body:
            if name in optional:
                continue
            raise RefusedError(400, f"{name} is missing")
        value = body[name]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise RefusedError(400, f"{name} must be {kind.__name__}")
