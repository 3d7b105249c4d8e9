"""ATen ops on FX graphs to StableHLO.

`table.py` merges the rules, one file per family in `rules/`. A rule takes a `LoweringContext` and
the op's own arguments, with an `ir.Value` in place of every tensor. What is easily said in
`jax.numpy` is traced from there.
"""

from .lower import lower
from .table import supported_ops

__all__ = ["lower", "supported_ops"]
