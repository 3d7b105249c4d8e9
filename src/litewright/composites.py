"""Composites: regions of a model with a meaning, which stay one op until a target has been chosen.

`import litewright` does not load this module: it imports torch.
"""

from litewright.compiler.composites import Composite, composite
from litewright.compiler.composites.kv_cache import kv_cache_update

__all__ = ["Composite", "composite", "kv_cache_update"]
