"""The one family of errors: what is wrong, what to do, a stable code and an HTTP status."""

from __future__ import annotations


class ReciprocityError(Exception):
    """Say what is wrong and what to do; carry a stable code for programs and a status for HTTP."""

    code: str = "internal_error"
    status: int = 500


class SettingsError(ReciprocityError):
    """A variable is missing, empty, mistyped or contradicts another one."""

    code = "settings"


class NotFoundError(ReciprocityError):
    """The thing that was asked for does not exist, or nobody with these rights may know of it."""

    code = "not_found"
    status = 404


class InvalidInputError(ReciprocityError):
    """What was sent cannot be accepted; nothing was changed."""

    code = "invalid_input"
    status = 422


class ConflictError(ReciprocityError):
    """The state of things has moved on; nothing was changed."""

    code = "conflict"
    status = 409
