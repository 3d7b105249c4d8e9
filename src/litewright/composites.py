"""Composites: regions of a model with a meaning, which stay one op until a target has been chosen.

`import litewright` does not load this module: it imports torch.
"""

from typing import TYPE_CHECKING

from litewright.compiler.composites import Composite, composite, patterns
from litewright.compiler.composites.activation import swiglu
from litewright.compiler.composites.attention import soft_capped_attention
from litewright.compiler.composites.boundary import StableHLOCompositeBuilder
from litewright.compiler.composites.kv_cache import kv_cache_update
from litewright.compiler.composites.module import CompositeModule
from litewright.compiler.composites.normalization import rms_norm
from litewright.compiler.composites.pattern import CompositePattern, Found
from litewright.compiler.composites.rotary import rotary_embedding

if TYPE_CHECKING:
    from litewright.compiler.driver.explaining import explain, mark_pattern

__all__ = [
    "Composite",
    "CompositeModule",
    "CompositePattern",
    "Found",
    "StableHLOCompositeBuilder",
    "composite",
    "explain",
    "kv_cache_update",
    "mark_pattern",
    "patterns",
    "rms_norm",
    "rotary_embedding",
    "soft_capped_attention",
    "swiglu",
]

if not TYPE_CHECKING:  # These need the whole compiler, which the code of a model does not.

    def __getattr__(name: str) -> object:
        if name not in ("explain", "mark_pattern"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from litewright.compiler.driver import explaining

        return getattr(explaining, name)
