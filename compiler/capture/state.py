"""Buffers that a call changes: state, which goes in and comes out of the signature under one name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import torch
from torch import nn

from ..diagnostics import UserError
from ..ir.fx import FxProgram
from .modes import named_modules

STATE_NAMES = "state_names"
"""An attribute of module classes: names of state by names of buffers. `{}` in a name is the number of the
module among those of the model that use the name (`{"keys": "kv_cache_k_{}"}`)."""


def state_names(module: nn.Module | None) -> dict[str, str]:
    """The names that modules give to their buffers as state, by fully-qualified name of the buffer."""
    names: dict[str, str] = {}
    used: Counter[str] = Counter()
    for path, each in named_modules(module) if module is not None else ():
        given: Mapping[str, str] = getattr(each, STATE_NAMES, {})
        for buffer, template in given.items():
            names[f"{path}.{buffer}" if path else buffer] = template.format(used[template])
            used[template] += 1
    return names


def check_state(signature: str, tensors: Mapping[str, torch.Tensor]) -> None:
    """Checks that state begins as a runtime begins it.

    Args:
        signature: the signature's name.
        tensors: the buffers that it changes, by fully-qualified name.

    Raises:
        UserError: a buffer is not zero.
    """
    for name, tensor in tensors.items():
        if bool(tensor.count_nonzero()):
            raise UserError(
                f"signature {signature!r}: forward changes buffer {name}, which becomes state of the caller's; "
                "a runtime begins with zeros, and the buffer has other values. Call the module on a fresh "
                "copy, or set the buffer to zero"
            )


def check_shared_state(programs: Sequence[FxProgram]) -> None:
    """Checks that what one signature changes, no other takes for a constant.

    Raises:
        UserError: names the buffer and the signatures.
    """
    for program in programs:
        changed = {id(tensor): name for name, tensor in program.state.items()}
        for other in programs:
            constants = [held for held in other.held.values() if id(held.tensor) in changed]
            if constants:
                raise UserError(
                    f"signature {program.name!r} changes buffer {constants[0].name}, and {other.name!r} only "
                    f"reads it: there it would keep the value of today. Let {other.name!r} write it too "
                    "(`self.buffer.copy_(self.buffer)` will do), or make it an input"
                )
