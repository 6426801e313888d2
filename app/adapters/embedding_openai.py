"""Embeddings by any server that speaks OpenAI's /v1/embeddings; members' words go there."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from app.adapters.embedding_protocol import EmbeddingError, distinct_texts, unit_vectors
from app.errors import SettingsError

_BATCH: Final = 64
_ATTEMPTS: Final = 4
_LARGEST_ANSWER: Final = 64 * 1024 * 1024
_WORTH_REPEATING: Final = frozenset({408, 429, 500, 502, 503, 504})
_ADVICE: Final = {
    401: "check EMBEDDING_API_KEY",
    403: "check what EMBEDDING_API_KEY may do",
    404: "check EMBEDDING_BASE_URL and EMBEDDING_MODEL",
    429: "the limit is reached: wait, or raise it with the provider",
}


class _Row(BaseModel):
    model_config = ConfigDict(strict=True)

    embedding: list[float]
    index: int | None = None


class _Answer(BaseModel):
    model_config = ConfigDict(strict=True)

    data: list[_Row]


@dataclass(frozen=True)
class _Refusal:
    """A failed attempt that may succeed later: why, and how many seconds the server asks for."""

    why: str
    wait: float | None
    advice: str


class OpenAIEmbedder:
    """Embed by HTTP; may be shared by threads and processes, for it holds no connection.

    timeout is how long in seconds one silence may last, patience how long one request may take
    with all its repetitions. sleep is there for tests.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | None,
        model: str,
        dimensions: int,
        *,
        timeout: float = 30.0,
        patience: float = 90.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = _endpoint(base_url)
        self._key = _checked_key(api_key)
        self._model = model
        self._dimensions = dimensions
        self._timeout = httpx.Timeout(timeout, connect=min(timeout, 10.0))
        self._patience = patience
        self._sleep = sleep

    @property
    def model(self) -> str:
        """Name the model as the server does."""
        return self._model

    @property
    def dimensions(self) -> int:
        """Give the length of every vector."""
        return self._dimensions

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector for each text, (len(texts), dimensions); see Embedder.embed."""
        distinct, rows = distinct_texts(texts)
        vectors = np.empty((len(distinct), self.dimensions), dtype=np.float32)
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        with httpx.Client(timeout=self._timeout, headers=headers) as client:
            for start in range(0, len(distinct), _BATCH):
                batch = distinct[start : start + _BATCH]
                body = self._ask(client, batch)
                vectors[start : start + len(batch)] = self._read(body, len(batch))
        return vectors[rows]

    def _ask(self, client: httpx.Client, texts: list[str]) -> bytes:
        deadline = time.monotonic() + self._patience
        for attempt in range(1, _ATTEMPTS + 1):
            answer = self._post(client, texts, deadline)
            if isinstance(answer, bytes):
                return answer
            wait = answer.wait if answer.wait is not None else 0.5 * 2 ** (attempt - 1)
            if attempt == _ATTEMPTS or time.monotonic() + wait > deadline:
                asked = f" (it asks for {wait:.0f} s)" if answer.wait else ""
                raise EmbeddingError(
                    f"The embedding server at {self._url} {answer.why}{asked}; given up after"
                    f" {attempt} attempt(s). Nothing was kept: {answer.advice}, then try again."
                )
            self._sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _post(self, client: httpx.Client, texts: list[str], deadline: float) -> bytes | _Refusal:
        request = {"model": self.model, "input": texts}
        body = bytearray()
        try:
            with client.stream("POST", self._url, json=request) as response:
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > _LARGEST_ANSWER:
                        raise self._wrong(f"answered more than {_LARGEST_ANSWER} bytes")
                    if time.monotonic() > deadline:
                        return _Refusal("took too long to answer", None, "check the server")
        except httpx.TimeoutException as error:
            return _Refusal(f"timed out ({type(error).__name__})", None, "check the server")
        except httpx.TransportError as error:
            # The kind and no more: the text of a protocol error can quote what was sent.
            why = f"could not be reached ({type(error).__name__})"
            return _Refusal(why, None, "check EMBEDDING_BASE_URL and the network")
        except httpx.DecodingError:
            raise self._wrong("answered in an encoding that does not decode") from None
        return (
            bytes(body) if response.status_code == httpx.codes.OK else self._refused(response, body)
        )

    def _refused(self, response: httpx.Response, body: bytearray) -> _Refusal:
        status = response.status_code
        why = f"answered {status}{self._reason(bytes(body))}"
        advice = _ADVICE.get(status, "check the server and EMBEDDING_MODEL")
        if status in _WORTH_REPEATING:
            return _Refusal(why, _seconds(response.headers.get("retry-after")), advice)
        raise EmbeddingError(
            f"The embedding server at {self._url} {why}. Nothing was kept: {advice}."
        )

    def _reason(self, body: bytes) -> str:
        # Servers quote keys and texts in their messages; only a bare word is passed on.
        found = re.search(rb'"(?:code|type)"\s*:\s*"([a-z][a-z_]{2,40})"', body)
        word = found.group(1).decode() if found else ""
        quotes_key = bool(self._key) and self._key in word
        return f" ({word})" if word and not quotes_key else ""

    def _read(self, body: bytes, count: int) -> NDArray[np.float32]:
        try:
            data = _Answer.model_validate_json(body).data
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "the whole"
            raise self._wrong(f"gave no list of embeddings ({place}: {first['type']})") from None
        if len(data) != count:
            raise self._wrong(f"gave {len(data)} vectors for {count} texts")
        lengths = {len(row.embedding) for row in data}
        if lengths != {self.dimensions}:
            raise self._wrong(
                f"gave vectors of length {sorted(lengths)} where EMBEDDING_DIMENSIONS is"
                f" {self.dimensions}"
            )
        numbers = [number if row.index is None else row.index for number, row in enumerate(data)]
        if sorted(numbers) != list(range(count)):
            raise self._wrong("numbered its vectors otherwise than the texts")
        vectors = np.empty((count, self.dimensions), dtype=np.float64)
        vectors[numbers] = [row.embedding for row in data]
        return unit_vectors(vectors, f"The embedding server at {self._url}")

    def _wrong(self, what: str) -> EmbeddingError:
        return EmbeddingError(
            f"The embedding server at {self._url} {what}. Nothing was kept: check"
            " EMBEDDING_BASE_URL, EMBEDDING_MODEL and EMBEDDING_DIMENSIONS."
        )


def _endpoint(base_url: str) -> str:
    try:
        url = httpx.URL(base_url.strip())
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo or url.query:
        raise SettingsError(
            "EMBEDDING_BASE_URL is not an address like https://host/v1 (no user, no password, no"
            " query; the key belongs in EMBEDDING_API_KEY): mend it."
        )
    path = url.path.rstrip("/") or "/v1"
    return str(url.copy_with(path=f"{path}/embeddings", fragment=None))


def _checked_key(api_key: str | None) -> str:
    key = (api_key or "").strip()
    if not re.fullmatch(r"[!-~]*", key):
        raise SettingsError(
            "EMBEDDING_API_KEY holds a blank, a line break or a letter no key has: copy it again."
        )
    return key


def _seconds(retry_after: str | None) -> float | None:
    if retry_after is None:
        return None
    if re.fullmatch(r"\d{1,9}", retry_after.strip()):
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
