"""A gate that acme's models write out by hand, so that it reaches the compiler as four ops."""

import torch
from torch import Tensor

from litewright.composites import CompositePattern


def hard_gate(x: Tensor) -> Tensor:
    """What to look for, written as the models write it."""
    return x * torch.clamp(x + 3, 0, 6) / 6


HARD_GATE = CompositePattern("acme.hard_gate", hard_gate, (torch.empty(2, 4),))
