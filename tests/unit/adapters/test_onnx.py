"""The runtime of the models tells nobody outside that it runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

# What the runtime's own reporting leaves as soon as it begins.
TRACE = ".ses"


def _files_left(folder: Path, module: str) -> list[str]:
    """List what stands in an empty folder for temporary files after a process imported a module."""
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
    subprocess.run(
        [sys.executable, "-c", f"import {module}"],
        env=clean | nowhere | {"TMPDIR": str(folder), "PYTHONPATH": str(ROOT)},
        check=True,
    )
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("module", ["app.adapters.onnx", "app.main", "app.workers.main"])
def test_no_process_of_the_platform_reports_to_the_makers_of_the_runtime(
    tmp_path: Path, module: str
) -> None:
    assert TRACE not in _files_left(tmp_path, module)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it reports by the system's own ways")
def test_the_runtime_alone_would_report_so_the_trace_is_the_right_one(tmp_path: Path) -> None:
    assert TRACE in _files_left(tmp_path, "onnxruntime")


def test_nobody_imports_the_runtime_past_the_module_that_silences_it() -> None:
    importing = re.compile(r"^\s*(?:from|import) onnxruntime\b", re.MULTILINE)
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("app", "scripts", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        if importing.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"app/adapters/onnx.py"}
