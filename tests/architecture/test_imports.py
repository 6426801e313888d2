"""The rooms of the house: who may import whom."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_import_contract_is_kept() -> None:
    answer = lint_imports(ROOT)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "0 broken" in answer.stdout


# One forbidden import for each contract: where it is written, and what.
PLANTED = {
    "One direction": ("app/services/statistics.py", "import app.bootstrap"),
    "The repositories of the two databases": (
        "app/repositories/ai/revision.py",
        "import app.repositories.backend.users",
    ),
    "The domain is pure": ("app/domain/statements.py", "import time"),
    "Services see the world": ("app/services/summaries.py", "import httpx"),
    "Web faces call services": ("app/api/health.py", "import app.repositories.backend.outbox"),
    "Whoever is no door": ("app/workers/relay.py", "import psycopg"),
    "Repositories and walls": ("app/databases/names.py", "import celery"),
    "The servers out of wheels": ("app/embedded/ports.py", "import app.settings"),
}


def test_each_contract_is_broken_by_the_import_it_forbids(tmp_path: Path) -> None:
    for path in (ROOT / "app").rglob("*.py"):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    for place, line in PLANTED.values():
        with (tmp_path / place).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
    answer = lint_imports(tmp_path)
    assert answer.returncode == 1, answer.stdout + answer.stderr
    verdicts = re.findall(r"^(.+?) (KEPT|BROKEN)(?: \(.*\))?$", answer.stdout, re.MULTILINE)
    assert len(verdicts) == len(PLANTED), answer.stdout
    for name in PLANTED:
        assert any(said.startswith(name) and how == "BROKEN" for said, how in verdicts), name
