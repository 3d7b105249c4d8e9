"""One row per thing that an op must do: the op, its arguments, what of it is compared.

A family of cases per family of rules. `test_ops.py` runs them all, and demands one for every rule.
"""

from tests.lowering.torch_to_stablehlo.cases import (
    activation,
    attention,
    comparison,
    complex_numbers,
    convolution,
    creation,
    elementwise,
    indexing,
    linear_algebra,
    long_tail,
    normalization,
    ordering,
    pooling,
    reduction,
    resizing,
    running,
    shape,
)

CASES = (
    *activation.CASES,
    *attention.CASES,
    *comparison.CASES,
    *complex_numbers.CASES,
    *convolution.CASES,
    *creation.CASES,
    *elementwise.CASES,
    *indexing.CASES,
    *linear_algebra.CASES,
    *long_tail.CASES,
    *normalization.CASES,
    *ordering.CASES,
    *pooling.CASES,
    *reduction.CASES,
    *resizing.CASES,
    *running.CASES,
    *shape.CASES,
)
