"""Put the whole examination together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from app.adapters.postgresql import PostgreSQLAdapter
from app.doctor import checklist, files, living, variables
from app.doctor.findings import Finding, skipped
from app.errors import SettingsError
from app.settings import CommandSettings, Sources, load


@dataclass(frozen=True, slots=True)
class Examination:
    """Hold everything that was found, and where each value came from."""

    values: Sequence[variables.Value]
    findings: Sequence[Finding]

    @property
    def sound(self) -> bool:
        """Say whether nothing is wrong; warnings and what could not be looked at are not wrong."""
        return not any(finding.status == "wrong" for finding in self.findings)

    def json(self) -> str:
        """Write it for programs."""
        told = {
            "sound": self.sound,
            "values": [asdict(value) for value in self.values],
            "findings": [finding.plain() for finding in self.findings],
        }
        return json.dumps(told, ensure_ascii=False, indent=2)


def examine(sources: Sources, folder: Path, *, with_files: bool) -> Examination:
    """Examine settings, databases, broker, model and work, and with `with_files` the folder's files."""
    found = list(variables.examine(sources))
    try:
        settings = load(CommandSettings, sources)
    except SettingsError:
        alive = [skipped("databases", "databases", "the settings must be mended first")]
    else:
        adapter = PostgreSQLAdapter(settings)
        try:
            alive = list(living.examine(settings, adapter))
        finally:
            adapter.close()
    written = list(files.examine(folder))
    found += [*alive, *(written if with_files else [])]
    found += checklist.answers(sources, folder, alive, written)
    return Examination(variables.values(sources), found)
