"""Say whether the service of this container works: `python -m app.healthcheck SERVICE`."""

from __future__ import annotations

import os
import socket
import sys
from http import HTTPStatus

import httpx

from app.workers.celery_app import celery_app


def ai_service() -> str:
    """Ask the API whether both databases can be worked on; give what is wrong, or nothing."""
    port = os.environ.get("API_PORT", "8000")
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=8, trust_env=False)
    except httpx.HTTPError as error:
        return f"the API does not answer on port {port} ({type(error).__name__})"
    return "" if answer.status_code == HTTPStatus.OK else answer.text


def celery_worker() -> str:
    """Ask this container's worker, through the broker, for a sign of life."""
    name = f"celery@{socket.gethostname()}"
    inspect = celery_app(os.environ["CELERY_BROKER_URL"]).control.inspect(
        destination=[name], timeout=8
    )
    return "" if inspect.ping() else f"{name} does not answer through the broker"


SERVICES = {"ai-service": ai_service, "celery-worker": celery_worker}


def main() -> None:
    """Exit with 0 where the service works, and say why where it does not."""
    problem = SERVICES[sys.argv[1]]()
    if problem:
        sys.exit(problem)


if __name__ == "__main__":
    main()
