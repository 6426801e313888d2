"""The network: what it learns, how it is stored, and what it refuses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from app.domain.understanding.head import Batch, Head, HeadError, Network, loaded
from app.domain.understanding.kinds import Asked
from app.domain.understanding.learning import Examples, _slopes, fit

WIDTH = 12


class Letters:
    """States that say nothing but which letters a text has."""

    model = "letters"

    def states(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        return [
            np.array([np.eye(WIDTH)[ord(letter) % WIDTH] for letter in text], dtype=np.float32)
            for text in texts
        ]


def taught(dropped: float = 0.0) -> Head:
    """A head that has learned: an a makes a need, a b an offer, c what was asked."""
    texts = ["axx", "xa", "xxa", "bx", "xxb", "xbx", "c", "c", "cx", "cx"]
    asked = [*[Asked.NOTHING] * 6, Asked.NEED, Asked.OFFER, Asked.NEED, Asked.OFFER]
    labels = [0, 0, 0, 1, 1, 1, 0, 1, 0, 1]
    examples = Examples(
        Letters().states(texts), asked, np.array(labels), np.ones(len(texts), dtype=np.float32)
    )
    network = fit(examples, 2, units=8, passes=600, decay=0.01, dropped=dropped, seed=3)
    return Head("letters", ("need", "offer"), (network,))


def test_it_learns_words_wherever_they_stand_and_what_was_asked() -> None:
    head = taught()
    texts = ["xxxxxa", "bxxxxxx", "c", "c"]
    asked = [Asked.NOTHING, Asked.NOTHING, Asked.NEED, Asked.OFFER]
    shares = head.judge(Letters(), texts, asked)
    assert shares.argmax(axis=1).tolist() == [0, 1, 0, 1]
    assert shares.sum(axis=1) == pytest.approx(np.ones(4), abs=1e-5)


def test_the_gradient_is_the_slope_of_the_loss() -> None:
    random = np.random.default_rng(0)
    states = [random.standard_normal((n, 5)).astype(np.float32) for n in (2, 4, 3)]
    asked = [Asked.NEED, Asked.NOTHING, Asked.OFFER]
    labels = np.array([0, 2, 1])
    examples = Examples(states, asked, labels, np.array([1, 2, 3], dtype=np.float32))
    sizes = [(5, 4), (4,), (8 + len(Asked), 3), (3,)]
    weights = [random.standard_normal(size) for size in sizes]

    def loss() -> float:
        shares = Network(*weights).judged(Batch.of(states, asked))[2]  # type: ignore[arg-type]  # double
        return float(-(np.log(shares[np.arange(3), labels]) * [1, 2, 3]).sum() / 6)

    slopes = _slopes(weights, examples, np.arange(3), np.ones(5))  # type: ignore[arg-type]  # double
    for place, (weight, slope) in enumerate(zip(weights, slopes, strict=True)):
        at = tuple(random.integers(0, n) for n in weight.shape)
        before = weight[at]
        weight[at] = before + 1e-3
        above = loss()
        weight[at] = before - 1e-3
        below = loss()
        weight[at] = before
        assert slope[at] == pytest.approx((above - below) / 2e-3, abs=2e-3), place


def test_the_same_seed_gives_the_same_network() -> None:
    one, two = taught(0.2).networks[0], taught(0.2).networks[0]
    assert np.array_equal(one.tokens, two.tokens)
    assert np.array_equal(one.out, two.out)


def test_what_is_stored_judges_like_what_was_taught() -> None:
    head = taught()
    again = loaded(head.dumped())
    asked = [Asked.NOTHING] * 2
    assert again.judge(Letters(), ["xa", "bx"], asked) == pytest.approx(
        head.judge(Letters(), ["xa", "bx"], asked), abs=0.01
    )
    assert again.dumped() == head.dumped()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"model": "m", "labels": [], "networks": [{}]}'])
def test_weights_that_are_none_say_how_to_make_them(text: str) -> None:
    with pytest.raises(HeadError, match="make them anew"):
        loaded(text)


def test_states_of_another_model_are_refused() -> None:
    class Other(Letters):
        model = "other"

    with pytest.raises(HeadError, match="fitted to letters"):
        taught().judge(Other(), ["a"], [Asked.NOTHING])


def test_no_texts_are_no_rows() -> None:
    assert taught().judge(Letters(), [], []).shape == (0, 2)


def test_a_text_is_judged_alike_alone_and_among_others() -> None:
    head = taught()
    alone = head.judge(Letters(), ["xa"], [Asked.NOTHING])[0]
    among = head.judge(Letters(), ["bbbbbb", "xa", "c"], [Asked.NOTHING] * 3)[1]
    assert alone == pytest.approx(among, abs=1e-6)
