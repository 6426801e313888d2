"""What those who run the backend ask: is it well, who is how far, do it anew."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from app.api.contract.bodies import MemberCall
from app.api.contract.bounded import Bounded
from app.bootstrap import ContractSide
from app.services import backend_diagnostics


def routes(side: ContractSide) -> APIRouter:
    """Make the routes under /admin."""
    made = APIRouter(prefix="/admin", route_class=Bounded)
    databases = side.databases

    @made.get("/system-health")
    def system_health() -> dict[str, Any]:
        """Say whether both databases can be worked on, and what the data say is wrong."""
        report = side.health().plain()
        return {"overall_status": _overall(report["status"]), "report": report}

    @made.get("/wiring-audit")
    def wiring_audit() -> dict[str, Any]:
        """Say whether everything that must be connected here is."""
        report = side.health().plain()
        wiring = {
            "databases": report["status"] != "not ready",
            "backend_told_by_webhook": databases.settings.beside_nestjs,
            "webhook_key": databases.settings.webhook_key is not None,
            "language_model": side.reader.language_model is not None,
            "embedding_model": side.embedder.model,
        }
        lacking = databases.settings.beside_nestjs and not wiring["webhook_key"]
        overall = "unhealthy" if lacking else _overall(report["status"])
        return {"overall_status": overall, "wiring": wiring}

    @made.get("/matching-diagnostics")
    def matching_diagnostics() -> dict[str, Any]:
        """Say of each member what keeps them from being matched."""
        found = backend_diagnostics.matching(databases)
        return {"result": found.members, "summary": found.summary}

    @made.get("/list-users")
    def list_users() -> dict[str, Any]:
        """List members by how far they are, the newest first."""
        found = backend_diagnostics.members(databases)
        return {"result": found.members, "summary": found.summary}

    @made.post("/regenerate-embeddings")
    def regenerate_embeddings(call: MemberCall) -> dict[str, Any]:
        """Have a member's vectors and matches made anew by the worker."""
        begun = backend_diagnostics.regenerate(databases, call.user_id)
        return {"result": "being made anew" if begun else "waits to be made already"}

    return made


def _overall(status: str) -> str:
    return {"ready": "healthy", "degraded": "degraded"}.get(status, "unhealthy")
