"""Open a file that may be hostile in a process of its own: little memory and time, no secrets.

It may write nothing, it knows nothing of this process's environment, and it is ended when it does not
come to an end: whatever a file does there, it does to nobody else.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

_CONFINED: Final = Path(__file__).with_name("confined.py")


def run(
    program: Path, *arguments: str, content: bytes, memory: int, processor: int, patience: float
) -> bytes | None:
    """Give what the program makes of the content, or None when it took too much or failed.

    `memory` in bytes of address space, `processor` in seconds of it. Raises TimeoutError when
    there was no answer within `patience`, in seconds of the clock.
    """
    command = [sys.executable, "-I", "-B", str(_CONFINED), str(memory), str(processor)]
    try:
        done = subprocess.run(
            [*command, str(program), *arguments],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise TimeoutError(f"{program.stem} gave no answer within {patience} s") from late
    return done.stdout if done.returncode == 0 else None
