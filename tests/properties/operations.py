"""The steps that a random model may take: each draws its operands and options and adds itself."""

from __future__ import annotations

from tests.properties import compounds, elementwise, movement, products, reductions
from tests.properties.graphs import Operation

# What models are made of is chosen more often.
OFTEN: tuple[Operation, ...] = (
    *products.OPERATIONS,
    products.convolution,
    elementwise.where,
    elementwise.with_weight,
    elementwise.with_weight,
    elementwise.binary,
    elementwise.binary,
    elementwise.smooth,
    elementwise.rounding,
    reductions.reduction,
)

OPERATIONS: tuple[Operation, ...] = (
    *elementwise.OPERATIONS,
    *products.OPERATIONS,
    *movement.OPERATIONS,
    *reductions.OPERATIONS,
    *compounds.OPERATIONS,
    *OFTEN,
)
