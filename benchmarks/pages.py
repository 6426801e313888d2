"""Measure how long the member site's pages take, on the databases that the environment names.

    eval "$(reciprocity env)"; python benchmarks/pages.py EMAIL --times 40

EMAIL is a member with matches; that member gets a new password.
"""

from __future__ import annotations

import argparse
import statistics
import time
from http import HTTPStatus

from starlette.testclient import TestClient

from app.main import create_app
from app.services import demo_sign_ins
from app.settings import ApiSettings, load

PAGES = (
    "/matches", "/conversations", "/onboarding", "/summary", "/profile", "/settings", "/account",
    "/your-data", "/api/member/v1/matches",
)  # fmt: skip


def main() -> None:
    """Print the median and the slowest answer of each page, in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("email")
    parser.add_argument("--times", type=int, default=40)
    wanted = parser.parse_args()
    app = create_app(load(ApiSettings))
    with TestClient(app) as client:
        made = demo_sign_ins.make(app.state.members.databases, [wanted.email])[0]
        sign_in(client, made)
        print(f"{'page':<24} {'median ms':>10} {'slowest ms':>11}")
        for path in PAGES:
            times = [took(client, path) for _ in range(wanted.times + 1)][1:]
            print(f"{path:<24} {statistics.median(times):>10.1f} {max(times):>11.1f}")


def sign_in(client: TestClient, made: demo_sign_ins.SignIn) -> None:
    """Sign a member in to the pages, and to the API."""
    page = client.get("/sign-in").text
    csrf = page.split('name="csrf" value="', 1)[1].split('"', 1)[0]
    form = {"csrf": csrf, "email": made.email, "password": made.password}
    client.post("/sign-in", data=form).raise_for_status()
    typed = {"email": made.email, "password": made.password}
    token = client.post("/api/member/v1/sessions", json=typed).json()["token"]
    client.headers["Authorization"] = f"Bearer {token}"


def took(client: TestClient, path: str) -> float:
    """Give the milliseconds of one answer; a page that sends elsewhere was not the page."""
    begun = time.perf_counter()
    answer = client.get(path, follow_redirects=False)
    milliseconds = (time.perf_counter() - begun) * 1000
    if answer.status_code != HTTPStatus.OK:
        raise SystemExit(f"{path} answered {answer.status_code}")
    return milliseconds


if __name__ == "__main__":
    main()
