"""What is fed to a model and what must come out: calls of signatures, in order, kept in a file.

A step leaves out the KV caches: whoever runs the steps feeds each call the caches that the call
before returned, zeros at first, in whatever layout the file wants.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CACHE_PREFIX = "kv_cache_"
_EXPECTED = "expected"


@dataclass(frozen=True, slots=True)
class Step:
    """One call: the signature's name, its inputs by name, its output if there is one to compare."""

    signature: str
    inputs: dict[str, NDArray[np.generic]]
    expected: NDArray[np.generic] | None = None


def save_steps(path: Path, steps: list[Step]) -> None:
    """Write `steps` as one `.npz`; each array is called `<index>/<signature>/<role>/<name>`."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for index, step in enumerate(steps):
        for name, value in step.inputs.items():
            arrays[f"{index}/{step.signature}/input/{name}"] = value
        if step.expected is not None:
            arrays[f"{index}/{step.signature}/{_EXPECTED}/"] = step.expected
    np.savez(path, allow_pickle=False, **arrays)


def load_steps(path: Path) -> list[Step]:
    """Read what `save_steps` wrote."""
    inputs: dict[tuple[int, str], dict[str, NDArray[np.generic]]] = {}
    expected: dict[tuple[int, str], NDArray[np.generic]] = {}
    with np.load(path) as archive:
        for key in archive.files:
            index, signature, role, name = key.split("/", 3)
            place = (int(index), signature)
            inputs.setdefault(place, {})
            if role == _EXPECTED:
                expected[place] = archive[key]
            else:
                inputs[place][name] = archive[key]
    return [Step(place[1], inputs[place], expected.get(place)) for place in sorted(inputs)]
