from __future__ import annotations

import numpy as np
import pytest

from app.domain.matching.statement_map import fit_map


def statements(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    topic = rng.integers(0, 4, count)
    # What the statements are about shows in a few components; the rest is how they are worded.
    vectors = np.concatenate([np.eye(4)[topic] * 0.7, rng.normal(0, 1, (count, 12))], axis=1)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), topic


def same_topic_first(vectors: np.ndarray, topic: np.ndarray) -> float:
    cosine = vectors @ vectors.T
    np.fill_diagonal(cosine, -2.0)
    return float(np.mean(topic[cosine.argmax(axis=1)] == topic))


def test_statements_on_one_topic_come_nearer_also_those_not_learned_from() -> None:
    vectors, topic = statements(400, 1)
    others, other_topic = statements(300, 2)
    found = fit_map(vectors, np.eye(4, dtype=bool)[topic])
    before, after = (same_topic_first(v, other_topic) for v in (others, found.apply(others)))
    assert after > before + 0.1


def test_a_mapped_vector_has_the_width_and_length_of_any_other() -> None:
    vectors, topic = statements(50, 3)
    mapped = fit_map(vectors, np.eye(4, dtype=bool)[topic]).apply(vectors)
    assert mapped.shape == vectors.shape
    assert mapped.dtype == np.float32
    assert np.linalg.norm(mapped, axis=1) == pytest.approx(np.ones(50), abs=1e-5)


def test_nothing_is_learned_without_topics() -> None:
    vectors, _ = statements(10, 4)
    with pytest.raises(ValueError, match="at least one topic"):
        fit_map(vectors, np.zeros((10, 3), dtype=bool))
