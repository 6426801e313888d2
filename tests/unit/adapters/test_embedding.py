"""The choice of an embedder from settings."""

from pathlib import Path

import pytest

from app.adapters.embedding import (
    SHIPPED_MODEL,
    Embedder,
    EmbeddingError,
    OnnxEmbedder,
    OpenAIEmbedder,
    build_embedder,
)
from app.errors import SettingsError

SERVER = "http://127.0.0.1:9/v1"


def test_with_nothing_said_the_shipped_model_embeds() -> None:
    embedder: Embedder = build_embedder()
    assert isinstance(embedder, OnnxEmbedder)
    assert (embedder.model, embedder.dimensions) == ("all-MiniLM-L6-v2-int8w", 384)


def test_the_shipped_model_comes_with_its_licence_and_a_notice_of_the_changes() -> None:
    assert "Apache License" in (SHIPPED_MODEL / "LICENSE").read_text("utf-8")
    notice = (SHIPPED_MODEL / "NOTICE").read_text("utf-8")
    assert "changed from the published ones" in notice


def test_a_server_address_comes_before_the_local_folder() -> None:
    embedder = build_embedder(
        folder=SHIPPED_MODEL, base_url=SERVER, api_key="k", model="m", dimensions=3
    )
    assert isinstance(embedder, OpenAIEmbedder)
    assert (embedder.model, embedder.dimensions) == ("m", 3)


@pytest.mark.parametrize(("model", "dimensions"), [(None, 3), ("m", None), (None, None)])
def test_a_server_without_its_model_or_its_length_is_an_error_naming_both_variables(
    model: str | None, dimensions: int | None
) -> None:
    with pytest.raises(SettingsError, match="EMBEDDING_MODEL and EMBEDDING_DIMENSIONS"):
        build_embedder(base_url=SERVER, model=model, dimensions=dimensions)


def test_a_key_without_a_server_does_not_quietly_end_in_the_local_model() -> None:
    with pytest.raises(SettingsError, match="EMBEDDING_BASE_URL is not") as caught:
        build_embedder(api_key="sk-very-secret")
    assert "very-secret" not in str(caught.value)


def test_another_models_name_or_length_does_not_quietly_end_in_the_local_model() -> None:
    with pytest.raises(SettingsError, match="EMBEDDING_MODEL is big-model"):
        build_embedder(model="big-model")
    with pytest.raises(SettingsError, match="EMBEDDING_DIMENSIONS is 1536"):
        build_embedder(dimensions=1536)
    assert build_embedder(model="all-MiniLM-L6-v2-int8w", dimensions=384).dimensions == 384


def test_a_folder_without_a_model_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError, match=r"lacks model\.json: .*EMBEDDING_MODEL_PATH"):
        build_embedder(folder=tmp_path)
