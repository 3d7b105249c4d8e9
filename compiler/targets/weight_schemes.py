"""Which quantised weights a target computes with, by op.

A combination that is not in its table aborts when the model is loaded, is left to another processor, or is
computed wrongly without a word: so the table is what may be written. Each row has been run on LiteRT 2.3: those
of the CPU with the delegate and without alike, those of the GPU by `tests/gpu`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ..quantize.specs import QuantSpec

BLOCK_STEP = 32
"""Sizes of blocks are multiples of this; of other sizes the kernels of the delegate know nothing."""


@dataclass(frozen=True, slots=True)
class WeightUse:
    """How an op reads a quantised weight.

    Attributes:
        operand: position of the weight.
        axis: the dimension of output channels, counted from the end if negative; of a BATCH_MATMUL that
            transposes the weight it is the one before.
        integer: schemes that the op reads as they are, as `element granularity`.
        unpacked: schemes that a DEQUANTIZE in front of the op unpacks.
    """

    operand: int
    axis: int
    integer: frozenset[str]
    unpacked: frozenset[str]


_UNPACKED = frozenset({"float16 tensor", "int8 tensor", "int8 channel", "int4 channel"})


def _use(operand: int, axis: int, *integer: str) -> WeightUse:
    return WeightUse(operand, axis, frozenset(integer), _UNPACKED)


_USES: dict[str, WeightUse] = {
    "fully_connected": _use(
        1, 0, "int8 tensor", "int8 channel", "int4 channel", "int2 channel", "int4 block"
    ),
    # Two bits end the process.
    "conv_2d": _use(1, 0, "int8 tensor", "int8 channel", "int4 channel"),
    # One scale for all channels is computed wrongly.
    "depthwise_conv_2d": _use(1, 3, "int8 channel"),
    "transpose_conv": _use(1, 0, "int8 tensor", "int8 channel"),
    "batch_matmul": _use(1, -1, "int8 tensor", "int8 channel"),
    # Rows are unpacked as they are read, so there is nothing else to unpack.
    "embedding_lookup": _use(
        1, 0, "int8 tensor", "int8 channel", "int4 channel", "int2 channel", "int4 block"
    ),
}

WEIGHT_USES: Mapping[str, WeightUse] = MappingProxyType(_USES)
"""Of the CPU, by name of the op without its dialect."""


@dataclass(frozen=True, slots=True)
class WeightTable:
    """What a target computes with.

    Attributes:
        uses: by name of the op without its dialect.
        unpacks: whether kernels multiply floats whatever the weights are: what shall be unpacked in front of an
            op is given to it as it is.
    """

    uses: Mapping[str, WeightUse]
    unpacks: bool = False


CPU_WEIGHTS = WeightTable(WEIGHT_USES)

_HALVES = frozenset({"float16 tensor"})


def _gpu_use(name: str, *integer: str, unpacked: frozenset[str] = _HALVES) -> WeightUse:
    cpu = _USES[name]
    return WeightUse(cpu.operand, cpu.axis, frozenset(integer), unpacked)


_GPU_USES: dict[str, WeightUse] = {
    # Blocks corrupt the memory of the process.
    "fully_connected": _gpu_use(
        "fully_connected", "int8 tensor", "int8 channel", "int4 channel", "int2 channel"
    ),
    "conv_2d": _gpu_use("conv_2d", "int8 tensor", "int8 channel", "int4 channel"),
    "depthwise_conv_2d": _gpu_use("depthwise_conv_2d", "int8 channel"),
    "transpose_conv": _gpu_use("transpose_conv", "int8 tensor", "int8 channel"),
    "batch_matmul": _gpu_use("batch_matmul", "int8 tensor", "int8 channel"),
    # With one scale for all rows it computes something else; rows of 16 bits it leaves to the CPU.
    "embedding_lookup": _gpu_use(
        "embedding_lookup", "int8 channel", "int4 channel", "int2 channel", unpacked=frozenset()
    ),
}

GPU_WEIGHTS = WeightTable(MappingProxyType(_GPU_USES), unpacks=True)


def why_not_runnable(
    kind: str, spec: QuantSpec, shape: Sequence[int], table: WeightTable = CPU_WEIGHTS
) -> str | None:
    """Why an op cannot read a weight that is quantised this way; None if it can.

    Args:
        kind: name of the op without its dialect.
        spec: how the weight is quantised.
        shape: of the weight.
        table: of the target.
    """
    use = table.uses.get(kind)
    if use is None:
        return f"{kind} reads no quantised weights"
    known = use.integer if spec.compute == "integer" else use.unpacked
    if f"{spec.element} {spec.granularity}" not in known:
        return f"{kind} has no kernel for {spec.scheme}"
    depth = shape[-1]
    if spec.granularity == "block":
        return _why_not_blocks(spec.block_size, depth)
    per_byte = 8 // min(spec.bits, 8)
    if depth % per_byte:
        return f"{depth} columns of {spec.element} do not fill bytes"
    return None


def _why_not_blocks(size: int, depth: int) -> str | None:
    if size % BLOCK_STEP:
        return f"blocks of {size}, only multiples of {BLOCK_STEP}"
    return f"{depth} columns cannot be cut into blocks of {size}" if depth % size else None
