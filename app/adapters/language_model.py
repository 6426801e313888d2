"""A language model behind any server that speaks OpenAI's chat completions; members' words go there.

Nothing needs one. It is asked once for each thing, within a deadline; whatever goes wrong is a
LanguageModelError, upon which the caller goes the way without it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any, Final

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from app.errors import SettingsError
from app.services.language import LanguageModel, LanguageModelError

_LARGEST_ANSWER: Final = 1024 * 1024
_REST: Final = 30.0  # seconds without a question after the server has failed


class _Message(BaseModel):
    model_config = ConfigDict(strict=True)
    content: str


class _Choice(BaseModel):
    model_config = ConfigDict(strict=True)
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    model_config = ConfigDict(strict=True)
    choices: list[_Choice]


class OpenAILanguageModel:
    """Ask by HTTP for objects of a JSON Schema; may be shared by threads.

    `deadline` is how many seconds one answer may take in all, however it trickles in. After a failure
    of the server it is left alone for a while, so that a dead one does not slow down every message.
    """

    def __init__(
        self, base_url: str, api_key: str | None, model: str, *, deadline: float = 20.0
    ) -> None:
        self._url = _endpoint(base_url)
        self._key = _checked_key(api_key)
        self._model = model
        self._deadline = deadline
        self._resting_until = 0.0

    @property
    def model(self) -> str:
        """Name the model as the server does."""
        return self._model

    def structured(
        self, *, instructions: str, text: str, name: str, schema: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Give an object that the model says is of this schema; its form is the caller's to check."""
        if time.monotonic() < self._resting_until:
            raise LanguageModelError(
                f"The language model at {self._url} failed a moment ago and is left alone for now."
            )
        request = {
            "model": self._model,
            "temperature": 0,
            "messages": [
                {"role": "system", "content": instructions},
                {"role": "user", "content": text},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": name, "strict": True, "schema": schema},
            },
        }
        try:
            return self._read(self._ask(request))
        except _ServerError as error:
            self._resting_until = time.monotonic() + _REST
            raise LanguageModelError(str(error)) from None

    def _ask(self, request: Mapping[str, Any]) -> bytes:
        end = time.monotonic() + self._deadline
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        body = bytearray()
        timeout = httpx.Timeout(self._deadline, connect=min(self._deadline, 5.0))
        try:
            with (
                httpx.Client(timeout=timeout, headers=headers) as client,
                client.stream("POST", self._url, json=request) as response,
            ):
                for chunk in response.iter_bytes():
                    body += chunk
                    if time.monotonic() > end:
                        raise _ServerError(f"{self._who} took longer than {self._deadline:g} s")
                    if len(body) > _LARGEST_ANSWER:
                        raise _ServerError(
                            f"{self._who} answered more than {_LARGEST_ANSWER} bytes"
                        )
        except httpx.TimeoutException:
            raise _ServerError(f"{self._who} took longer than {self._deadline:g} s") from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            # The kind and no more: the text of a protocol error can quote what was sent.
            raise _ServerError(
                f"{self._who} could not be asked ({type(error).__name__}); check LLM_BASE_URL"
            ) from None
        if response.status_code != httpx.codes.OK:
            raise _ServerError(
                f"{self._who} answered {response.status_code}; check LLM_BASE_URL, LLM_API_KEY and"
                " LLM_MODEL"
            )
        return bytes(body)

    @property
    def _who(self) -> str:
        return f"The language model at {self._url}"

    def _read(self, body: bytes) -> Mapping[str, Any]:
        try:
            choices = _Completion.model_validate_json(body).choices
        except ValidationError:
            raise _ServerError(f"{self._who} gave no chat completion") from None
        if not choices or choices[0].finish_reason not in {None, "stop"}:
            raise LanguageModelError(f"{self._who} did not bring its answer to an end.")
        try:
            answer = json.loads(choices[0].message.content)
        except (ValueError, RecursionError):
            raise LanguageModelError(f"{self._who} answered with what is no JSON.") from None
        if not isinstance(answer, dict):
            raise LanguageModelError(f"{self._who} answered with JSON that is no object.")
        return answer


class _ServerError(Exception):
    """The server itself failed, as opposed to one answer of it."""


def build_language_model(
    *, base_url: str | None, api_key: str | None, model: str | None
) -> LanguageModel | None:
    """Choose the server that LLM_BASE_URL names; None without it: nothing needs one.

    Raises SettingsError where the three variables contradict each other.
    """
    if not base_url:
        if api_key or model:
            raise SettingsError(
                "LLM_API_KEY or LLM_MODEL is set and LLM_BASE_URL is not: set the server's address,"
                " or unset them to do without a language model."
            )
        return None
    if not model:
        raise SettingsError("LLM_BASE_URL needs LLM_MODEL beside it: set the server's model name.")
    return OpenAILanguageModel(base_url, api_key, model)


def _endpoint(base_url: str) -> str:
    try:
        url = httpx.URL(base_url.strip())
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo or url.query:
        raise SettingsError(
            "LLM_BASE_URL is not an address like https://host/v1 (no user, no password, no query;"
            " the key belongs in LLM_API_KEY): mend it."
        )
    path = url.path.rstrip("/") or "/v1"
    return str(url.copy_with(path=f"{path}/chat/completions", fragment=None))


def _checked_key(api_key: str | None) -> str:
    key = (api_key or "").strip()
    if not re.fullmatch(r"[!-~]*", key):
        raise SettingsError(
            "LLM_API_KEY holds a blank, a line break or a letter no key has: copy it again."
        )
    return key
