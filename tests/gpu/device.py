"""The GPU delegate on a software Vulkan, and what it makes of a file.

Two libraries carry the delegate. `ai-edge-litert` has it beside the runtime, and the two disagree about the
layout of a class that composites need: every file with a composite ends the process. `litert-lm-api` has
both in one library, which takes composites. Files are loaded in a process of their own in either case.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

Array = np.ndarray[Any, np.dtype[Any]]
Host = Literal["litert", "litert-lm"]

FOLDER = Path(__file__).parent
DRIVER = Path("/usr/lib/chromium/vk_swiftshader_icd.json")
"""SwiftShader, as Debian's package `chromium` carries it."""

DRIVER_VARIABLE = "LITEWRIGHT_VULKAN_DRIVER"
LIBRARY_VARIABLE = "LITEWRIGHT_LITERT_LM_LIBRARY"
_CHATTER = ("INFO", "I0000", "WARNING", "E0000", "└")


@dataclass(frozen=True)
class Outcome:
    """What became of a file.

    Attributes:
        accelerated: whether every op ran on the GPU.
        outputs: arrays by `signature/name`; none if the file was not loaded.
        log: what the delegate wrote while it was asked.
    """

    accelerated: bool
    outputs: Mapping[str, Array]
    log: str

    @property
    def complaint(self) -> str:
        """The lines of the log that say what went wrong."""
        lines = self.log.splitlines()
        return "\n".join(line for line in lines if line and not line.startswith(_CHATTER))


def run_on_gpu(
    model: Path, inputs: Mapping[str, Array], host: Host = "litert", *, timeout: float = 300
) -> Outcome:
    """Loads a file on the GPU delegate, in a process that the delegate may end, and runs all of it.

    Args:
        model: the file.
        inputs: an array for every input of every signature, by `signature/name`.
        host: the library in which the delegate runs.
        timeout: seconds.
    """
    command = _worker(host)
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "inputs.npz"), Path(folder, "outputs.npz")
        np.savez(given, allow_pickle=False, **inputs)
        done = subprocess.run(
            [sys.executable, *command, str(model), str(given), str(made)],
            env=os.environ | dict.fromkeys(("VK_ICD_FILENAMES", "VK_DRIVER_FILES"), str(_driver())),
            timeout=timeout,
            check=False,
            capture_output=True,
        )
        log = done.stderr.decode(errors="replace")
        if done.returncode != 0:
            return Outcome(accelerated=False, outputs={}, log=f"{log}\nexit code {done.returncode}")
        with np.load(made) as arrays:
            outputs = {name: arrays[name] for name in arrays.files}
    told = done.stdout.decode(errors="replace").splitlines()[-1:]
    return Outcome(accelerated=told == ["accelerated"], outputs=outputs, log=log)


def _worker(host: Host) -> Sequence[str]:
    """The command that loads a file; skips the test where there is no driver or library."""
    if _driver() is None:
        pytest.skip(f"no Vulkan driver: {DRIVER} is not there and {DRIVER_VARIABLE} names none")
    if host == "litert":
        return [str(FOLDER / "gpu_worker.py")]
    library = _lm_library()
    if library is None:
        pytest.skip(f"litert-lm-api is not installed and {LIBRARY_VARIABLE} names no library")
    return [str(FOLDER / "lm_worker.py"), str(library)]


@functools.cache
def _driver() -> Path | None:
    """The description of the Vulkan driver."""
    return _existing(os.environ.get(DRIVER_VARIABLE), DRIVER)


@functools.cache
def _lm_library() -> Path | None:
    spec = importlib.util.find_spec("litert_lm")
    folder = Path(spec.origin).parent if spec is not None and spec.origin is not None else None
    installed = folder / "liblitert-lm.so" if folder is not None else None
    return _existing(os.environ.get(LIBRARY_VARIABLE), installed)


def _existing(given: str | None, usual: Path | None) -> Path | None:
    path = Path(given) if given else usual
    return path if path is not None and path.exists() else None
