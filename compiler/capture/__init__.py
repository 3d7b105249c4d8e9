"""From a module and sample arguments to an `FxProgram`, by `torch.export` on fake tensors.

Weights are never copied, and parameters on the meta device never materialised.
"""

from .capture import capture, from_exported_program

__all__ = ["capture", "from_exported_program"]
