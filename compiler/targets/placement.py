"""How the GPU delegate lays tensors out, which decides what it can broadcast.

Every tensor is [batch, height, width, channels] there. A tensor that is computed is laid out as BC, BWC or
BHWC by its rank, and operands of several ranks are aligned at the end as NumPy does. Float constants are
laid out as C, WC, HWC or BHWC, and are not aligned: with [2, 3, 4] goes a constant [3, 4] but not
[2, 3, 4]. The delegate takes what does not fit, and computes something else.
"""

from __future__ import annotations

from ..ir.mlir import ir
from ..ir.tfl import TensorFact
from ..ir.types import element_count
from .checks import facts, is_static_operand
from .target import Miscomputed

_COMPUTED = ("", "B", "BC", "BWC", "BHWC")
_CONSTANT = ("", "C", "WC", "HWC", "BHWC")


def operands_fit(op: ir.OpView) -> str | None:
    """Why the delegate would not broadcast two operands as NumPy does; None if it would."""
    x, y = facts(op.operands)
    static_x, static_y = (is_static_operand(value) for value in op.operands)
    if static_x and static_y:
        return "both operands are known before the model runs"
    if static_x or static_y:
        return _constant_fits(*((x, y) if static_x else (y, x)), facts(op.results)[0])
    if x.rank != y.rank and 0 in (x.rank, y.rank):
        return "a scalar that is computed at run time"
    return None


def _constant_fits(constant: TensorFact, other: TensorFact, result: TensorFact) -> str | None:
    if element_count(constant.shape) == 1:
        return "a boolean scalar" if constant.element == "i1" else None
    if other.rank != result.rank:
        return Miscomputed("a constant of more dimensions than what it meets")
    if constant.element in ("i32", "i1"):
        fits = constant.rank == result.rank
        return None if fits else Miscomputed(f"a constant {constant.element} of another rank")
    axes = _CONSTANT[constant.rank]
    if element_count(constant.shape[:-1]) == 1:
        axes = axes[:-1] + "C"
    placed = zip(axes, constant.shape, _COMPUTED[result.rank][-constant.rank :], strict=True)
    if any(size > 1 and own != wanted for own, size, wanted in placed):
        other_axes = _COMPUTED[result.rank]
        return Miscomputed(
            f"a constant {list(constant.shape)} laid out as {axes} for {list(result.shape)} as {other_axes}"
        )
    grows = constant.rank == 4 and constant.shape[0] > other.shape[0]
    return Miscomputed("a constant that adds a batch") if grows else None
