"""Read and change what a member tells about themselves beside needs and offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from app.databases.connections import BackendConnection
from app.domain.accounts import checked_name, checked_text
from app.errors import InvalidInputError
from app.repositories.backend import profiles, users
from app.services.conversations import links

LONGEST_HEADLINE: Final = 200
LONGEST_ENTRY: Final = 100
MOST_ENTRIES: Final = 20


@dataclass(frozen=True, slots=True)
class MemberProfile:
    """Hold a member's names and profile as they may change them."""

    first_name: str
    last_name: str = ""
    headline: str = ""
    place: str = ""
    languages: Sequence[str] = ()
    fields: Sequence[str] = ()
    links: Sequence[str] = ()


def of_member(backend: BackendConnection, user_id: UUID) -> MemberProfile:
    """Read a member's profile."""
    member = users.by_id(backend, user_id)
    found = profiles.by_ids(backend, [user_id]).get(user_id, profiles.Profile(user_id))
    return MemberProfile(
        member.first_name,
        member.last_name,
        found.headline,
        found.place,
        tuple(found.languages),
        tuple(found.fields),
        tuple(links(found.further)),
    )


def put(backend: BackendConnection, user_id: UUID, wanted: MemberProfile) -> MemberProfile:
    """Write a member's profile as typed; raise InvalidInputError saying what cannot be taken."""
    wanted = _checked(wanted)
    known = profiles.by_ids(backend, [user_id]).get(user_id, profiles.Profile(user_id))
    users.rename(backend, user_id, wanted.first_name, wanted.last_name)
    written = replace(
        known,
        headline=wanted.headline,
        place=wanted.place,
        languages=wanted.languages,
        fields=wanted.fields,
        further={**known.further, "links": list(wanted.links)},
    )
    profiles.put(backend, written, datetime.now(UTC))
    return wanted


def _checked(wanted: MemberProfile) -> MemberProfile:
    return MemberProfile(
        checked_name(wanted.first_name),
        checked_name(wanted.last_name, what="last name", needed=False),
        checked_text(wanted.headline.strip(), what="headline", longest=LONGEST_HEADLINE),
        checked_text(wanted.place.strip(), what="place", longest=LONGEST_HEADLINE),
        _entries(wanted.languages, "language"),
        _entries(wanted.fields, "field"),
        tuple(_link(one) for one in _entries(wanted.links, "link", longest=500)),
    )


def _entries(typed: Sequence[str], what: str, longest: int = LONGEST_ENTRY) -> tuple[str, ...]:
    entries = tuple(dict.fromkeys(one.strip() for one in typed if one.strip()))
    if len(entries) > MOST_ENTRIES:
        raise InvalidInputError(
            "At most {most} fit; {given} were given.", most=MOST_ENTRIES, given=len(entries)
        )
    return tuple(checked_text(one, what=what, longest=longest) for one in entries)


def _link(typed: str) -> str:
    """Give a link as typed, https:// put before it where it has no scheme."""
    link = typed if "://" in typed else f"https://{typed}"
    try:
        parts = urlsplit(link)
        named = bool(parts.hostname) and "." in (parts.hostname or "") and parts.port != 0
        good = parts.scheme in {"http", "https"} and named and " " not in link
    except ValueError:
        good = False
    if not good:
        raise InvalidInputError(
            "“{typed}” is not a web address; it looks like https://example.org.", typed=typed
        )
    return link
