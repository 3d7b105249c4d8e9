"""The long tail of ops, as `jax.numpy` functions traced into our module.

Nothing else in litewright computes with JAX, and JAX is imported only when a model has such an op.
"""

from .trace import from_jax

__all__ = ["from_jax"]
