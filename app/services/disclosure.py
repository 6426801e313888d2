"""Show members as they want to be shown: in part to whoever is introduced, whole to who talks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from app.databases.connections import BackendConnection
from app.domain.disclosure import Disclosure
from app.repositories.backend import disclosures, pictures, profiles, public_summaries, users


@dataclass(frozen=True, slots=True)
class Shown:
    """Hold what somebody may see of a member; `picture` is its version, None where there is none."""

    name: str
    headline: str
    place: str
    about: str
    picture: UUID | None


def of_member(backend: BackendConnection, user_id: UUID) -> Disclosure:
    """Give a member's choices; everything is shown to whoever is introduced where none was made."""
    return disclosures.by_ids(backend, [user_id]).get(user_id, Disclosure())


def put(backend: BackendConnection, user_id: UUID, chosen: Disclosure) -> None:
    """Write a member's choices."""
    disclosures.put(backend, user_id, chosen, datetime.now(UTC))


def shown(
    backend: BackendConnection, user_ids: Sequence[UUID], *, talking: Collection[UUID] = ()
) -> dict[UUID, Shown]:
    """Show members to somebody who is introduced to them; who does not exist is left out.

    With those `talking` both have said yes, so that nothing is held back.

    """
    people = users.by_ids(backend, user_ids)
    about = profiles.by_ids(backend, user_ids)
    chosen = disclosures.by_ids(backend, user_ids)
    public = public_summaries.newest(backend, user_ids)
    versions = pictures.versions(backend, user_ids)
    found = {}
    for user_id, member in people.items():
        choice, talks = chosen.get(user_id, Disclosure()), user_id in talking
        profile = about.get(user_id, profiles.Profile(user_id))
        if not choice.shows("last_name", talking=talks):
            member = replace(member, last_name="")  # noqa: PLW2901 - the same person, less of them
        found[user_id] = Shown(
            member.name,
            profile.headline if choice.shows("headline", talking=talks) else "",
            profile.place if choice.shows("place", talking=talks) else "",
            public.get(user_id, "") if choice.shows("about", talking=talks) else "",
            versions.get(user_id) if choice.shows("picture", talking=talks) else None,
        )
    return found
