"""From a module and sample arguments to an `FxProgram`, by `torch.export` on fake tensors.

Weights are never copied, and parameters on the meta device never materialised.
"""

from .capture import Captured, capture, capture_exported, capture_module, from_exported_program
from .sizes import Probes, Root, Sizes
from .state import check_shared_state

__all__ = [
    "Captured",
    "Probes",
    "Root",
    "Sizes",
    "capture",
    "capture_exported",
    "capture_module",
    "check_shared_state",
    "from_exported_program",
]
