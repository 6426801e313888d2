"""Make sign-ins for a demonstration: two members of the community and one operator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import ConflictError
from app.services import accounts, passwords
from app.services.accounts import Wish
from app.services.steps import Databases

OPERATOR = "operator@demo.example"


@dataclass(frozen=True, slots=True)
class SignIn:
    """Hold what to type to sign in."""

    email: str
    password: str
    operator: bool


def make(databases: Databases, members: Sequence[str]) -> list[SignIn]:
    """Let these members, by e-mail address, and an operator sign in; passwords are new each time.

    Only for communities made for showing: whoever had a password before has another one now.
    """
    made = []
    for email in (*members, OPERATOR):
        operator = email == OPERATOR
        password = passwords.new_token().secret[:14]
        try:
            name = email.partition("@")[0]
            accounts.create(databases, Wish(email, password, name), operator=operator)
        except ConflictError:
            accounts.replace_password(databases, email, password)
        made.append(SignIn(email, password, operator))
    return made
