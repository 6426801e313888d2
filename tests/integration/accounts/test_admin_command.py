"""The first operator is made on the command line."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT, Pair
from tests.integration.accounts.conftest import PASSWORD, Door


def _create(pair: Pair, email: str, password: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli.main", "admin", "create", email, "--password-stdin"],
        input=f"{password}\n",
        env={"PATH": "/usr/bin:/bin", "RECIPROCITY_ENV_FILE": "/nonexistent"} | pair.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_first_operator_is_created_and_a_member_is_promoted(door: Door, pair: Pair) -> None:
    made = _create(pair, "op@example.org", PASSWORD)
    assert (made.returncode, made.stderr) == (0, "")
    assert door.enter("op@example.org")[0].operator
    door.join("ann@example.org")
    assert "the password is the one they have" in _create(pair, "ann@example.org", "").stdout
    assert door.enter("ann@example.org")[0].operator


def test_a_weak_password_is_refused_in_words_and_never_repeated(pair: Pair) -> None:
    refused = _create(pair, "op@example.org", "weakling")
    assert refused.returncode == 1
    assert "too short" in refused.stderr
    assert "weakling" not in refused.stderr + refused.stdout
