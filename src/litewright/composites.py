"""Composites: regions of a model with a meaning, which stay one op until a target has been chosen.

`import litewright` does not load this module: it imports torch.
"""

from litewright.compiler.composites import Composite, composite, patterns
from litewright.compiler.composites.activation import swiglu
from litewright.compiler.composites.attention import soft_capped_attention
from litewright.compiler.composites.boundary import StableHLOCompositeBuilder
from litewright.compiler.composites.kv_cache import kv_cache_update
from litewright.compiler.composites.module import CompositeModule
from litewright.compiler.composites.normalization import rms_norm
from litewright.compiler.composites.pattern import CompositePattern, Found
from litewright.compiler.composites.rotary import rotary_embedding

__all__ = [
    "Composite",
    "CompositeModule",
    "CompositePattern",
    "Found",
    "StableHLOCompositeBuilder",
    "composite",
    "kv_cache_update",
    "patterns",
    "rms_norm",
    "rotary_embedding",
    "soft_capped_attention",
    "swiglu",
]
