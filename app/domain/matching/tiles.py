"""Members in blocks, and the strongest cosine of every two members of two blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.matching.vectors import Indices, MemberVectors, Vectors

# (first row of the run, first member, member after the last): one stretch of one layer.
Run = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Layers:
    """Hold a block's statements by layers: everybody's first, then each second, and so on.

    A layer falls into few runs of neighbours because members are ordered by their counts, so the
    maximum over a member's statements is a maximum of two contiguous slices.
    """

    vectors: Vectors
    members: int
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Hold some members (their indices, in block order) with their needs and offers in layers."""

    members: Indices
    needs: Layers
    offers: Layers


@dataclass(frozen=True, slots=True)
class Meeting:
    """Hold what each row of two blocks gains from each column and gives it, and their sum."""

    rows: Block
    columns: Block
    gained: Vectors
    given: Vectors
    total: Vectors


def ordered_members(vectors: MemberVectors) -> Indices:
    """Give the members who both need and offer something, alike counts side by side."""
    needs = np.diff(vectors.first_need())
    offers = np.diff(vectors.first_offer())
    able = np.flatnonzero((needs > 0) & (offers > 0))
    return able[np.lexsort((able, needs[able], offers[able]))].astype(np.int64)


class BlockReader:
    """Gather blocks of members from the vectors."""

    def __init__(self, vectors: MemberVectors) -> None:
        self._vectors = vectors
        self._first_need = vectors.first_need()
        self._first_offer = vectors.first_offer()

    def block(self, members: Indices) -> Block:
        """Copy the statements of these members into layers."""
        return Block(
            members,
            _layers(self._vectors.needs, self._first_need, members),
            _layers(self._vectors.offers, self._first_offer, members),
        )


def _layers(vectors: Vectors, first: Indices, members: Indices) -> Layers:
    start, counts = first[members], first[members + 1] - first[members]
    rows, runs, offset = [start], [], len(members)
    for layer in range(1, int(counts.max(initial=0))):
        holders = np.flatnonzero(counts > layer)
        rows.append(start[holders] + layer)
        for stretch in np.split(holders, np.flatnonzero(np.diff(holders) > 1) + 1):
            runs.append((offset, int(stretch[0]), int(stretch[-1]) + 1))
            offset += len(stretch)
    return Layers(vectors[np.concatenate(rows)], len(members), tuple(runs))


class Tile:
    """Compute the strongest cosines of two blocks in memory that is used again for every tile."""

    def __init__(self) -> None:
        self._room: dict[str, NDArray[np.float32]] = {}

    def meet(self, rows: Block, columns: Block) -> Meeting:
        """Give the strongest cosines of both directions; the next call overwrites them."""
        gained = self._strongest("gained", rows.needs, columns.offers)
        alone = rows is columns
        given = gained.T if alone else self._strongest("given", rows.offers, columns.needs)
        total = np.add(gained, given, out=self._matrix("total", *gained.shape))
        return Meeting(rows, columns, gained, given, total)

    def _strongest(self, name: str, rows: Layers, columns: Layers) -> Vectors:
        product = self._matrix(name, len(rows.vectors), len(columns.vectors))
        np.matmul(rows.vectors, columns.vectors.T, out=product)
        for offset, begin, end in rows.runs:
            one = product[begin:end]
            np.maximum(one, product[offset : offset + end - begin], out=one)
        product = product[: rows.members]
        for offset, begin, end in columns.runs:
            one = product[:, begin:end]
            np.maximum(one, product[:, offset : offset + end - begin], out=one)
        return product[:, : columns.members]

    def _matrix(self, name: str, rows: int, columns: int) -> Vectors:
        # Fresh memory of this size would be zeroed by the kernel page by page for every tile.
        room = self._room.get(name)
        if room is None or room.size < rows * columns:
            room = self._room[name] = np.empty(rows * columns, np.float32)
        return room[: rows * columns].reshape(rows, columns)
