"""Hold calls and webhooks against the written contract."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jsonschema import (  # type: ignore[import-untyped] # ships no types
    Draft202012Validator,
    FormatChecker,
)

from app.api.contract.written import schemas

_CHECKER = FormatChecker()


@cache
def calls() -> dict[tuple[str, str], dict[str, Any]]:
    """Give what is written of each call, by method and path."""
    return {(one["method"], one["path"]): one for one in schemas("calls")["calls"]}


def written_for(method: str, path: str) -> dict[str, Any]:
    """Find what is written of a call that was made; fail when nothing is."""
    plain = path.partition("?")[0]
    for (known_method, template), one in calls().items():
        pattern = re.sub(r"\{\w+\}", "[^/]+", template)
        if known_method == method and re.fullmatch(pattern, plain):
            return one
    raise AssertionError(f"{method} {path} is not in the written contract")


def faults(schema: dict[str, Any], content: object) -> list[str]:
    """List where a content breaks its schema."""
    found = Draft202012Validator(schema, format_checker=_CHECKER).iter_errors(content)
    return [f"{'.'.join(str(part) for part in one.path)}: {one.message}" for one in found]


def webhook_faults(name: str, body: object) -> list[str]:
    """List where a webhook breaks the written contract."""
    return faults(schemas("webhooks")["webhooks"][name], body)
