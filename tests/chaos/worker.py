"""Run the worker as it is, but for a lease that lets a test see work taken over."""

from __future__ import annotations

from datetime import timedelta

from app.workers import relay
from app.workers.main import run

if __name__ == "__main__":
    vars(relay)["LEASE"] = timedelta(seconds=4)  # a minute elsewhere
    run()
