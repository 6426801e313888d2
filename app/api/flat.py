"""Put the routes of several routers into one list.

A router that FastAPI includes in another is asked which of its routes matches, and is asked again by
whatever carries the request out, at each level: with 150 routes in three levels that was a quarter of
the time of a request. A flat list is asked once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute

_CARRIED = (
    "response_model", "status_code", "summary", "description", "response_description", "responses",
    "deprecated", "methods", "operation_id", "response_model_include", "response_model_exclude",
    "response_model_by_alias", "response_model_exclude_unset", "response_model_exclude_defaults",
    "response_model_exclude_none", "include_in_schema", "response_class", "name", "callbacks",
    "openapi_extra", "generate_unique_id_function", "strict_content_type", "max_body_size",
    "form_limits",
)  # fmt: skip


def include(
    into: APIRouter,
    routes: APIRouter,
    *,
    tags: Sequence[str] = (),
    dependencies: Sequence[Any] = (),
) -> None:
    """Add each of these routes to another router, with its prefix, tags and dependencies first.

    Raises TypeError for whatever is no route of FastAPI, such as a mount or an included router.
    """
    for route in routes.routes:
        if not isinstance(route, APIRoute):
            raise TypeError(f"{route} is no single route; add it to the application itself")
        into.add_api_route(
            route.path,
            route.endpoint,
            route_class_override=type(route),
            tags=[*tags, *route.tags],
            dependencies=[*dependencies, *route.dependencies],
            **{name: getattr(route, name) for name in _CARRIED},
        )
