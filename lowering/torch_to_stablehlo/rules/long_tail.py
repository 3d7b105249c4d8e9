"""Ops whose lowering is traced from `jax.numpy`."""

from __future__ import annotations

RULES = ()
