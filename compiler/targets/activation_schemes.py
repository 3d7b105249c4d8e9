"""Which ops the runtime computes in integers, activations among them: with the delegate and without alike.

What is not in this table aborts when the model is loaded, is computed wrongly without a word, or loses far
more than rounding. Each row has been run on LiteRT 2.3 on both paths, against the same op on floats: results
are within two steps of it. Left out are, among others, DIV, LOG and RSQRT, whose results are nonsense where
rounding makes an operand 0, and of 16 bits EXP and RESIZE_BILINEAR, which err by 200 and 70 steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..ir.quantized_type import QuantizedType

EIGHT, SIXTEEN = "i8", "i16"

FINEST_PRODUCT = 256
"""Steps of the result in a step of products: from so many on, the delegate refuses the whole model."""

FINEST_SUM = 64
"""Steps of the result in a step of an operand of ADD: from 150 on, the kernel computes nonsense."""


@dataclass(frozen=True, slots=True)
class ActivationUse:
    """How an op computes in integers. One scale and zero point for a tensor; 16 bits have no zero points.

    Attributes:
        storages: integers that it computes with, by MLIR's names.
        delegated: those of them that the delegate takes, on the shapes on which it takes floats.
        operands: positions of activations; empty if all operands are.
        shares: whether operands and results have one scale and zero point.
        fixed: whether the kernel sets the scale and zero point of results (`fixed_scheme`).
        as_floats: whether the delegate takes floats and no integers of 8 bits, so that these are for those who
            ask for them.
        centred: positions of activations that have no zero point, so that the delegate takes them.
        weight: position of a weight; None if there is none.
        bias: position of a bias; None if there is none.
    """

    storages: frozenset[str]
    delegated: frozenset[str] = frozenset()
    operands: tuple[int, ...] = (0,)
    shares: bool = False
    fixed: bool = False
    as_floats: bool = False
    centred: tuple[int, ...] = ()
    weight: int | None = None
    bias: int | None = None

    def positions(self, count: int) -> tuple[int, ...]:
        """Positions of activations among so many operands."""
        return tuple(p for p in self.operands or range(count) if p < count)


_BOTH, _EIGHT = frozenset({EIGHT, SIXTEEN}), frozenset({EIGHT})
_PAIR = (0, 1)


def _same(
    storages: frozenset[str] = _BOTH, *operands: int, delegated: bool = False
) -> ActivationUse:
    """Moves numbers, or picks some of them."""
    taken = _EIGHT if delegated else frozenset[str]()
    return ActivationUse(storages, taken, operands or (0,), shares=True)


_DENSE = ActivationUse(_BOTH, _EIGHT, weight=1, bias=2)
_ARITHMETIC = ActivationUse(_BOTH, _EIGHT, _PAIR)
_CURVE = ActivationUse(_BOTH, _EIGHT, fixed=True)
_REDUCTION = ActivationUse(_BOTH, _EIGHT)
_TABLE = ActivationUse(_EIGHT, as_floats=True)  # 256 results, looked up

_USES: dict[str, ActivationUse] = {
    "fully_connected": _DENSE,
    "conv_2d": _DENSE,
    "depthwise_conv_2d": _DENSE,
    "transpose_conv": replace(_DENSE, operands=(2,), bias=3),
    "batch_matmul": replace(_ARITHMETIC, centred=(1,)),
    "add": _ARITHMETIC,
    "sub": _ARITHMETIC,
    "mul": _ARITHMETIC,
    "squared_difference": ActivationUse(_EIGHT, operands=_PAIR, as_floats=True),
    "prelu": ActivationUse(_EIGHT, operands=_PAIR, as_floats=True),
    "maximum": replace(_same(_BOTH, 0, 1), as_floats=True),
    "minimum": replace(_same(_BOTH, 0, 1), as_floats=True),
    "logistic": _CURVE,
    "tanh": _CURVE,
    "softmax": replace(_CURVE, delegated=frozenset(), as_floats=True),
    "log_softmax": ActivationUse(_EIGHT, fixed=True),
    "elu": replace(_TABLE, delegated=_EIGHT, as_floats=False),
    "leaky_relu": replace(_TABLE, storages=_BOTH, delegated=_EIGHT, as_floats=False),
    "exp": _TABLE,
    "gelu": _TABLE,
    "hard_swish": _TABLE,
    "abs": ActivationUse(_BOTH, as_floats=True),
    "sqrt": ActivationUse(_BOTH, as_floats=True),
    "relu": ActivationUse(_BOTH, as_floats=True),
    "relu6": ActivationUse(_BOTH, as_floats=True),
    "relu_n1_to_1": ActivationUse(_EIGHT, as_floats=True),
    "relu_0_to_1": ActivationUse(_EIGHT),
    "mean": _REDUCTION,
    "sum": _REDUCTION,
    "reduce_max": _same(delegated=True),
    "reduce_min": _same(delegated=True),
    "max_pool_2d": _same(delegated=True),
    "average_pool_2d": replace(_same(), as_floats=True),
    "resize_bilinear": _same(_EIGHT, delegated=True),
    "resize_nearest_neighbor": _same(),
    "reshape": _same(delegated=True),
    "expand_dims": _same(),
    "squeeze": _same(),
    "transpose": _same(delegated=True),
    "reverse_v2": _same(),
    "broadcast_to": _same(),
    "tile": _same(_EIGHT),
    "concatenation": replace(_same(delegated=True), operands=()),
    "pack": replace(_same(), operands=()),
    "unpack": _same(),
    "split": _same(_BOTH, 1, delegated=True),
    "split_v": _same(),
    "slice": _same(delegated=True),
    "strided_slice": _same(delegated=True),
    "gather": _same(),
    "gather_nd": _same(),
    "dynamic_update_slice": _same(_EIGHT, 0, 1),
    "pad": _same(delegated=True),
    "padv2": _same(_BOTH, 0, 2),
    "mirror_pad": _same(),
    "depth_to_space": _same(_EIGHT, delegated=True),
    "space_to_depth": _same(_EIGHT, delegated=True),
    "space_to_batch_nd": _same(),
    "batch_to_space_nd": _same(),
}  # fmt: skip

ACTIVATION_USES: Mapping[str, ActivationUse] = MappingProxyType(_USES)
"""By name of the op without its dialect."""

_FIXED: Mapping[tuple[str, str], tuple[float, int]] = MappingProxyType({
    ("logistic", EIGHT): (1 / 256, -128), ("logistic", SIXTEEN): (1 / 32768, 0),
    ("softmax", EIGHT): (1 / 256, -128), ("softmax", SIXTEEN): (1 / 32768, 0),
    ("tanh", EIGHT): (1 / 128, 0), ("tanh", SIXTEEN): (1 / 32768, 0),
    ("log_softmax", EIGHT): (16 / 256, 127),
})  # fmt: skip


def fixed_scheme(kind: str, storage: str) -> QuantizedType | None:
    """The scale and zero point that a kernel sets for its results; None if the caller chooses.

    Args:
        kind: name of the op without its dialect.
        storage: the integers.
    """
    # Recipes name ops by this table, and are made without MLIR.
    from ..ir.quantized_type import QuantizedType

    found = _FIXED.get((kind, storage))
    return QuantizedType(storage, (found[0],), (found[1],)) if found is not None else None


def why_not_integer(
    kind: str,
    operands: Sequence[QuantizedType],
    result: QuantizedType,
    weight_scale: float | None = None,
) -> str | None:
    """Why the runtime does not compute an op in integers of these scales; None if it does.

    Args:
        kind: name of the op without its dialect.
        operands: of its activations, in the order of `ActivationUse.operands`.
        result: of its results.
        weight_scale: the largest scale of its weight, if it has one.
    """
    use = ACTIVATION_USES.get(kind)
    if use is None:
        return f"there is no {kind} of integers"
    schemes = (*operands, result)
    if any(each.storage != result.storage for each in schemes):
        return "integers of different sizes meet"
    if result.storage not in use.storages:
        return f"there is no {kind} of {result.storage}"
    if result.storage == SIXTEEN and any(each.zero_points[0] for each in schemes):
        return "16 bits have no zero point"
    if use.shares and any(each != result for each in operands):
        return f"{kind} has one scale for operands and results"
    if use.fixed and result != fixed_scheme(kind, result.storage):
        return f"{kind} sets the scale of its results"
    return _why_not_scales(kind, operands, result, weight_scale)


def _why_not_scales(
    kind: str,
    operands: Sequence[QuantizedType],
    result: QuantizedType,
    weight_scale: float | None,
) -> str | None:
    """Why the ratio of scales is none that kernels compute with."""
    steps = [each.scales[0] / result.scales[0] for each in operands]
    if kind == "add" and max(steps) > FINEST_SUM:
        return f"a step of an operand is more than {FINEST_SUM} of the result"
    if weight_scale is not None and steps[0] * weight_scale >= FINEST_PRODUCT:
        return f"a step of the products is {FINEST_PRODUCT} or more of the result"
    return None
