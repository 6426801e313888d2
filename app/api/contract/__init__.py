"""The calls of an existing NestJS backend, under /api/v1, with its key and its envelopes."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from app.api import flat
from app.api.contract import diagnostics, matching, members, onboarding, questions, uploads
from app.api.contract.gate import KeyRefusedError, key
from app.bootstrap import ContractSide

PREFIX = "/api/v1"
__all__ = ["PREFIX", "KeyRefusedError", "router"]


def router(side: ContractSide, api_key: str | None) -> APIRouter:
    """Make the routes. All want the key but the two that browsers call with a session of ours."""
    made = APIRouter(prefix=PREFIX, tags=["NestJS backend"])
    for module in (onboarding, members, matching, questions, diagnostics):
        flat.include(made, module.routes(side), dependencies=[Depends(key(api_key))])
    flat.include(made, uploads.routes(side))
    return made
