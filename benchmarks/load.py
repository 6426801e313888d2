"""Play a mixed day against a running installation, and tell how it was answered (Locust).

    export RECIPROCITY_HOME=...; .venv/bin/reciprocity up --any-port --detach
    eval "$(.venv/bin/reciprocity env)"
    .venv/bin/reciprocity import "$RECIPROCITY_DATA/timebanks/members.jsonl" --approve --wait
    .venv/bin/python benchmarks/load_people.py 500 100 /tmp/people.json
    python3.11 -m venv .venv-load; .venv-load/bin/pip install 'locust>=2.40'
    .venv-load/bin/python benchmarks/load.py http://127.0.0.1:8000 /tmp/people.json \
        --rate 100 --seconds 300 --streams 500

Members browse (64 in 100 requests), decide (8), write to each other (22) and are onboarded (6), while
so many event streams stay open. The load comes from one address and one process beside the servers.
Each answer that is no success is an error, and so is a stream that ends; the exit status is 1 then.
"""

# ruff: noqa: S311 - who does what next is no secret
# mypy: disable-error-code="misc,untyped-decorator,import-untyped,import-not-found"
# Locust and gevent ship no types.
from __future__ import annotations

import argparse
import json
import random
import socket
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import gevent
from locust import FastHttpUser, events, task
from locust.env import Environment

PAGES = ("/matches", "/conversations", "/summary", "/profile")
CALLS = ("/api/member/v1/matches", "/api/member/v1/me", "/api/member/v1/conversations")
SAID = (
    "I need somebody to look through my tax return before May",
    "I can teach piano to beginners, also to children",
    "Evenings are best for me, and I would rather write than talk",
    "I need help with a leaking roof; and I can translate from Spanish",
    "That is all for now",
)


class People:
    """Hold who can be played; one user of Locust is somebody else at each turn."""

    members: list[dict[str, Any]] = []  # noqa: RUF012 - one for the whole run
    newcomers: list[dict[str, Any]] = []  # noqa: RUF012 - the same
    each = 1.0  # requests a second of one user


class Member(FastHttpUser):
    """Do one thing that a member does, at a steady rate."""

    connection_timeout = 10.0
    network_timeout = 30.0

    def on_start(self) -> None:
        """Come at a moment of one's own: users who are started together would ask together for ever."""
        self.next = time.monotonic() + random.expovariate(People.each)
        gevent.sleep(self.next - time.monotonic())

    def wait_time(self) -> float:
        """Keep the rate, however long answers take, at moments nobody agreed on (a Poisson process)."""
        self.next += random.expovariate(People.each)
        return max(0.0, self.next - time.monotonic())

    def _as(self, one: dict[str, Any], **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {one['bearer']}", **more}

    @task(34)
    def page(self) -> None:
        """Look at a page of the site."""
        one, path = random.choice(People.members), random.choice(PAGES)
        self.client.get(
            path, headers={"Cookie": f"session={one['browser']}"}, allow_redirects=False
        )

    @task(30)
    def call(self) -> None:
        """Ask as a program does."""
        path = random.choice(CALLS)
        self.client.get(path, headers=self._as(random.choice(People.members)))

    @task(8)
    def decide(self) -> None:
        """Put an introduction off: it can be decided again at any time."""
        one = random.choice(People.members)
        if one["open"]:
            path = f"/api/member/v1/matches/{random.choice(one['open'])}/decision"
            name = "/api/member/v1/matches/{id}/decision"
            with self.client.put(
                path,
                json={"choice": "later"},
                headers=self._as(one),
                name=name,
                catch_response=True,
            ) as answer:
                if answer.status_code in {404, 409}:  # a run or the other one was quicker
                    answer.success()

    @task(11)
    def write(self) -> None:
        """Send a message."""
        one = self._talking()
        path = f"/api/member/v1/conversations/{one['talks'][0]}/messages"
        self.client.post(
            path,
            json={"body": f"Shall we meet on day {random.randrange(30)}?"},
            headers=self._as(one, **{"Idempotency-Key": uuid4().hex}),
            name="POST /api/member/v1/conversations/{id}/messages",
        )

    @task(11)
    def read(self) -> None:
        """Read a conversation."""
        one = self._talking()
        path = f"/api/member/v1/conversations/{one['talks'][0]}/messages"
        self.client.get(
            path, headers=self._as(one), name="GET /api/member/v1/conversations/{id}/messages"
        )

    @task(6)
    def onboard(self) -> None:
        """Say something in onboarding."""
        one = random.choice(People.newcomers)
        self.client.post(
            "/api/member/v1/me/onboarding/messages",
            json={"text": random.choice(SAID)},
            headers=self._as(one, **{"Idempotency-Key": uuid4().hex}),
        )

    def _talking(self) -> dict[str, Any]:
        while True:
            one = random.choice(People.members)
            if one["talks"]:
                return one


class Streams:
    """Keep event streams open, each of another member, and count what they tell."""

    def __init__(self, host: str) -> None:
        self.place = urlsplit(host)
        self.open = self.told = self.ended = 0
        self.closing = False

    def listen(self, bearer: str) -> None:
        """Listen until the run ends."""
        with socket.create_connection((self.place.hostname or "", self.place.port or 80)) as one:
            asked = f"GET /api/member/v1/events HTTP/1.1\r\nHost: {self.place.netloc}\r\n"
            one.sendall(f"{asked}Authorization: Bearer {bearer}\r\n\r\n".encode())
            first = one.recv(65_536)
            if not first.startswith(b"HTTP/1.1 200"):
                self.ended += 1
                print("a stream was refused:", first[:120], file=sys.stderr)
                return
            self.open += 1
            while found := one.recv(65_536):
                self.told += found.count(b"event: ")
            if not self.closing:
                self.ended += 1


def _play(wanted: argparse.Namespace) -> int:
    known = json.loads(Path(wanted.people).read_text())
    People.members, People.newcomers = known["members"], known["newcomers"]
    People.each = wanted.rate / wanted.users
    Member.host = wanted.host
    environment = Environment(user_classes=[Member], events=events)
    runner = environment.create_local_runner()
    streams = Streams(wanted.host)
    listening = [
        gevent.spawn(streams.listen, People.members[number % len(People.members)]["bearer"])
        for number in range(wanted.streams)
    ]
    limit = time.monotonic() + 30
    while streams.open + streams.ended < wanted.streams and time.monotonic() < limit:
        gevent.sleep(0.2)
    runner.start(wanted.users, spawn_rate=wanted.users / 5)
    gevent.sleep(wanted.warm_up)
    runner.stats.reset_all()
    begun = time.monotonic()
    gevent.sleep(wanted.seconds)
    took = time.monotonic() - begun
    runner.quit()
    streams.closing = True
    gevent.killall(listening)
    return _tell(runner.stats, streams, wanted.streams, took)


def _tell(stats: Any, streams: Streams, asked: int, took: float) -> int:
    print(f"{'':58}{'count':>7}{'req/s':>8}{'median':>8}{'95th':>7}{'99th':>7}{'errors':>8}")
    for one in [*sorted(stats.entries.values(), key=lambda each: each.name), stats.total]:
        name = f"{one.method or ''} {one.name}".strip()
        low, high, highest = (one.get_response_time_percentile(p) for p in (0.5, 0.95, 0.99))
        print(
            f"{name.replace('POST POST', 'POST').replace('GET GET', 'GET'):58}{one.num_requests:7}"
            f"{one.num_requests / took:8.1f}{low:8.0f}{high:7.0f}{highest:7.0f}"
            f"{one.fail_ratio:8.2%}"
        )
    for one in stats.errors.values():
        print(f"error: {one.occurrences} times {one.method} {one.name}: {one.error}")
    print(
        f"streams: {streams.open} of {asked} open, {streams.ended} ended early, {streams.told} events told"
    )
    return 1 if stats.total.num_failures or streams.ended or streams.open < asked else 0


def main() -> None:
    """Play, and print milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host")
    parser.add_argument("people")
    parser.add_argument("--rate", type=float, default=100.0, help="requests a second in all")
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--warm-up", type=float, default=10.0)
    parser.add_argument("--streams", type=int, default=500)
    sys.exit(_play(parser.parse_args()))


if __name__ == "__main__":
    main()
