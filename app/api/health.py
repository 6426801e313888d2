"""Tell whether this process lives, and whether it can do its work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Response

from app.databases.names import Database
from app.services import health
from app.services.sight import Observer
from app.services.steps import Databases


def router(
    databases: Databases, heads: Mapping[Database, str], observer: Observer, model: str
) -> APIRouter:
    """Make the two health routes; `heads` names the newest revision of each database.

    `model` is the embedding model of this process.
    """
    routes = APIRouter(prefix="/health", tags=["health"])

    @routes.get("/live")
    def live() -> dict[str, str]:
        """Say that the process runs."""
        return {"status": "live"}

    @routes.get("/ready")
    def ready(response: Response) -> dict[str, Any]:
        """Say of each database whether it answers, its revision, and what is wrong in words.

        503 means that no work can be done here; with 200 and `degraded`, something else is wrong.
        """
        report = health.report(databases, heads)
        if report.ready:
            report.look(observer.look(), model)
        response.status_code = 200 if report.ready else 503
        return report.plain()

    return routes
