"""Uses of single ops by family (`SAMPLES`), and whole programs (`calls`, `weights`)."""

from . import (
    calls,
    comparison_logic,
    elementwise,
    indexing,
    neural,
    quantised,
    reduction,
    shape,
    weights,
)

__all__ = ["SAMPLES", "calls", "weights"]

SAMPLES = [
    *elementwise.SAMPLES,
    *comparison_logic.SAMPLES,
    *reduction.SAMPLES,
    *shape.SAMPLES,
    *indexing.SAMPLES,
    *neural.SAMPLES,
    *quantised.SAMPLES,
]
