"""Post webhooks: to the backend beside this platform, and to operators' endpoints with care.

The backend's address is the operator's own and may be anywhere. An endpoint's address may have been
chosen by somebody else, so it is resolved first, every address it resolves to must be public, and
the connection goes to the address that was checked: a name that is resolved again could change.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from app.adapters.public_addresses import public_address
from app.errors import InvalidInputError
from app.services.webhooks import Answer

TIMEOUT: Final = httpx.Timeout(10.0, connect=5.0)
_READ: Final = 2_000  # bytes of an answer that are kept for the log
_PATIENCE: Final = 20.0  # seconds for an answer that trickles in


@dataclass(frozen=True, slots=True)
class PlainCourier:
    """Post to an address that the operator set; redirects are not followed, the key would travel."""

    timeout: httpx.Timeout = field(default_factory=lambda: TIMEOUT)

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post and tell what came of it."""
        return _post(url, headers, body, self.timeout)


@dataclass(frozen=True, slots=True)
class CarefulCourier:
    """Post to addresses that somebody may have chosen to reach what is not public.

    In `development` http is allowed as well, and addresses of the machine itself.
    """

    development: bool = False
    timeout: httpx.Timeout = field(default_factory=lambda: TIMEOUT)

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Check the target anew, post to the address that was checked, tell what came of it."""
        try:
            address = self.checked(url)
        except InvalidInputError as error:
            return Answer(None, str(error))
        target = httpx.URL(url)
        return _post(
            str(target.copy_with(host=address)),
            {**headers, "Host": target.netloc.decode("ascii")},
            body,
            self.timeout,
            sni=target.raw_host.decode("ascii"),
        )

    def checked(self, url: str) -> str:
        """Give the address to connect to; raise InvalidInputError saying what is wrong with a URL."""
        try:
            target = httpx.URL(url)
        except httpx.InvalidURL:
            target = httpx.URL("")
        allowed = {"https", "http"} if self.development else {"https"}
        if (
            target.scheme not in allowed
            or not target.raw_host
            or target.userinfo
            or target.fragment
        ):
            raise InvalidInputError(
                "An endpoint is an address like https://host/path, without a user or password in it;"
                " write it so."
            )
        port = target.port or (443 if target.scheme == "https" else 80)
        host = target.raw_host.decode("ascii")  # as it is resolved and named in headers
        return public_address(host, port, development=self.development)


def _post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    timeout: httpx.Timeout,
    *,
    sni: str | None = None,
) -> Answer:
    extensions = {"sni_hostname": sni} if sni else {}
    sent = {"Content-Type": "application/json", "User-Agent": "Reciprocity", **headers}
    try:
        # Nothing of the environment: a proxy named there would be asked instead.
        with (
            httpx.Client(timeout=timeout, trust_env=False, follow_redirects=False) as client,
            client.stream(
                "POST", url, content=body, headers=sent, extensions=extensions
            ) as response,
        ):
            said = _beginning(response)
    except httpx.TimeoutException:
        return Answer(None, "no answer in time")
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        # The kind and no more: the text of a protocol error can quote what was sent.
        return Answer(None, f"could not be reached ({type(error).__name__})")
    status = response.status_code
    told = "" if response.is_success else f"answered {status}: {said}".strip(": ")
    return Answer(status, told, _retry_after(response.headers.get("retry-after", "")))


def _beginning(response: httpx.Response) -> str:
    kept, end = b"", time.monotonic() + _PATIENCE
    for chunk in response.iter_bytes():
        kept += chunk
        if len(kept) >= _READ or time.monotonic() > end:
            break
    return " ".join(kept[:_READ].decode("utf-8", "replace").replace("\x00", " ").split())


def _retry_after(text: str) -> timedelta | None:
    """Read Retry-After, in seconds or as a date; None when it says nothing that can be read."""
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text), 86_400))
    try:
        wait = parsedate_to_datetime(text) - datetime.now(UTC)
    except (ValueError, TypeError):
        return None
    return max(wait, timedelta())
