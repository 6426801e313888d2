"""Logs for programs (JSON) or for people, without e-mail addresses, ids of members or their words.

What this project says itself may stand in a log. What other libraries say when they fail may quote the
data they failed on, so of their errors only the type, PostgreSQL's code and the places are written.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Final, Literal

from app.errors import ReciprocityError
from app.observability import correlation

Form = Literal["json", "text"]
# What a port follows is a user at a host, which an operator wants to read.
_EMAIL: Final = re.compile(
    r"[^\s@<>\"'(),;:/]+@(?:[^\W_](?:[\w-]*\w)?\.)+[^\W\d_]{2,}(?![.\w]|:\d)"
)
_UUID: Final = re.compile(
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE
)
_URL_PASSWORD: Final = re.compile(r"(\w+://[^\s:/@]*):[^\s@]*@")
_STANDARD: Final = frozenset(
    {*vars(logging.makeLogRecord({})), "message", "asctime", "color_message", "taskName"}
)


def configure(form: Form, level: str = "INFO") -> None:
    """Send this process's logs to standard error in one form, whichever library writes them."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error", "celery", "kombu"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it writes whole addresses


def without_members(text: str) -> str:
    """Cut e-mail addresses, ids and passwords of addresses out of a text."""
    text = _URL_PASSWORD.sub(r"\1:(password)@", text)
    return _UUID.sub("(id)", _EMAIL.sub("(e-mail)", text))


def told(error: BaseException) -> str:
    """Say of an error what holds no member's data."""
    if isinstance(error, ReciprocityError):
        return f"{type(error).__name__}: {error}"
    state = getattr(error, "sqlstate", None)
    return type(error).__name__ + (f" (SQLSTATE {state})" if state else "")


class _Formatter(logging.Formatter):
    def sentence(self, record: logging.LogRecord) -> str:
        """Put a record's message together, errors among its arguments told as `told` does."""
        if isinstance(record.args, tuple):
            args = tuple(told(a) if isinstance(a, BaseException) else a for a in record.args)
            try:
                return without_members(str(record.msg) % args if args else str(record.msg))
            except (TypeError, ValueError):
                return without_members(str(record.msg))
        return without_members(record.getMessage())

    def error(self, record: logging.LogRecord) -> tuple[str, list[str]] | None:
        """Give an error and the places it came through, innermost last; no value of any variable."""
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            return None
        places = [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ]
        return without_members(told(error)), places


class JsonFormatter(_Formatter):
    """Write a record as one line of JSON, with the ids of the request and the task."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.sentence(record),
            **correlation.current(),
        }
        line |= {
            key: without_members(value) if isinstance(value, str) else value
            for key, value in vars(record).items()
            if key not in _STANDARD and isinstance(value, str | int | float | bool)
        }
        failed = self.error(record)
        if failed is not None:
            line["error"], line["places"] = failed
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(_Formatter):
    """Write a record for a person to read."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line, and below it where an error came from."""
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        line = f"{at} {record.levelname.lower():7} {record.name}: {self.sentence(record)}"
        failed = self.error(record)
        if failed is not None:
            line += f"\n  {failed[0]}" + "".join(f"\n    {place}" for place in failed[1])
        return line
