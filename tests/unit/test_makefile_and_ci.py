"""`make help` tells the targets, and what decides over main leaves no tests out in silence."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

LEFT_OUT = "the tests of the pages in a real Chromium are LEFT OUT"
MAKEFILE = """
test:
\t@echo suite, no browser: "$(RECIPROCITY_NO_BROWSER)"; exit $(STATUS)
"""
# Stands in the place of the one that installs: it fails as often, and in the way, as the test says.
CHROMIUM = """
echo asked >> asked
[ $(wc -l < asked) -gt "$IN_VAIN" ] || exit "$WITH"
"""
SLEEP = '#!/bin/sh\necho "$1" >> slept\n'


def test_help_shows_the_targets_and_no_other_comment() -> None:
    told = subprocess.run(
        ["make", "--no-print-directory", "help"],  # noqa: S607 - whichever make there is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert [line for line in told if not line.startswith("make ")] == []
    assert {"make demo", "make test"} <= {" ".join(line.split()[:2]) for line in told}


def _decided(
    folder: Path, in_vain: int, status: int, suite: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run what decides over main, where looking for a browser fails that often with this status."""
    for name, text in (("Makefile", MAKEFILE), ("scripts/chromium.sh", CHROMIUM)):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
    (folder / "bin").mkdir()
    (folder / "bin" / "sleep").write_text(SLEEP)
    (folder / "bin" / "sleep").chmod(0o755)
    return subprocess.run(
        [str(folder / ".ci" / "run")],
        env={
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "IN_VAIN": str(in_vain),
            "WITH": str(status),
            "STATUS": str(suite),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def _slept(folder: Path) -> list[int]:
    slept = folder / "slept"
    return [int(line) for line in slept.read_text().split()] if slept.exists() else []


def test_a_browser_that_a_mirror_gives_at_the_third_try_is_used(tmp_path: Path) -> None:
    ended = _decided(tmp_path, in_vain=2, status=75)
    assert (ended.returncode, ended.stdout) == (0, "suite, no browser: \n")
    assert LEFT_OUT not in ended.stderr
    assert len(_slept(tmp_path)) == 2


@pytest.mark.parametrize("suite", [0, 1])
def test_what_is_left_out_is_said_first_and_last_after_a_minute_in_vain(
    tmp_path: Path, suite: int
) -> None:
    ended = _decided(tmp_path, in_vain=100, status=75, suite=suite)
    assert (ended.returncode != 0) is bool(suite)
    assert ended.stdout == "suite, no browser: 1\n"
    assert ended.stderr.count(LEFT_OUT) == 2
    assert sum(_slept(tmp_path)) == 60


def test_where_no_browser_can_be_installed_nothing_is_tried_again(tmp_path: Path) -> None:
    ended = _decided(tmp_path, in_vain=100, status=1)
    assert (ended.returncode, ended.stdout) == (0, "suite, no browser: 1\n")
    assert ended.stderr.count(LEFT_OUT) == 2
    assert _slept(tmp_path) == []


def test_what_could_not_be_installed_may_be_tried_again_and_what_is_not_there_not(
    tmp_path: Path,
) -> None:
    (tmp_path / "apt-get").write_text("#!/bin/sh\nexit 100\n")
    (tmp_path / "apt-get").chmod(0o755)
    (tmp_path / "id").write_text("#!/bin/sh\necho 0\n")
    (tmp_path / "id").chmod(0o755)
    (tmp_path / "named").mkdir()
    script = ["/bin/sh", str(ROOT / "scripts" / "chromium.sh")]
    environment = {"PATH": str(tmp_path)}
    if not Path("/usr/bin/chromium").exists():
        assert subprocess.run(script, env=environment, check=False).returncode == 75
    environment["RECIPROCITY_CHROMIUM"] = str(tmp_path / "named" / "nothing")
    assert subprocess.run(script, env=environment, check=False).returncode == 1
