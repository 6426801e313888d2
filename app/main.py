"""Make the web application: middleware, routers, lifespan, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from importlib.metadata import version

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

from app import bootstrap
from app.adapters.revisions import all_newest
from app.api import contract, flat, health, problems
from app.api import metrics as metrics_route
from app.api.elsewhere import closed_faces
from app.api.flow import OneFlowForEachRequest
from app.api.member.router import router as member_router
from app.api.operator.router import router as operator_router
from app.api.overload import Limits, Overload
from app.observability.metrics import Metrics
from app.observability.requests import Requests
from app.services.live import ended_by_signals
from app.settings import ApiSettings, load
from app.web.site import member_site


@cache
def _json_routes() -> tuple[BaseRoute, ...]:
    """Work out the routes of both JSON APIs once a process: they are the same in each application."""
    both = APIRouter()
    flat.include(both, member_router())
    flat.include(both, operator_router())
    return tuple(both.routes)


def create_app(settings: ApiSettings | None = None, *, proved: bool = False) -> FastAPI:
    """Make the application; unless they are, both databases are proved before it serves."""
    settings = settings or load(ApiSettings)
    platform = bootstrap.platform(settings)
    side = bootstrap.member_side(platform, settings)
    observer = side.eyes.observer
    metrics = Metrics(observer)
    side = replace(side, eyes=replace(side.eyes, refused=metrics.refused))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if not proved:
            platform.prove()
        if not settings.beside_nestjs:  # nobody there writes letters or erases, but that backend
            side.open()
        with ended_by_signals(side.watch):
            yield
        side.close()
        platform.databases.close()

    app = FastAPI(title="Reciprocity", version=version("reciprocity"), lifespan=lifespan)
    app.state.platform = platform
    app.add_middleware(OneFlowForEachRequest)
    limits = Limits(settings.most_requests, settings.most_streams, settings.patience)
    app.add_middleware(Overload, limits=limits)
    app.add_middleware(Requests, answered=metrics.answered)
    problems.install(app)
    flat.include(
        app.router,
        health.router(platform.databases, all_newest(), observer, platform.embedder.model),
    )
    flat.include(
        app.router,
        metrics_route.router(metrics, token=settings.metrics_token, key=settings.api_key),
    )
    answering = bootstrap.contract_side(platform, side, observer)
    flat.include(app.router, contract.router(answering, settings.api_key))
    app.state.members = side
    if settings.beside_nestjs:
        app.mount("/", closed_faces())
        return app
    app.router.routes.extend(_json_routes())
    app.mount("/", member_site(side))
    return app
