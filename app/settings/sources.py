"""Where values come from: the environment before the file `.env`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from app.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Sources:
    """Hold the values at hand and say where each came from."""

    values: Mapping[str, str]
    origins: Mapping[str, str]
    file: str = ".env"

    @classmethod
    def read(cls, env_file: Path | None = None) -> Sources:
        """Read the environment, and what it lacks from `.env` in the working directory."""
        path = env_file or Path(os.environ.get("RECIPROCITY_ENV_FILE", ".env"))
        written = read_env_file(path)
        return cls(
            values={**written, **os.environ},
            origins={
                **dict.fromkeys(written, str(path)),
                **dict.fromkeys(os.environ, "environment"),
            },
            file=str(path),
        )


def read_env_file(path: Path) -> dict[str, str]:
    """Read a file like `.env` to the letter; a file that is not there holds nothing."""
    # Without interpolation: a password may hold ${ and is used as it stands.
    try:
        found = dotenv_values(path, interpolate=False)
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not UTF-8 text. Write it anew as UTF-8.") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from None
    return {name: value for name, value in found.items() if value is not None}
