"""Hand the socket at which the API answers from `reciprocity up` to the process that answers.

Whoever only looks whether a port is free, and listens later, may find it taken by then.
"""

from __future__ import annotations

import os
from socket import socket
from typing import Final

VARIABLE: Final = "RECIPROCITY_LISTENS_AT"  # a file descriptor, set by `reciprocity up` for the API


def handed_over() -> socket | None:
    """Take the socket that `reciprocity up` listens at for this process, if it began it."""
    # Taken out, as what this process begins has no such descriptor.
    descriptor = os.environ.pop(VARIABLE, "")
    if not descriptor.isdigit():
        return None
    at = socket(fileno=int(descriptor))
    at.set_inheritable(False)
    return at
