"""Send what nobody meant to every call and every page, and note each answer that may not be given."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from starlette.testclient import TestClient

from app.adapters.postgresql import PostgreSQLAdapter
from app.services import sessions
from app.web.routes import Entry
from app.web.visits import Visit
from tests.fuzz.inputs import STRANGE, Schemas, damaged, text

INSIDE = re.compile(
    r"Traceback \(most recent|File \"/|psycopg|\.py\", line|SQLSTATE|site-packages|postgres:postgres"
)
STREAMS = {"/api/member/v1/events", "/live"}
# A password is hashed as slowly as it should be: these are asked less often.
SLOW = re.compile(
    r"password|accounts|sessions$|sign-up|sign-in|new-address|me/address|departure|erase"
)


@dataclass
class Visitor:
    """Be members who send anything; `faults` are the answers that may not be.

    501 may: it says of a call that this installation has no speech model.
    """

    client: TestClient
    databases: PostgreSQLAdapter
    members: list[UUID]
    key: str
    seed: int
    faults: list[str] = field(default_factory=list)
    answers: dict[int, int] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - a run can be repeated

    def token(self, kind: str) -> str:
        """Give the secret of a session that lives."""
        if kind not in self._tokens:
            with self.databases.backend() as backend:
                member = self.chance.choice(self.members)
                made, _ = sessions.start(backend, member, kind, "fuzz")  # type: ignore[arg-type] # one of both
            self._tokens[kind] = made.secret
        return self._tokens[kind]

    def send(self, method: str, path: str, **how: Any) -> None:
        """Send one request, and look at the answer."""
        self.client.cookies.clear()
        for name, value in how.pop("cookies", {}).items():
            how.setdefault("headers", {})["Cookie"] = f"{name}={value}".encode("utf-8", "replace")
        try:
            answer = self.client.request(method, path, follow_redirects=False, **how)
        except UnicodeEncodeError:
            return  # this client cannot even send it
        self.answers[answer.status_code] = self.answers.get(answer.status_code, 0) + 1
        if answer.status_code in {401, 303}:
            self._tokens.clear()  # ended by an earlier request, perhaps
        shown = answer.content[:20_000].decode("utf-8", "replace")
        if (answer.status_code >= 500 and answer.status_code != 501) or INSIDE.search(shown):
            sent = repr(how)[:600]
            self.faults.append(f"{method} {path[:200]} {sent} → {answer.status_code} {shown[:300]}")

    def credentials(self, path: str) -> dict[str, str | bytes]:
        """Give the headers that let in; now and then strange ones."""
        if self.chance.random() < 0.05:
            strange = self.chance.choice(STRANGE).encode("utf-8", "replace")
            strange = strange.replace(b"\r", b"").replace(b"\n", b"").replace(b"\x00", b"")
            return {"Authorization": b"Bearer " + strange, "X-API-KEY": strange}
        if path.startswith("/api/v1/") or path == "/metrics":
            return {"X-API-KEY": self.key}
        return {"Authorization": f"Bearer {self.token('bearer')}"}

    def call(self, method: str, path: str, operation: dict[str, Any], schemas: Schemas) -> None:
        """Send one call of the API with a drawn path, query and body."""
        headers: dict[str, str | bytes] = dict(self.credentials(path))
        query: list[tuple[str, str]] = []
        for one in operation.get("parameters", ()):
            value = schemas.value(one.get("schema", {}), self.chance)
            if one["in"] == "path":
                path = path.replace("{" + one["name"] + "}", _quoted(value))
            elif one["in"] == "query" and self.chance.random() < 0.6:
                query.append((one["name"], str(value).encode("utf-8", "replace").decode()))
            elif one["name"] == "idempotency-key" and self.chance.random() < 0.3:
                headers["Idempotency-Key"] = _header(str(value))
        how: dict[str, Any] = {"headers": headers, "params": query}
        body = operation.get("requestBody", {}).get("content", {})
        if "application/json" in body:
            how["content"] = schemas.body(body["application/json"]["schema"], self.chance)
            headers["Content-Type"] = "application/json"
        elif body or self.chance.random() < 0.1:
            how["files"] = {"file": (_name(self.chance), self._file(), "application/pdf")}
            how["data"] = {name: str(schemas.id(self.chance)) for name in ("session_id", "user_id")}
        self.send(method, path, **how)

    def page(self, entry: Entry, schemas: Schemas, fields: list[str]) -> None:
        """Ask for one page, or send its form, as somebody who is signed in."""
        path = re.sub(r"\{\w+:int\}", "7", entry.path)
        path = re.sub(r"\{[\w:]+\}", lambda _: str(schemas.id(self.chance)), path)
        secret = self.token("browser") if self.chance.random() < 0.9 else text(self.chance)
        secret = "".join(c for c in secret if c.isprintable() and c not in ";\r\n") or "x"
        how: dict[str, Any] = {"cookies": {"session": secret}}
        chosen = self.chance.sample(fields, min(len(fields), 6))
        drawn = [(name, text(self.chance)) for name in chosen]
        if entry.method == "GET":
            asked = urlencode(drawn[:3], errors="replace")
            self.send("GET", f"{path}?{asked}"[:4000], **how)
            return
        proof = Visit.csrf.fget(type("Of", (), {"secret": secret})())  # type: ignore[attr-defined] # a property
        drawn.append(("csrf", proof))
        if self.chance.random() < 0.1:
            how["files"] = {
                name: (_name(self.chance), self._file()) for name in ("file", "picture")
            }
            how["data"] = {name: value.encode("utf-8", "replace").decode() for name, value in drawn}
        else:
            how["content"] = urlencode(drawn, errors="replace").encode()
            how["headers"] = {"Content-Type": "application/x-www-form-urlencoded"}
            if self.chance.random() < 0.05:
                how["content"] = damaged(self.chance, how["content"])
        self.send("POST", path, **how)

    def _file(self) -> bytes:
        starts = (b"%PDF-1.4\n", b"PK\x03\x04", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"")
        return self.chance.choice(starts) + self.chance.randbytes(self.chance.randrange(300))


def _quoted(value: object) -> str:
    return quote(str(value).encode("utf-8", "replace")[:200], safe="") or "%20"


def _header(value: str) -> bytes:
    return (
        value.encode("utf-8", "replace")
        .replace(b"\r", b"")
        .replace(b"\n", b"")
        .replace(b"\x00", b"")
    )


def _name(chance: random.Random) -> str:
    return chance.choice(("cv.pdf", "../../cv.pdf", "a" * 300, "cv.docx\u202efdp", "é.pdf"))
