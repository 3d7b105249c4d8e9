"""From a module and sample arguments to an `FxProgram`, by `torch.export` on fake tensors.

Weights are never copied, and parameters on the meta device never materialised.
"""

from .capture import capture, from_exported_program
from .state import check_shared_state

__all__ = ["capture", "check_shared_state", "from_exported_program"]
