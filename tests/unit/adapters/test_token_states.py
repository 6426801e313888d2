"""The states of tokens: of a middle layer, the same however texts come together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.adapters.embedding_protocol import EmbeddingError
from app.adapters.token_states import TokenStates, further_outputs


@pytest.fixture(scope="module")
def model() -> TokenStates:
    return TokenStates()


def test_each_token_has_a_state_of_both_layers(model: TokenStates) -> None:
    [one, two] = model.states(["piano", "I can teach you the piano"])
    assert one.shape == (3, 768), "one word between the two marks of a text's ends"
    assert two.shape == (8, 768)
    assert np.isfinite(two).all()


def test_a_word_has_another_state_in_another_sentence(model: TokenStates) -> None:
    [need, offer] = model.states(["I need piano lessons", "I give piano lessons"])
    assert not np.allclose(need[3], offer[3], atol=0.1)


def test_states_are_the_same_alone_among_others_and_remembered(model: TokenStates) -> None:
    text = "somebody to look over my lease"
    [alone] = TokenStates().states([text])
    among = model.states(["a", text, "a much longer text about many things " * 5, text])
    assert np.allclose(alone, among[1], atol=1e-4)
    assert np.array_equal(among[1], among[3])
    assert np.array_equal(model.states([text])[0], among[1])


def test_no_texts_have_no_states_and_long_ones_are_cut(model: TokenStates) -> None:
    assert model.states([]) == []
    assert model.states(["word " * 1_000])[0].shape == (256, 768)


def test_its_name_says_the_layers_so_that_weights_for_others_are_refused(
    model: TokenStates,
) -> None:
    assert model.model == "all-MiniLM-L6-v2-int8w:layer_norm_6+layer_norm_8"


def test_a_layer_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError, match="no layers"):
        TokenStates(layers=["layer_norm_99"]).states(["a"])
    with pytest.raises(EmbeddingError, match="lacks model"):
        TokenStates(tmp_path)


def test_outputs_are_written_as_a_protocol_buffer_does() -> None:
    assert further_outputs(["ab"]) == b"\x3a\x06\x62\x04\x0a\x02ab"
    long = further_outputs(["x" * 200])
    assert long[:3] == b"\x3a\xce\x01"
    assert long.endswith(b"\x0a\xc8\x01" + b"x" * 200)
