"""Composites: regions of a model with a meaning, which stay one op until a target has been chosen.

`import litewright` does not load this module: it imports torch.
"""

from litewright.compiler.composites import Composite, composite
from litewright.compiler.composites.boundary import StableHLOCompositeBuilder
from litewright.compiler.composites.kv_cache import kv_cache_update
from litewright.compiler.composites.module import CompositeModule
from litewright.compiler.composites.pattern import CompositePattern, Found

__all__ = [
    "Composite",
    "CompositeModule",
    "CompositePattern",
    "Found",
    "StableHLOCompositeBuilder",
    "composite",
    "kv_cache_update",
]
