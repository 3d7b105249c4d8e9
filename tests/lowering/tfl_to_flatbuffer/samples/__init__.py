"""Uses of single ops, by family."""

from . import comparison_logic, elementwise, indexing, neural, quantised, reduction, shape

SAMPLES = [
    *elementwise.SAMPLES,
    *comparison_logic.SAMPLES,
    *reduction.SAMPLES,
    *shape.SAMPLES,
    *indexing.SAMPLES,
    *neural.SAMPLES,
    *quantised.SAMPLES,
]
