"""Composites: functions with a meaning that stay one op from eager torch down to legalisation.

A composite is an ordinary torch function, made an op of the `litewright` namespace by `@composite`.
It runs in eager mode as written, passes through `torch.export` and decomposition as one node, and is
lowered to a `stablehlo.composite` of the same name. One file per family.
"""

from .define import Composite, composite

__all__ = ["Composite", "composite"]
