"""The best partners of all members at once, exact, by blocked matrix products."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from app.domain.matching.couples import Couples
from app.domain.matching.pair_table import Chosen, PairTable, listed
from app.domain.matching.scores import Calibration, Floats
from app.domain.matching.shortlists import BLOCK_LIMIT, MEMBER_LIMIT, Risk, Shortlists
from app.domain.matching.tiles import Block, BlockReader, Meeting, Tile, ordered_members
from app.domain.matching.vectors import Indices, MemberVectors, Vectors

# A product of two blocks stays in a shared cache of some tens of megabytes.
_BLOCK = 1024
_BLOCKS_HELD = 8

Progress = Callable[[float], None]
# Says of each pair (a[k], b[k]) whether a rule keeps them apart; the same from either side.
Barred = Callable[[Indices, Indices], NDArray[np.bool_]]


def best_pairs(
    vectors: MemberVectors,
    *,
    length: int,
    calibration: Calibration,
    forbidden: NDArray[np.integer] | None = None,
    barred: Barred | None = None,
    members: NDArray[np.integer] | None = None,
    progress: Progress | None = None,
) -> PairTable:
    """Find the `length` best partners of each member, or of `members` only, among everybody.

    Nobody without a need or without an offer is paired, nor any pair of `forbidden` (k, 2), nor
    one that `barred` keeps apart. Exact
    for the float32 vectors given; equal scores are ordered by the partner's index. `progress` is
    told the share of the work that is done, 0 to 1. Memory beyond the vectors and the result is
    a few blocks and about 16 bytes for each place in a list.
    """
    if length < 1:
        raise ValueError("a list has at least one place: give a length of 1 or more")
    if vectors.members > MEMBER_LIMIT:
        raise ValueError(f"at most {MEMBER_LIMIT} members fit one run: split the community")
    search = _Search(vectors, length, calibration, forbidden, barred)
    tell = progress or (lambda _share: None)
    asked = None if members is None else np.unique(np.asarray(members, np.int64))
    if asked is not None and len(asked) and not 0 <= asked[0] <= asked[-1] < vectors.members:
        raise ValueError(f"members to list are indices from 0 to {vectors.members - 1}")
    return search.everybody(tell) if asked is None else search.only(asked, tell)


class _Search:
    def __init__(
        self,
        vectors: MemberVectors,
        length: int,
        calibration: Calibration,
        forbidden: NDArray[np.integer] | None,
        barred: Barred | None,
    ) -> None:
        self._count = vectors.members
        self._length = length
        self._reader = BlockReader(vectors)
        self._risk = Risk(calibration, vectors.width)
        self._couples = Couples(vectors, calibration)
        self._tile = Tile()
        self._order = ordered_members(vectors)
        self._forbidden = _pair_codes(forbidden, self._count)
        self._rule = barred

    def everybody(self, tell: Progress) -> PairTable:
        parts = _split(self._order)
        lists = [self._shortlists(part) for part in parts]
        total = len(parts) * (len(parts) + 1) / 2
        done = 0
        for start in range(0, len(parts), _BLOCKS_HELD):
            held: list[Block] = []
            for column in range(start, len(parts)):
                block = self._reader.block(parts[column])
                if start == 0:
                    self._begin(block, block, lists[column])
                    done += 1
                for row, other in enumerate(held, start):
                    self._meet(other, block, lists[row], lists[column])
                    done += 1
                tell(done / total)
                if len(held) < _BLOCKS_HELD:
                    held.append(block)
        return self._table(lists)

    def only(self, asked: Indices, tell: Progress) -> PairTable:
        rows = [self._shortlists(part) for part in _split(self._order[np.isin(self._order, asked)])]
        blocks = [self._reader.block(each.members) for each in rows]
        parts = _split(self._order)
        for done, part in enumerate(parts, 1):
            block = self._reader.block(part)
            for mine, lists in zip(blocks, rows, strict=True):
                if done == 1:
                    self._begin(mine, block, lists)
                else:
                    self._meet(mine, block, lists, None)
            tell(done / len(parts))
        return self._table(rows)

    def _shortlists(self, members: Indices) -> Shortlists:
        return Shortlists(members, self._length, self._risk, self._exact_score)

    def _exact_score(self, members: Indices, partners: Indices) -> Floats:
        return self._couples.score(members, partners).score

    def _begin(self, rows: Block, columns: Block, lists: Shortlists) -> None:
        """Meet the first block: whoever seems near gives each row a limit, few others are within."""
        met = self._tile.meet(rows, columns)
        guess = _guess(met.total, self._length)
        self._offer(met, met.total >= guess[:, None], lists, None)
        lists.settle()
        if np.any(lists.least_sum < guess):
            rest = (met.total >= lists.least_sum[:, None]) & (met.total < guess[:, None])
            self._offer(met, rest, lists, None)

    def _meet(
        self, rows: Block, columns: Block, mine: Shortlists, theirs: Shortlists | None
    ) -> None:
        met = self._tile.meet(rows, columns)
        near = met.total >= mine.least_sum[:, None]
        if theirs is not None:
            near |= met.total >= theirs.least_sum
        self._offer(met, near, mine, theirs)

    def _offer(
        self, met: Meeting, near: NDArray[np.bool_], mine: Shortlists, theirs: Shortlists | None
    ) -> None:
        at = np.flatnonzero(near)
        row = at // near.shape[1]
        column = at - row * near.shape[1]
        member, partner = met.rows.members[row], met.columns.members[column]
        free = (member != partner) & ~self._barred(member, partner)
        if not free.all():
            row, column, member, partner = row[free], column[free], member[free], partner[free]
        risk = self._risk.of(met.gained[row, column], met.given[row, column])
        mine.offer(row, risk, partner)
        if theirs is not None:
            theirs.offer(column, risk, member)

    def _barred(self, a: Indices, b: Indices) -> NDArray[np.bool_]:
        ruled = np.zeros(len(a), np.bool_) if self._rule is None else self._rule(a, b)
        if len(self._forbidden) == 0:
            return ruled
        code = np.minimum(a, b) * self._count + np.maximum(a, b)
        at = np.searchsorted(self._forbidden, code)
        at[at == len(self._forbidden)] = 0
        return np.asarray(ruled | (self._forbidden[at] == code))

    def _table(self, lists: list[Shortlists]) -> PairTable:
        a, b, a_wants, b_wants = self._pairs(lists)
        return listed(a, b, self._couples.score(a, b), a_wants, b_wants, self._length)

    def _pairs(self, lists: list[Shortlists]) -> tuple[Indices, Indices, Chosen, Chosen]:
        """Give the pairs of all entries, a < b, ascending, and which side each is an entry of."""
        found = [each.entries() for each in lists]
        member = np.concatenate([np.empty(0, np.int64), *(one for one, _ in found)])
        partner = np.concatenate([np.empty(0, np.int64), *(one for _, one in found)])
        entries = np.minimum(member, partner) * self._count + np.maximum(member, partner)
        # Sorted, both entries of a pair stand side by side: that of the smaller index first.
        entries = np.sort(2 * entries + (member > partner))
        codes, of_b = entries >> 1, (entries & 1).astype(np.bool_)
        new = np.diff(codes, prepend=-1) > 0
        pair = np.cumsum(new) - 1
        a, b = np.divmod(codes[new], max(self._count, 1))
        a_wants, b_wants = np.zeros(len(a), np.bool_), np.zeros(len(a), np.bool_)
        a_wants[pair[~of_b]] = True
        b_wants[pair[of_b]] = True
        return a, b, a_wants, b_wants


def _guess(total: Vectors, length: int) -> Vectors:
    """Give for each row a sum that at least 2 * length of its columns reach, and not many more.

    Columns are dealt to groups, of whose best ones the half is taken: that costs one pass, where
    sorting costs many. With few columns everybody is taken.
    """
    groups = 4 * length
    dealt = total.shape[1] // groups
    if dealt < 2:  # noqa: PLR2004 (a group of one is no group)
        return np.full(len(total), -np.inf, np.float32)
    best = total[:, : dealt * groups].reshape(len(total), dealt, groups).max(axis=1)
    return np.asarray(np.partition(best, groups // 2, axis=1)[:, groups // 2])


def _split(members: Indices) -> list[Indices]:
    size = min(_BLOCK, BLOCK_LIMIT)
    return list(_even_parts(members, -(-len(members) // size))) if len(members) else []


def _even_parts(members: Indices, parts: int) -> Iterator[Indices]:
    yield from np.array_split(members, parts)


def _pair_codes(pairs: NDArray[np.integer] | None, count: int) -> Indices:
    if pairs is None or len(pairs) == 0:
        return np.empty(0, np.int64)
    both = np.asarray(pairs, np.int64)
    if both.ndim != 2 or both.shape[1] != 2:  # noqa: PLR2004 (two members make a pair)
        raise ValueError("forbidden pairs are given as a (k, 2) array of member indices")
    return np.unique(both.min(axis=1) * count + both.max(axis=1))
