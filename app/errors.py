"""The one family of errors: what is wrong, what to do, a stable code and an HTTP status."""

from __future__ import annotations


class ReciprocityError(Exception):
    """Say what is wrong and what to do; carry a stable code for programs and a status for HTTP.

    What members read is given as a sentence with its values apart, so that it can be told in
    another language: `InvalidInputError("At most {most} fit.", most=5)`.
    """

    code: str = "internal_error"
    status: int = 500

    def __init__(self, sentence: str = "", **values: object) -> None:
        super().__init__(sentence.format(**values) if values else sentence)
        self.sentence, self.values = sentence, values


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
