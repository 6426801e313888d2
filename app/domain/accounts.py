"""What an e-mail address, a name and a password must be; names are free text."""

from __future__ import annotations

import re
from typing import Final

from app.domain.member_rows import LONGEST_EMAIL, LONGEST_FIELD
from app.errors import InvalidInputError

SHORTEST_PASSWORD: Final = (
    10  # characters; length helps, rules about signs do not (NIST SP 800-63B)
)
LONGEST_PASSWORD: Final = 256  # characters; more would only cost the server time
_EMAIL: Final = re.compile(r"[^@\s<>,;\"\x00-\x1f]+@[^@\s<>,;\"\x00-\x1f]+\.[^@\s<>,;\"\x00-\x1f]+")


def checked_email(typed: str) -> str:
    """Give an e-mail address without blanks around it; raise InvalidInputError when it is none."""
    email = typed.strip()
    if not _EMAIL.fullmatch(email) or len(email) > LONGEST_EMAIL:
        raise InvalidInputError("That is not an e-mail address; it looks like name@example.org.")
    return email


def checked_name(typed: str, *, what: str = "name", needed: bool = True) -> str:
    """Give a name as typed, blanks around it removed; any letters and signs are welcome."""
    name = typed.strip()
    if needed and not name:
        raise InvalidInputError(
            "The {what} is missing; type how others should call you.", what=what
        )
    return checked_text(name, what=what, longest=LONGEST_FIELD)


def checked_text(typed: str, *, what: str, longest: int) -> str:
    """Give a text as typed; raise InvalidInputError when it is too long or holds a zero byte."""
    if len(typed) > longest:
        raise InvalidInputError(
            "The {what} is too long: at most {most} characters.", what=what, most=longest
        )
    if "\0" in typed or any("\ud800" <= letter <= "\udfff" for letter in typed):
        raise InvalidInputError(
            "The {what} holds signs that no text can hold; remove them.", what=what
        )
    return typed


def checked_password(typed: str, email: str) -> str:
    """Give a password that is long enough and not the address itself; never trimmed or changed."""
    if len(typed) < SHORTEST_PASSWORD:
        raise InvalidInputError(
            "The password is too short: at least {least} characters, any will do.",
            least=SHORTEST_PASSWORD,
        )
    if len(typed) > LONGEST_PASSWORD:
        raise InvalidInputError(
            "The password is too long: at most {most} characters.", most=LONGEST_PASSWORD
        )
    if typed.casefold() == email.casefold() or len(set(typed)) < 3:  # noqa: PLR2004 - aaaaaaaaaa, ababababab
        raise InvalidInputError("That password would be guessed at once; choose another one.")
    return checked_text(typed, what="password", longest=LONGEST_PASSWORD)
