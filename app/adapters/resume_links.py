"""Fetch a file from a link that a member may have chosen: bounded in size and time, public places only.

The backend's own host is the operator's and may be anywhere, as long as no other host has led there.
Every other place is resolved first, and the connection goes to the address that was checked, after
each redirect anew.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Self

import httpx

from app.adapters.documents import LARGEST
from app.adapters.public_addresses import NoAddressError, public_address
from app.errors import InvalidInputError
from app.services.resumes import FileTooLargeError, LinkAwayError, LinkRefusedError

_TIMEOUT: Final = httpx.Timeout(10.0, connect=5.0)
_PATIENCE: Final = 30.0  # seconds for everything, however slowly it trickles in
_MOST_REDIRECTS: Final = 3
_LATER: Final = frozenset({408, 425, 429})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class ResumeFetcher:
    """Fetch by GET, without cookies, keys or proxies. `development` allows http and this machine."""

    backend_url: str | None = None
    development: bool = False
    largest: int = LARGEST  # bytes
    patience: float = _PATIENCE

    def fetch(self, link: str) -> bytes:
        """Give the content; raise LinkAwayError to be asked again later, LinkRefusedError for good."""
        target, own = _parsed(link), True
        with _Cut(self.patience) as cut:
            for _ in range(_MOST_REDIRECTS + 1):
                # Who is led to the backend by another host could be led anywhere inside.
                own = own and self._is_own(target)
                found = self._get(target, cut, own=own)
                if isinstance(found, bytes):
                    return found
                target = found
        raise LinkRefusedError("The link leads from one place to the next and never to a file.")

    def _get(self, target: httpx.URL, cut: _Cut, *, own: bool) -> bytes | httpx.URL:
        host = target.raw_host.decode("ascii")  # `host` would be in Unicode, which no header is
        address = host if own else self._address(target)
        cut.check()
        try:
            with (
                httpx.Client(timeout=_TIMEOUT, trust_env=False, follow_redirects=False) as client,
                client.stream(
                    "GET",
                    target.copy_with(host=address),
                    headers={
                        "Host": target.netloc.decode("ascii"),
                        "User-Agent": "Reciprocity",
                        "Accept-Encoding": "identity",
                    },
                    extensions={"sni_hostname": host, "trace": cut.watch},
                ) as response,
            ):
                found = self._content(target, response)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            # The kind and no more: the text of a protocol error can quote what was sent.
            cut.check()
            raise LinkAwayError(
                f"The place that it leads to could not be reached ({type(error).__name__})."
            ) from None
        cut.check()  # what was cut off can look like the end of an answer
        return found

    def _content(self, target: httpx.URL, response: httpx.Response) -> bytes | httpx.URL:
        status = response.status_code
        if status in _REDIRECTS and "location" in response.headers:
            return _parsed(response.headers["location"], base=target)
        if status in _LATER or status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise LinkAwayError(f"The place that it leads to answered {status}.")
        if status != httpx.codes.OK:
            raise LinkRefusedError(f"The place that it leads to answered {status}.")
        kept = bytearray()
        for chunk in response.iter_raw():
            kept += chunk
            if len(kept) > self.largest:
                raise FileTooLargeError(
                    "The file is larger than {most} MB.", most=self.largest // 2**20
                )
        return bytes(kept)

    def _is_own(self, target: httpx.URL) -> bool:
        if self.backend_url is None:
            return False
        own = httpx.URL(self.backend_url)
        return (target.raw_host, _port(target)) == (own.raw_host, _port(own))

    def _address(self, target: httpx.URL) -> str:
        if target.scheme != "https" and not self.development:
            raise LinkRefusedError("The link is not one of https.")
        try:
            host = target.raw_host.decode("ascii")
            return public_address(host, _port(target), development=self.development)
        except NoAddressError as error:
            raise LinkAwayError(str(error)) from None
        except InvalidInputError as error:
            raise LinkRefusedError(str(error)) from None


class _Cut:
    """End connections from outside: every single read may be quick and all of them take for ever."""

    def __init__(self, patience: float) -> None:
        self._done = False
        self._stream: Any = None
        self._timer = threading.Timer(patience, self._cut)

    def __enter__(self) -> Self:
        """Let the time begin."""
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Cut nothing any more."""
        self._timer.cancel()

    def check(self) -> None:
        """Raise LinkAwayError when the time is over."""
        if self._done:
            raise LinkAwayError(
                "The place that it leads to could not be reached (too slow)."
            ) from None

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """Keep the newest stream: the one of TLS comes in the place of the one below it."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._stream = info["return_value"]
            if self._done:  # between two connections
                self._shut()

    def _cut(self) -> None:
        self._done = True
        self._shut()

    def _shut(self) -> None:
        """Shut the connection, so that whoever reads from it wakes up."""
        connected = self._stream.get_extra_info("socket") if self._stream is not None else None
        if connected is not None:
            with suppress(OSError):  # it has ended by itself
                connected.shutdown(socket.SHUT_RDWR)


def _parsed(link: str, base: httpx.URL | None = None) -> httpx.URL:
    try:
        target = httpx.URL(link) if base is None else base.join(link)
    except httpx.InvalidURL:
        target = httpx.URL("")
    if target.scheme not in _PORTS or not target.raw_host or target.userinfo:
        raise LinkRefusedError("The link is no address like https://host/path.")
    return target


def _port(target: httpx.URL) -> int:
    return target.port or _PORTS.get(target.scheme, 0)
