"""Passes on FX graphs, in the order in which they run.

They see ops as the model's code names them, before any is lowered.
"""

from .merge_equal_nodes import MergeEqualNodes
from .remove_unused_nodes import RemoveUnusedNodes

DEFAULT = (RemoveUnusedNodes(), MergeEqualNodes())

__all__ = ["DEFAULT", "MergeEqualNodes", "RemoveUnusedNodes"]
