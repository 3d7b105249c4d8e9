"""What LiteRT itself says of a file on this machine: partitions of the delegate, and how long calls take."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...diagnostics import FormatError, UserError
from ...ir.mlir import Array
from ...runtime import Runner, SignatureInfo

Facts = Mapping[str, Any]

_SECONDS = 0.5


def measure(path: Path, inputs: Mapping[str, Mapping[str, Array]], *, times: bool) -> Facts:
    """By signature, the partition of every op (-1: a kernel of the runtime), and the latency.

    Args:
        path: the file.
        inputs: by signature and name; random numbers where there are none.
        times: whether to time calls.

    Returns:
        By signature. What LiteRT does not load or run has `failed`, with what LiteRT said; there is nothing
        about a file that it does not load, or that has no signatures.
    """
    try:
        runner = Runner(path)
    except FormatError:
        return {}
    found: dict[str, Facts] = {}
    for name, info in runner.signatures.items():
        given = inputs.get(name) or random_inputs(info)
        try:
            found[name] = _signature(runner, name, given, times=times)
        except UserError as error:
            # Ids and positions that are out of range stop a model that is sound.
            found[name] = {"failed": str(error)}
    return found


def _signature(
    runner: Runner, name: str, inputs: Mapping[str, Array], *, times: bool
) -> dict[str, Any]:
    placed = runner.delegation(name)
    parts = [-1 if each.partition is None else each.partition for each in placed.placements]
    found: dict[str, Any] = {"partitions": placed.partitions, "partition": parts}
    if times:
        latency = runner.latency(inputs, name, seconds=_SECONDS)
        found["latency"] = {
            "median": latency.median,
            "fastest": latency.fastest,
            "runs": latency.runs,
        }
    return found


def random_inputs(info: SignatureInfo, seed: int = 0) -> dict[str, Array]:
    """Normal numbers for floats; 0 and 1 for integers, since they may be ids; dynamic dimensions are 1."""
    arrays: dict[str, Array] = {}
    for each in info.inputs:
        text = f"{seed} {each.name}".encode()
        generator = np.random.default_rng(
            int.from_bytes(hashlib.sha256(text).digest()[:8], "little")
        )
        shape = tuple(max(size, 1) for size in each.shape)
        whole = each.dtype.kind in "biu"
        numbers = generator.integers(0, 2, shape) if whole else generator.normal(size=shape)
        arrays[each.name] = np.asarray(numbers).astype(each.dtype)
    return arrays
