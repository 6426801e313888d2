"""Show the metrics to whoever has the token or the key."""

from __future__ import annotations

import hmac
from typing import Any

from fastapi import APIRouter, Depends, Header, Response

from app.api.contract import KeyRefusedError
from app.observability.metrics import CONTENT_TYPE, Metrics


def _allowed(token: str | None, key: str | None) -> Any:
    def check(authorization: str = Header(default=""), x_api_key: str = Header(default="")) -> None:
        if token and hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
            return
        if key and hmac.compare_digest(x_api_key.encode(), key.encode()):
            return
        raise KeyRefusedError(
            "The metrics want `Authorization: Bearer` with METRICS_TOKEN, or X-API-KEY with API_KEY."
        )

    return check


def router(metrics: Metrics, *, token: str | None, key: str | None) -> APIRouter:
    """Make the route."""
    routes = APIRouter(tags=["metrics"], dependencies=[Depends(_allowed(token, key))])

    @routes.get("/metrics", response_class=Response)
    def show() -> Response:
        """Give what both databases hold and what this process did, in Prometheus's text form."""
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    return routes
