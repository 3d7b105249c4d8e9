"""What is used of diffusers, which tells checkers too little of its types: the only file that imports it."""

from __future__ import annotations

from typing import Any

import diffusers

_library: Any = diffusers

AutoencoderKL: Any = _library.AutoencoderKL
UNet2DConditionModel: Any = _library.UNet2DConditionModel


def scheduler_class(name: str) -> Any:
    """The scheduler of that name; None if there is none."""
    found = getattr(_library, name, None)
    return found if name.endswith("Scheduler") else None
