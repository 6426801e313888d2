"""Bound what this process may take, then run one program: where a hostile file may do its worst.

Started by app/adapters/apart.py as: confined.py MEMORY PROCESSOR PROGRAM [ARGUMENT ...], in bytes of
address space and in seconds; it imports nothing of this project.
"""

from __future__ import annotations

import resource
import runpy
import sys


def limit(memory: int, processor: int) -> None:
    """Bound memory, processor time and open files, and forbid writing any file."""
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, processor),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        _, hard = resource.getrlimit(what)
        lower = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (lower, lower))


def main() -> None:
    """Run the program that is named, as if it had been started itself."""
    memory, processor, program, *arguments = sys.argv[1:]
    limit(int(memory), int(processor))
    sys.argv = [program, *arguments]
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main()
