"""Tell members by e-mail what is new, as soon as they want it, with a link that stops it.

What is new is read from the tables of lists and conversations, never from events that were kept: a
letter that was not written, or written late, tells what is still new then.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from app.databases.connections import BackendConnection
from app.databases.errors import DatabaseUnavailableError
from app.domain.notifications import KINDS, Kind, Pace, due, sentences
from app.repositories.backend import letters, notifications
from app.services import introductions, member_languages, passwords
from app.services.accounts import LinkTooOldError, too_old
from app.services.site import Site
from app.services.steps import Databases

log = logging.getLogger(__name__)

QUIET: Final = timedelta(minutes=2)
LINK_LIVES: Final = timedelta(days=180)
# Where to change how often one is told, and the two links that stop it.
WAYS_OUT: Final = (
    "How often you are told: {link}",
    "No more letters like this: {link}",
    "No more letters about news of any kind: {link}",
)
PATHS: Final[Mapping[Kind, str]] = {
    "opened": "/conversations",
    "messages": "/conversations",
    "introductions": "/matches",
}


def paces(backend: BackendConnection, user_id: UUID) -> dict[Kind, Pace]:
    """Give how soon a member wants to be told of each kind."""
    return notifications.paces(backend, user_id)


def put(backend: BackendConnection, user_id: UUID, wanted: Mapping[Kind, Pace]) -> None:
    """Write how soon a member wants to be told."""
    for kind, pace in wanted.items():
        notifications.put(backend, user_id, kind, pace)


def tell(databases: Databases, site: Site, at: datetime | None = None) -> int:
    """Write a letter to everybody for whom something is new and due; give how many were written."""
    if site.url is None:
        return 0
    at = at or datetime.now(UTC)
    with databases.backend() as backend:
        members = notifications.candidates(backend, at, quiet=QUIET)
    written = 0
    for user_id in members:
        try:
            with databases.backend() as backend:
                written += _tell(backend, site, user_id, at)
        except DatabaseUnavailableError:
            raise
        except Exception:  # one member's rows must not keep letters from everybody after them
            log.exception("the news of one member could not be told; the others are told")
    if written:
        log.info("%d members were told what is new", written)
    return written


def _tell(backend: BackendConnection, site: Site, user_id: UUID, at: datetime) -> bool:
    reader = notifications.reader(backend, user_id)
    if reader is None:
        return False
    wanted = {kind: reader.paces[kind] for kind in KINDS}
    ready = {kind for kind in KINDS if due(wanted[kind], reader.told.get(kind), at)}
    counts = {kind: n for kind, n in _new(backend, reader, at).items() if kind in ready and n}
    if not counts:
        return False
    token = passwords.new_token()
    stop = site.link("/unsubscribe", token=token.secret)
    say = member_languages.say_to(backend, user_id)
    said = sentences(counts, say)
    pages = "\n".join(dict.fromkeys(site.link(PATHS[kind]) for kind in counts))
    ways = "\n".join(
        say(words).format(link=link)
        for words, link in zip(
            WAYS_OUT, (site.link("/settings"), stop, f"{stop}&all=yes"), strict=True
        )
    )
    letters.add(
        backend,
        user_id,
        reader.email,
        said[0].rstrip("."),
        f"{' '.join(said)}\n\n{pages}\n\n{ways}\n",
        unsubscribe=stop,
    )
    notifications.add_link(backend, token.digest, user_id, list(counts), at)
    # What came in the last minutes was not looked at, so it must still count as new.
    notifications.told(backend, user_id, {kind: wanted[kind] for kind in counts}, at - QUIET)
    return True


def _new(backend: BackendConnection, reader: notifications.Reader, at: datetime) -> dict[Kind, int]:
    found = notifications.news(
        backend,
        reader.user_id,
        messages_after=reader.told.get("messages"),
        opened_after=reader.told.get("opened"),
        before=at - QUIET,
    )
    partners = introductions.available(backend, reader.user_id)
    unseen = notifications.unseen(
        backend,
        reader.user_id,
        partners,
        after=reader.told.get("introductions"),
        before=at - QUIET,
    )
    return {"opened": found.opened, "messages": found.messages, "introductions": unseen}


def stops(backend: BackendConnection, secret: str) -> notifications.Link:
    """Find whose letters a link stops, and of which kinds; raise LinkTooOldError."""
    found = notifications.link(backend, passwords.digest(secret))
    if found is None:
        raise too_old()
    return found


def unsubscribe(
    backend: BackendConnection, secret: str, *, everything: bool = False
) -> Sequence[Kind]:
    """Stop the kinds that the link's letter told of, or every kind; give which were stopped.

    Raises LinkTooOldError when the link is unknown.
    """
    found = stops(backend, secret)
    stopped = KINDS if everything else found.kinds
    put(backend, found.user_id, dict.fromkeys(stopped, "never"))
    return stopped


def forget_old(backend: BackendConnection) -> int:
    """Remove the links of old letters; give how many."""
    return notifications.forget_links(backend, datetime.now(UTC) - LINK_LIVES)


__all__ = ["LinkTooOldError", "forget_old", "paces", "put", "stops", "tell", "unsubscribe"]
