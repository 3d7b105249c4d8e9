"""Channels of what meets a matrix brought nearer to one size: its integers are then spent on all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from litewright.compiler.diagnostics import UserError
from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import Program, body_of, owner_function
from litewright.compiler.quantize.recipe import Recipe
from litewright.compiler.weights import Binary, Reshape
from litewright.compiler.weights.store import ArraySource
from litewright.passes.core import Pass, remove_dead

from .quantize_weights import Equalised, equalised_weights

Array = np.ndarray[Any, np.dtype[Any]]

SMALLEST = 1e-3
"""Channels below this part of the largest are taken to be of this part: silence is not blown up."""


@dataclass(frozen=True)
class EqualiseInputs(Pass[Program]):
    """Divides what meets a matrix by a factor per channel, and multiplies the columns by it.

    The factor is (rms of the channel)^strength over its geometric mean, as measured on calibration data.
    Kernels that quantise activations as they come have one scale for all channels of a row: a few large
    channels, as norms of encoders make them, leave few integers for the others. It is the idea of
    SmoothQuant (Xiao et al. 2023) with the size of activations alone, so that matrices which read the same
    value share one multiplication, and no weight is read.

    Before:
        %1 = "tfl.fully_connected"(%x, %w, %bias)
    After:
        %1 = "tfl.mul"(%x, %inverse)
        %2 = "tfl.fully_connected"(%1, %w_scaled, %bias)

    Attributes:
        recipe: its rules say by `equalise` for which weights, and how strongly.
    """

    recipe: Recipe

    def run(self, unit: Program) -> bool:
        """See `Pass.run`.

        Raises:
            UserError: nothing has been measured.
        """
        made: dict[tuple[ir.Value, bytes], ir.Value] = {}
        found = list(equalised_weights(unit, self.recipe))
        for weight in found:
            if weight.moments not in unit.weights:
                raise UserError(
                    f"{weight.name}: equalise looks at what the weight is multiplied by; give "
                    "convert(calibration_data=...) samples of the model's inputs"
                )
            _equalise(unit, weight, made)
        changed = bool(found)
        # No value may outlive what is erased now.
        found.clear()
        made.clear()
        if changed:
            remove_dead(unit)
        return changed


def factors_of(moments: Array, strength: float) -> Array:
    """The factor of each channel.

    Args:
        moments: second moments, `[channels, channels]`.
        strength: 0 leaves the channels as they are, 1 makes them equal.

    Returns:
        float32 `[channels]`, of geometric mean 1.
    """
    sizes = np.sqrt(np.maximum(np.diagonal(moments).astype(np.float64), 0))
    if not sizes.any():
        return np.ones(len(sizes), np.float32)
    logs = strength * np.log(np.maximum(sizes / sizes.max(), SMALLEST))
    return np.exp(logs - logs.mean()).astype(np.float32)


def _equalise(
    program: Program, weight: Equalised, made: dict[tuple[ir.Value, bytes], ir.Value]
) -> None:
    weights = program.weights
    moments = weights.read(weight.moments)
    factors = factors_of(moments, weight.strength)
    row = Reshape(weights.literal(factors), (1, len(factors)))
    scaled = Binary("multiply", weight.expression, row)
    weights.add(f"moments({scaled})", ArraySource(moments / np.outer(factors, factors)))
    for op in weight.ops:
        x = op.operands[0]
        key = x, factors.tobytes()
        if key not in made:
            made[key] = _divided(op, x, factors)
        op.operands[0] = made[key]
        op.operands[1] = program.weight_argument(owner_function(op.results[0]), scaled)


def _divided(op: ir.OpView, x: ir.Value, factors: Array) -> ir.Value:
    """`x / factors`, behind what makes `x`: readers may stand in any order."""
    inverse = (1 / factors).astype(np.float32)
    producer = hlo.producer(x)
    body = body_of(owner_function(op.results[0]))
    point = (
        ir.InsertionPoint.at_block_begin(body)
        if producer is None
        else ir.InsertionPoint.after(producer)
    )
    with point, op.location:
        return tfl.emit("mul", [x, tfl.constant(inverse)], x.type, fused_activation_function="NONE")
