"""What the shipped model promises about the vectors it makes."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.adapters import embedding_onnx
from app.adapters.embedding import SHIPPED_MODEL, EmptyTextError, InvalidTextError, OnnxEmbedder

INVESTOR = "I am looking for an investor for our seed round"
ANGEL = "Angel who backs very young companies with first cheques"
CONTRACTS = "Need help translating contracts into Portuguese"
LAWYER = "Lawyer fluent in Portuguese and English"
BICYCLES = "I repair vintage bicycles"
PIANO = "¿Quién puede enseñarme a tocar el piano?"
SCHOOL = "I give piano lessons to adults"
LONG = "We build sensors for greenhouses and want to meet growers who would try them. " * 12
TEXTS = (
    INVESTOR,
    ANGEL,
    CONTRACTS,
    LAWYER,
    BICYCLES,
    PIANO,
    SCHOOL,
    LONG,
    "PhD",
    "日本語を教えてください",
    "café & crêpes, O'Brien (näher) — 50 %",
    "🙂 gardening",
    "a\n\nlist:\t- of\r\n- things",
)


@pytest.fixture(scope="session")
def embedder() -> OnnxEmbedder:
    return OnnxEmbedder(SHIPPED_MODEL)


@pytest.fixture(scope="session")
def alone(embedder: OnnxEmbedder) -> dict[str, NDArray[np.float32]]:
    return {text: embedder.embed([text])[0] for text in TEXTS}


@settings(max_examples=25, deadline=None)
@given(batch=st.lists(st.sampled_from(TEXTS), min_size=1, max_size=40))
def test_a_text_has_the_same_vector_alone_and_in_any_batch(
    embedder: OnnxEmbedder, alone: dict[str, NDArray[np.float32]], batch: list[str]
) -> None:
    vectors = embedder.embed(batch)
    assert vectors.shape == (len(batch), 384)
    assert vectors.dtype == np.float32
    for text, vector in zip(batch, vectors, strict=True):
        assert np.abs(vector - alone[text]).max() < 1e-5


def test_a_batch_larger_than_one_run_keeps_order_and_vectors(embedder: OnnxEmbedder) -> None:
    texts = [f"{text} {number}" for number in range(12) for text in TEXTS]
    vectors = embedder.embed(texts)
    for number in (0, 7, 100, len(texts) - 1):
        assert np.abs(vectors[number] - embedder.embed([texts[number]])[0]).max() < 1e-5


def test_every_vector_has_length_one(embedder: OnnxEmbedder) -> None:
    lengths = np.linalg.norm(embedder.embed(TEXTS), axis=1)
    assert np.abs(lengths - 1).max() < 1e-6


def test_equal_texts_have_equal_vectors(embedder: OnnxEmbedder) -> None:
    vectors = embedder.embed([PIANO, LONG, PIANO])
    assert (vectors[0] == vectors[2]).all()
    assert not (vectors[0] == vectors[1]).all()


def test_no_texts_make_no_vectors_of_the_right_length(embedder: OnnxEmbedder) -> None:
    assert embedder.embed([]).shape == (0, 384)


@pytest.mark.parametrize(
    ("need", "offer", "original"),
    # The original PyTorch model's cosines, in fp32.
    [
        (INVESTOR, ANGEL, 0.2324),
        (CONTRACTS, LAWYER, 0.5348),
        (CONTRACTS, BICYCLES, 0.0044),
        (PIANO, SCHOOL, 0.4032),
    ],
)
def test_two_texts_are_as_near_as_the_original_model_finds_them(
    alone: dict[str, NDArray[np.float32]], need: str, offer: str, original: float
) -> None:
    assert float(alone[need] @ alone[offer]) == pytest.approx(original, abs=0.01)


def test_a_need_is_nearer_to_what_answers_it_than_to_what_does_not(
    alone: dict[str, NDArray[np.float32]],
) -> None:
    offers = np.stack([alone[text] for text in (ANGEL, LAWYER, BICYCLES, SCHOOL)])
    assert (offers @ alone[INVESTOR]).argmax() == 0
    assert (offers @ alone[CONTRACTS]).argmax() == 1
    assert (offers @ alone[PIANO]).argmax() == 3


def test_a_text_is_read_up_to_256_tokens_and_no_further(embedder: OnnxEmbedder) -> None:
    read = " ".join(["orchard"] * 254)  # two of the 256 mark the beginning and the end
    shorter = " ".join(["orchard"] * 200)
    vectors = embedder.embed([read, f"{read} submarines and their captains", shorter])
    assert np.abs(vectors[0] - vectors[1]).max() < 1e-5
    assert np.abs(vectors[0] - vectors[2]).max() > 1e-4


@pytest.mark.parametrize("empty", ["", " ", "\n\t\r\n", "\u00a0\u2003", "\u200b\ufeff", "\ufffd"])
def test_an_empty_text_is_an_error_that_says_which(embedder: OnnxEmbedder, empty: str) -> None:
    with pytest.raises(EmptyTextError, match="Text 2 ") as caught:
        embedder.embed([PIANO, PIANO, empty])
    assert caught.value.status == 422


@pytest.mark.parametrize("wrong", [None, 7, b"bytes", ["a list"]])
def test_what_is_not_text_is_an_error(embedder: OnnxEmbedder, wrong: object) -> None:
    with pytest.raises(InvalidTextError, match=f"Text 1 is of type {type(wrong).__name__}"):
        embedder.embed([PIANO, wrong])  # type: ignore[list-item]  # the mistake under test


def test_a_lone_text_in_place_of_a_list_is_an_error(embedder: OnnxEmbedder) -> None:
    with pytest.raises(InvalidTextError, match="list of texts"):
        embedder.embed("piano")


def test_half_a_surrogate_pair_is_an_error_and_the_words_stay_out_of_it(
    embedder: OnnxEmbedder,
) -> None:
    with pytest.raises(InvalidTextError, match="surrogate") as caught:
        embedder.embed(["private words \ud83d"])
    assert "private" not in str(caught.value)


def test_threads_share_one_embedder(alone: dict[str, NDArray[np.float32]]) -> None:
    fresh = OnnxEmbedder(SHIPPED_MODEL, threads=1)  # so that the first use is shared as well
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: fresh.embed([text])[0], TEXTS * 3))
    for text, vector in zip(TEXTS * 3, found, strict=True):
        assert np.abs(vector - alone[text]).max() < 1e-5


def test_no_kernel_rounds_activations_to_integers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    optimised = tmp_path / "optimised.onnx"

    class Writing(onnxruntime.SessionOptions):  # type: ignore[misc]  # onnxruntime has no types
        def __init__(self) -> None:
            super().__init__()
            self.optimized_model_filepath = str(optimised)

    monkeypatch.setattr(embedding_onnx, "SessionOptions", Writing)
    OnnxEmbedder(SHIPPED_MODEL).embed(["anything"])
    graph = optimised.read_bytes()
    assert b"MatMul" in graph
    for kernel in (b"MatMulNBits", b"MatMulInteger", b"QLinear", b"QGemm", b"DynamicQuantize"):
        assert kernel not in graph


IN_A_CHILD = """
import os, signal, sys
from app.adapters.embedding import build_embedder
embedder = build_embedder()
texts = [f"{n} long enough for all threads to take part " * 9 for n in range(40)]
here = embedder.embed(texts)
embedder._lock.acquire()  # as if a thread, which the child will not have, were just opening a model
child = os.fork()
if child == 0:
    signal.alarm(30)  # a child that waits for ever is killed, and the parent hears of it
    os._exit(0 if abs(embedder.embed(texts) - here).max() < 1e-5 else 3)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_child_of_a_fork_embeds_as_its_parent_does() -> None:
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", IN_A_CHILD], cwd=root, timeout=60, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def test_importing_and_choosing_opens_no_model() -> None:
    assert OnnxEmbedder(SHIPPED_MODEL)._loaded is None
