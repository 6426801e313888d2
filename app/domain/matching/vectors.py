"""What matching works on: everybody's statements as weighted unit vectors, and who said which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MemberVectors:
    """Hold the needs and offers of `members` people, known here by their index 0 … members - 1.

    `needs` is (n_needs, d) and `offers` (n_offers, d), float32. Each row is a unit vector of one
    embedding model times the weight of its statement (`statements.Importance`), which is at most
    1: an inner product of two rows is the cosine times both weights, and is called a cosine from
    here on. `need_member` and `offer_member` say whose each row is and ascend.
    """

    needs: Vectors
    need_member: Indices
    offers: Vectors
    offer_member: Indices
    members: int

    def __post_init__(self) -> None:
        for kind, vectors, owners in (
            ("needs", self.needs, self.need_member),
            ("offers", self.offers, self.offer_member),
        ):
            if vectors.ndim != 2 or vectors.dtype != np.float32:  # noqa: PLR2004 (rows and columns)
                raise ValueError(f"{kind} must be a float32 matrix with one row for each statement")
            if owners.shape != (len(vectors),) or owners.dtype.kind not in "iu":
                raise ValueError(f"each row of {kind} needs the integer index of its member")
            if len(owners) and (owners[0] < 0 or owners[-1] >= self.members):
                raise ValueError(f"a member index of {kind} is outside 0 … {self.members - 1}")
            if np.any(owners[1:] < owners[:-1]):
                raise ValueError(f"the rows of {kind} must be sorted by their member")
        if self.needs.shape[1] != self.offers.shape[1]:
            raise ValueError("needs and offers must come from one model: their widths differ")

    @property
    def width(self) -> int:
        """Give the number of components of each vector."""
        return int(self.needs.shape[1])

    def first_need(self) -> Indices:
        """Give (members + 1,) offsets: the needs of m are rows [m] to [m + 1]."""
        return np.searchsorted(self.need_member, np.arange(self.members + 1)).astype(np.int64)

    def first_offer(self) -> Indices:
        """Give (members + 1,) offsets: the offers of m are rows [m] to [m + 1]."""
        return np.searchsorted(self.offer_member, np.arange(self.members + 1)).astype(np.int64)
