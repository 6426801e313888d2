"""Fetch a file from a link that a member may have chosen: bounded in size and time, public places only.

The backend's own host is the operator's and may be anywhere. Every other place is resolved first, and
the connection goes to the address that was checked, after each redirect anew.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import httpx

from app.adapters.documents import LARGEST
from app.adapters.public_addresses import NoAddressError, public_address
from app.errors import InvalidInputError
from app.services.resumes import LinkAwayError

_TIMEOUT: Final = httpx.Timeout(10.0, connect=5.0)
_PATIENCE: Final = 30.0  # seconds for the whole of an answer, however slowly it trickles in
_MOST_REDIRECTS: Final = 3
_LATER: Final = frozenset({408, 425, 429})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PORTS: Final = {"https": 443, "http": 80}


class LinkRefusedError(InvalidInputError):
    """A link leads to nothing that may or can be fetched."""

    code = "link_refused"


@dataclass(frozen=True, slots=True)
class ResumeFetcher:
    """Fetch by GET, without cookies, keys or proxies. `development` allows http and this machine."""

    backend_url: str | None = None
    development: bool = False
    largest: int = LARGEST  # bytes
    patience: float = _PATIENCE

    def fetch(self, link: str) -> bytes:
        """Give the content; raise LinkAwayError to be asked again later, LinkRefusedError for good."""
        target = _parsed(link)
        for _ in range(_MOST_REDIRECTS + 1):
            found = self._get(target)
            if isinstance(found, bytes):
                return found
            target = found
        raise LinkRefusedError("The link leads from one place to the next and never to a file.")

    def _get(self, target: httpx.URL) -> bytes | httpx.URL:
        address = self._address(target)
        cut = _Cut()
        timer = threading.Timer(self.patience, cut)
        timer.start()
        try:
            with (
                httpx.Client(timeout=_TIMEOUT, trust_env=False, follow_redirects=False) as client,
                client.stream(
                    "GET",
                    target.copy_with(host=address),
                    headers={
                        "Host": _netloc(target),
                        "User-Agent": "Reciprocity",
                        "Accept-Encoding": "identity",
                    },
                    extensions={"sni_hostname": target.host, "trace": cut.watch},
                ) as response,
            ):
                return self._content(target, response)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            # The kind and no more: the text of a protocol error can quote what was sent.
            why = "it took too long" if cut.done else type(error).__name__
            raise LinkAwayError(
                f"The place that it leads to could not be reached ({why})."
            ) from None
        finally:
            timer.cancel()

    def _content(self, target: httpx.URL, response: httpx.Response) -> bytes | httpx.URL:
        status = response.status_code
        if status in _REDIRECTS and "location" in response.headers:
            return _parsed(str(target.join(response.headers["location"])))
        if status in _LATER or status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise LinkAwayError(f"The place that it leads to answered {status}.")
        if status != httpx.codes.OK:
            raise LinkRefusedError(f"The place that it leads to answered {status}.")
        kept = bytearray()
        for chunk in response.iter_raw():
            kept += chunk
            if len(kept) > self.largest:
                raise LinkRefusedError(
                    "The file is larger than {most} MB.", most=self.largest // 2**20
                )
        return bytes(kept)

    def _address(self, target: httpx.URL) -> str:
        """Choose the address to connect to: the backend's own host as it is, any other if it is public."""
        port = target.port or _PORTS[target.scheme]
        if self.backend_url is not None:
            own = httpx.URL(self.backend_url)
            if (target.host, port) == (own.host, own.port or _PORTS.get(own.scheme, 0)):
                return target.host
        if target.scheme != "https" and not self.development:
            raise LinkRefusedError("The link is not one of https.")
        try:
            return public_address(target.host, port, development=self.development)
        except NoAddressError as error:
            raise LinkAwayError(str(error)) from None
        except InvalidInputError as error:
            raise LinkRefusedError(str(error)) from None


class _Cut:
    """End a connection from outside: every single read may be quick and all of them take for ever."""

    def __init__(self) -> None:
        self.done = False
        self._stream: Any = None

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """Keep the newest stream: the one of TLS comes in the place of the one below it."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._stream = info["return_value"]

    def __call__(self) -> None:
        """Shut the connection, so that whoever reads from it wakes up."""
        self.done = True
        connected = self._stream.get_extra_info("socket") if self._stream is not None else None
        if connected is not None:
            with suppress(OSError):  # it has ended by itself
                connected.shutdown(socket.SHUT_RDWR)


def _parsed(link: str) -> httpx.URL:
    try:
        target = httpx.URL(link)
    except httpx.InvalidURL:
        target = httpx.URL("")
    if target.scheme not in _PORTS or not target.host or target.userinfo:
        raise LinkRefusedError("The link is no address like https://host/path.")
    return target


def _netloc(target: httpx.URL) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.port is None else f"{host}:{target.port}"
