"""Find the address of a host that somebody else may have chosen, and make sure that it is public.

Who connects goes to the very address that was checked here: a name that is resolved again could
have changed.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Final

from app.errors import InvalidInputError

_CARRIER_NAT: Final = ipaddress.ip_network("100.64.0.0/10")


class NoAddressError(InvalidInputError):
    """A host's name cannot be resolved, now at least."""

    code = "no_address"


def public_address(host: str, port: int, *, development: bool = False) -> str:
    """Give the address to connect to; raise NoAddressError, or InvalidInputError when it is not public.

    In `development` addresses of the machine itself count as public.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NoAddressError(f"The host {host} has no address; check its name.") from None
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not is_public(address, development=development):
            raise InvalidInputError(
                f"The host {host} has an address that is not public; only public addresses are called."
            )
    return addresses[0]


def is_public(text: str, *, development: bool = False) -> bool:
    """Say whether an address is one of the public network, whatever it is wrapped in."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address.teredo is not None:
            return False
        if inner is not None:
            return is_public(str(inner), development=development)
        if address.is_site_local:  # fec0::/10: given up, and routed inside all the same
            return False
    if development and address.is_loopback:
        return True
    if isinstance(address, ipaddress.IPv4Address) and address in _CARRIER_NAT:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved
