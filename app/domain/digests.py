"""Compare what two databases know of the same members, first by buckets and then one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Known:
    """Hold which version of a member's summary is meant, and the hash of what it says."""

    version: int
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class Differences:
    """Name the members on whom the vectors differ from the summaries, each list sorted by id.

    `missing` have a summary and no vectors; `outdated` have vectors of an older version or of other
    words; `ahead` have vectors of a version that no longer exists, as after a restore; `orphans`
    have vectors and no summary that asks for them.
    """

    missing: tuple[UUID, ...] = ()
    outdated: tuple[UUID, ...] = ()
    ahead: tuple[UUID, ...] = ()
    orphans: tuple[UUID, ...] = ()

    def __len__(self) -> int:
        """Count the members that differ."""
        return len(self.missing) + len(self.outdated) + len(self.ahead) + len(self.orphans)


def differing_buckets(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> list[str]:
    """Name the buckets whose digests differ, or that only one side has."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def differences(summaries: Mapping[UUID, Known], vectors: Mapping[UUID, Known]) -> Differences:
    """Hold the vectors that exist against the summaries that ask for them."""
    both = sorted(summaries.keys() & vectors.keys())
    differing = [member for member in both if summaries[member] != vectors[member]]
    return Differences(
        missing=tuple(sorted(summaries.keys() - vectors.keys())),
        outdated=tuple(m for m in differing if vectors[m].version <= summaries[m].version),
        ahead=tuple(m for m in differing if vectors[m].version > summaries[m].version),
        orphans=tuple(sorted(vectors.keys() - summaries.keys())),
    )
