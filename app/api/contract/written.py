"""Give the written contract: the JSON Schemas of every call and every webhook, by version."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, Final, Literal

VERSION: Final = 1


def schemas(which: Literal["calls", "webhooks"]) -> dict[str, Any]:
    """Read the schemas of the calls that come, or of the webhooks that go."""
    path = files("app.api.contract").joinpath("schemas", f"{which}.v{VERSION}.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
