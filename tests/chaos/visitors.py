"""Members who sign up, are onboarded, decide and write by HTTP while things die, and what they were told.

Whoever gets no answer does what a program does: it sends the same again, with the same key.
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx

from app.adapters.postgresql import PostgreSQLAdapter
from app.databases.errors import DatabaseUnavailableError
from tests.chaos.community import WORDS

PASSWORD = "correct horse battery"
API = "/api/member/v1"
STAGES = ("sign up", "open the letter", "sign in", "speak", "be done", "approve", "belong")
TRIES = 40


class UnansweredError(Exception):
    """No answer came, or one that says to come back."""


@dataclass
class Person:
    """Be one member on their way; `keys` are of what was sent and not answered yet."""

    email: str
    place: str
    stage: int = 0
    token: str = ""
    id: UUID | None = None
    decided: dict[UUID, str] = field(default_factory=dict)
    unsure: set[UUID] = field(default_factory=set)
    sent: dict[str, str] = field(default_factory=dict)  # body → match's id, answered with success
    waiting: list[tuple[str, str, str]] = field(default_factory=list)  # match, key, body


@dataclass
class Visitors:
    """Play people on one address of the API; `refused` counts answers that were no success."""

    base: str
    databases: PostgreSQLAdapter
    chance: random.Random
    people: list[Person] = field(default_factory=list)
    answered: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    partners: dict[UUID, UUID] = field(default_factory=dict)  # match → whom it is with

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.base, timeout=20)

    def act(self, members: int) -> None:
        """Let somebody do the next thing."""
        unfinished = [one for one in self.people if STAGES[one.stage] != "belong"]
        if len(self.people) < members and (not unfinished or self.chance.random() < 0.2):
            number = len(self.people)
            place = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
            self.people.append(Person(f"visitor{number}@example.org", place))
            unfinished.append(self.people[-1])
        belonging = [one for one in self.people if STAGES[one.stage] == "belong"]
        try:
            if unfinished and (not belonging or self.chance.random() < 0.7):
                self._go_on(self.chance.choice(unfinished))
            elif belonging:
                self._live(self.chance.choice(belonging))
        except UnansweredError as error:
            self.refused[str(error)] += 1
            time.sleep(0.1)

    def finish(self) -> None:
        """Bring everybody to the end of what they began; fail where somebody is stuck."""
        for one in self.people:
            for _ in range(TRIES):
                if STAGES[one.stage] == "belong" and not one.waiting:
                    break
                try:
                    if one.waiting:
                        self._send(one, *one.waiting[0])
                    else:
                        self._go_on(one)
                except UnansweredError as error:
                    self.refused[str(error)] += 1
                    time.sleep(0.25)
            else:
                raise AssertionError(f"{one.email} is stuck: {STAGES[one.stage]}")

    def _ask(self, one: Person, method: str, path: str, fine: set[int], **how: Any) -> Any:
        headers = {"X-Forwarded-For": one.place} | how.pop("headers", {})
        if one.token:
            headers["Authorization"] = f"Bearer {one.token}"
        try:
            answer = self.client.request(method, API + path, headers=headers, **how)
        except httpx.TransportError as error:
            raise UnansweredError(type(error).__name__) from None
        if answer.status_code in {429, 503}:
            assert int(answer.headers["Retry-After"]) > 0
            raise UnansweredError(str(answer.status_code))
        assert answer.status_code in fine, f"{method} {path}: {answer.status_code} {answer.text}"
        self.answered[f"{method} {re.sub(r'[0-9a-f-]{36}', '{id}', path)}"] += 1
        return answer.json() if answer.content and answer.is_success else None

    def _go_on(self, one: Person) -> None:
        stage = STAGES[one.stage]
        if stage == "sign up":
            wish = {"email": one.email, "password": PASSWORD, "first_name": "Visitor"}
            self._ask(one, "POST", "/accounts", {202}, json=wish)
        elif stage == "open the letter":
            self._ask(one, "POST", "/accounts/confirmations", {204, 410}, json=self._letter(one))
        elif stage == "sign in":
            wish = {"email": one.email, "password": PASSWORD}
            one.token = self._ask(one, "POST", "/sessions", {201}, json=wish)["token"]
            one.id = UUID(self._ask(one, "GET", "/me", {200})["user_id"])
        elif stage == "speak":
            need, offer = self.chance.sample(WORDS, 2)
            said = {"text": f"I need help with {need}. I can offer {offer}."}
            self._ask(one, "POST", "/me/onboarding/messages", {201}, json=said)
        elif stage == "be done":
            needs = {"needs": self.chance.sample(WORDS, 2), "offers": self.chance.sample(WORDS, 2)}
            self._ask(one, "POST", "/me/onboarding/completion", {200, 409, 422})
            self._ask(one, "PUT", "/me/summary", {200}, json=needs)
        else:
            self._ask(one, "PUT", "/me/summary/approval", {200})
        one.stage += 1

    def _letter(self, one: Person) -> dict[str, str]:
        try:
            with self.databases.backend() as backend:
                row = backend.execute(
                    "SELECT body FROM letters WHERE recipient = %s AND body <> ''"
                    " ORDER BY created_at DESC LIMIT 1",
                    (one.email,),
                ).fetchone()
        except DatabaseUnavailableError as error:  # it was killed while the letter was looked for
            raise UnansweredError(type(error).__name__) from None
        assert row is not None, f"no letter to {one.email}, who was promised one"
        found = re.search(r"token=([\w-]+)", row[0])
        assert found is not None
        return {"token": found[1]}

    def _live(self, one: Person) -> None:
        if one.waiting:
            self._send(one, *one.waiting[0])
            return
        if self.chance.random() < 0.5:
            matches = self._ask(one, "GET", "/matches", {200})["items"]
            if matches:
                chosen = self.chance.choice(matches)
                self.partners[UUID(chosen["match_id"])] = UUID(chosen["partner_id"])
                self._decide(one, UUID(chosen["match_id"]))
            return
        talks = self._ask(one, "GET", "/conversations", {200})["items"]
        if talks:
            chosen = self.chance.choice(talks)
            match = str(chosen["id"])
            self.partners[UUID(match)] = UUID(chosen["partner_id"])
            one.waiting.append((match, uuid4().hex, f"message {uuid4().hex}"))
            self._send(one, *one.waiting[0])

    def _decide(self, one: Person, match: UUID) -> None:
        choice = "yes" if self.chance.random() < 0.9 else "later"
        one.unsure.add(match)
        told = self._ask(
            one, "PUT", f"/matches/{match}/decision", {200, 404, 409}, json={"choice": choice}
        )
        one.unsure.discard(match)
        if told is not None and choice == "yes":
            one.decided[match] = choice
        elif told is not None:  # whoever said yes alone may still put it off
            one.decided.pop(match, None)

    def _send(self, one: Person, match: str, key: str, body: str) -> None:
        path, headers = f"/conversations/{match}/messages", {"Idempotency-Key": key}
        told = self._ask(one, "POST", path, {201, 404, 409}, json={"body": body}, headers=headers)
        one.waiting.remove((match, key, body))
        if told is not None:
            one.sent[body] = match

    def broken_promises(self, left: AbstractSet[UUID]) -> list[str]:
        """Hold the databases' rows against what was answered with success.

        What was between somebody and one of those who `left` went with them.
        """
        with self.databases.backend() as backend:
            users = {
                row[0]: row[1] for row in backend.execute("SELECT email, id FROM users").fetchall()
            }
            said = Counter(
                row[0] for row in backend.execute("SELECT body FROM messages").fetchall()
            )
            rows = backend.execute(
                "SELECT id, user_a_id, user_a_decision::text, user_b_decision::text FROM matches"
            ).fetchall()
        decisions = {row[0]: row[1:] for row in rows}
        broken = [f"{one.email} is gone" for one in self.people if users.get(one.email) != one.id]
        broken += [f"{body} stands there {n} times" for body, n in said.items() if n > 1]
        for one in self.people:
            broken += [
                f"{body} of {one.email} is gone"
                for body, match in one.sent.items()
                if not said[body] and self.partners[UUID(match)] not in left
            ]
            for match in set(one.decided) - one.unsure:
                if self.partners[match] in left:
                    continue
                first, ours, theirs = decisions.get(match, (None, "gone", "gone"))
                if (ours if first == one.id else theirs) != "approved":
                    broken.append(f"the yes of {one.email} to {match} is gone: {ours}, {theirs}")
        return broken
