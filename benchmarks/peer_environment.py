"""The virtual environment of litert-torch, made on demand: its pins do not go with ours."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.children import ROOT

VARIABLE = "LITEWRIGHT_PEER_VENV"
TORCH = "torch==2.13.0"
PEER = "litert-torch==0.10.0"


def peer_python(report: Callable[[str], None]) -> Path:
    """The interpreter of the environment that `LITEWRIGHT_PEER_VENV` names, or of our own.

    torch is installed first and by itself, so that litert-torch does not choose it. Packages come
    from where pip is set to find them.
    """
    named = os.environ.get(VARIABLE)
    folder = Path(named).expanduser() if named else ROOT / ".venvs" / "peer"
    python = folder / "bin" / "python"
    if named:
        if not python.exists():
            raise FileNotFoundError(f"{VARIABLE} names {folder}, which has no bin/python")
        return python
    complete = folder / "complete"
    if complete.exists() and complete.read_text() == PEER:
        return python
    report(f"making an environment for {PEER} in {folder.relative_to(ROOT)}")
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    for requirement in (TORCH, PEER):
        report(f"installing {requirement}")
        install = [str(python), "-m", "pip", "install", "--quiet", requirement]
        subprocess.run(install, check=True)
    complete.write_text(PEER)
    return python
