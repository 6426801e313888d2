"""A map changes vectors alike for everybody, names itself, and refuses a model it was not made for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.adapters.embedding_mapped import mapped, save
from app.domain.matching.map_trial import try_map
from app.domain.matching.statement_map import StatementMap
from app.errors import SettingsError
from tests.people import WordEmbedder


def some_map(width: int = 64) -> StatementMap:
    draw = np.random.default_rng(0)
    return StatementMap(draw.normal(0, 0.1, width), draw.normal(0, 1, (width, width)))


def test_a_text_has_the_same_mapped_vector_alone_and_in_any_batch(tmp_path: Path) -> None:
    save(some_map(), "words", tmp_path / "m.npz")
    embedder = mapped(WordEmbedder(), tmp_path / "m.npz")
    texts = [f"help with gardening number{n}" for n in range(40)]
    together = embedder.embed(texts)
    assert np.allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-6)
    for place, text in enumerate(texts):
        assert np.array_equal(embedder.embed([text])[0], together[place])
    assert embedder.embed([]).shape == (0, 64)


def test_another_map_is_another_model(tmp_path: Path) -> None:
    save(some_map(), "words", tmp_path / "one.npz")
    save(StatementMap(np.zeros(64), np.eye(64)), "words", tmp_path / "other.npz")
    one, other = (mapped(WordEmbedder(), tmp_path / f"{n}.npz") for n in ("one", "other"))
    assert one.model.startswith("words+map-")
    assert one.model != other.model
    assert np.allclose(other.embed(["tax advice"]), WordEmbedder().embed(["tax advice"]))


@pytest.mark.parametrize("wrong", ["another model", "no map", "nothing there"])
def test_a_map_that_does_not_fit_is_an_error_that_says_what_to_do(
    tmp_path: Path, wrong: str
) -> None:
    file = tmp_path / "m.npz"
    if wrong == "another model":
        save(some_map(), "other-words", file)
    elif wrong == "no map":
        file.write_bytes(b"nothing of the kind")
    with pytest.raises(SettingsError, match="unset EMBEDDING_MAP"):
        mapped(WordEmbedder(), file)


def statements(*, told: bool) -> tuple[np.ndarray, np.ndarray]:
    """Draw statements whose topic shows in a few components, or in none."""
    draw = np.random.default_rng(1)
    topic = draw.integers(0, 5, 800)
    vectors = draw.normal(0, 1, (800, 32))
    if told:
        vectors[np.arange(800), topic] += 1.2
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), np.eye(5, dtype=np.bool_)[topic]


def test_a_trial_tells_a_map_that_helps_from_one_that_learned_noise() -> None:
    assert try_map(*statements(told=True)).better
    assert not try_map(*statements(told=False)).better
    vectors, topics = statements(told=True)
    with pytest.raises(ValueError, match="200 are needed"):
        try_map(vectors[:100], topics[:100])
