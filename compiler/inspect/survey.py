"""Collects the facts about a tfl program."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from ..ir import tfl
from ..ir.hlo import composite_name
from ..ir.mlir import func, ir, op_name
from ..ir.origin import Origin, origin_of
from ..ir.program import (
    Program,
    body_of,
    input_name,
    inputs_of,
    results_of,
    weight_symbol,
    weights_of,
)
from ..ir.quantized_type import quantized_type_of, weight_quantization_of
from ..ir.types import DYNAMIC, element_count, element_of, numpy_dtype
from ..targets import Miscomputed, Target
from ..targets.weight_schemes import WEIGHT_USES
from ..weights import WeightStore
from ..weights.expression import leaves
from .facts import ModelFacts, OpPlacement, SignatureFacts, SizeFacts, TensorFacts, WeightFacts

_CONSTANTS = ("tfl.pseudo_const", "tfl.pseudo_qconst")
_NOT_COUNTED = frozenset({*_CONSTANTS, "tfl.no_value", "func.return"})
_LARGEST = 10


def survey(program: Program, target: Target) -> ModelFacts:
    """Signatures, sizes and expected delegation of a tfl program, whose context must be current.

    No weight is read.
    """
    signatures = tuple(_signature(function, target) for function in program.signatures())
    return ModelFacts(target.name, signatures, _sizes(program))


def _signature(function: func.FuncOp, target: Target) -> SignatureFacts:
    ops = [op for op in body_of(function).operations if op_name(op) not in _NOT_COUNTED]
    asked = [(index, op, target.why_not_delegated(op)) for index, op in enumerate(ops)]
    left = tuple(_placement(index, op, reason) for index, op, reason in asked if reason is not None)
    return SignatureFacts(
        name=function.name.value,
        inputs=tuple(_tensor(input_name(a) or "", a) for a in inputs_of(function)),
        outputs=tuple(_tensor(name, value) for name, value in results_of(function)),
        histogram=dict(Counter(builtin_name(op) for op in ops).most_common()),
        values=dict(Counter(_elements(ops)).most_common()),
        ops=len(ops),
        delegated=len(ops) - len(left),
        not_delegated=left,
    )


def builtin_name(op: ir.OpView) -> str:
    """`FULLY_CONNECTED`; `odml.rms_norm` of a composite; the full name of an op that has no builtin operator."""
    spec = tfl.spec_of(op)
    if op_name(op) == "stablehlo.composite":
        return composite_name(op)
    return spec.builtin if spec is not None and spec.builtin else op_name(op)


def _placement(index: int, op: ir.OpView, reason: str) -> OpPlacement:
    origin = origin_of(op.location)
    if isinstance(reason, Miscomputed):
        reason = f"taken, and computed wrong: {reason}"
    return OpPlacement(index, builtin_name(op), reason, "" if origin == Origin() else str(origin))


def _tensor(name: str, value: ir.Value) -> TensorFacts:
    fact = tfl.tensor_fact(value)
    assert fact is not None, "signatures take and yield tensors"
    shape = tuple(-1 if n == DYNAMIC else n for n in fact.shape)
    quantized = quantized_type_of(element_of(value))
    if quantized is None or quantized.axis is not None:
        return TensorFacts(name, fact.element, shape)
    return TensorFacts(name, fact.element, shape, quantized.scales[0], quantized.zero_points[0])


def _elements(ops: Sequence[ir.OpView]) -> Iterator[str]:
    """Element types of all results."""
    for op in ops:
        for value in op.results:
            fact = tfl.tensor_fact(value)
            if fact is not None:
                yield fact.element


def _sizes(program: Program) -> SizeFacts:
    constants = 0
    for function in program.functions():
        ops = body_of(function).operations
        constants += sum(bytes_of(op.results[0]) for op in ops if op_name(op) in _CONSTANTS)
    ordered = _in_order(_arguments(program))
    weights = sum(weight.bytes for weight in ordered)
    return SizeFacts(
        weights=weights,
        constants=constants,
        total=weights + constants,
        count=len(ordered),
        largest=ordered[:_LARGEST],
    )


def stored_weights(program: Program) -> tuple[WeightFacts, ...]:
    """All weights of a tfl program, whose context must be current: the largest first, none is read.

    Those that are small enough to be constants of the module are among them, other constants are not: a
    weight is what a product, a convolution or a lookup reads as such.
    """
    found = _arguments(program)
    for function in program.functions():
        for op in body_of(function).operations:
            if op_name(op) in _CONSTANTS and _is_weight(op.results[0]):
                name = origin_of(op.location).name
                fact = _weight(name, op.results[0], program.weights)
                found.setdefault(f"{name}: {fact.dtype}{fact.shape}", fact)
    return _in_order(found)


def _arguments(program: Program) -> dict[str, WeightFacts]:
    """The weights that the module takes from outside, by symbol."""
    found: dict[str, WeightFacts] = {}
    for function in program.functions():
        for argument in weights_of(function):
            symbol = weight_symbol(argument) or ""
            if symbol not in found:
                found[symbol] = _weight(symbol, argument, program.weights)
    return found


def _in_order(found: Mapping[str, WeightFacts]) -> tuple[WeightFacts, ...]:
    return tuple(sorted(found.values(), key=lambda weight: (-weight.bytes, weight.symbol)))


def _is_weight(constant: ir.Value) -> bool:
    """Whether an op reads a constant as its weight, or unpacks it for one that does."""
    for use in constant.uses:
        kind = op_name(use.owner).removeprefix("tfl.")
        known = WEIGHT_USES.get(kind)
        if kind == "dequantize" or (known is not None and known.operand == use.operand_number):
            return True
    return False


def _weight(symbol: str, value: ir.Value, store: WeightStore) -> WeightFacts:
    fact = _tensor(symbol, value)
    granularity, scale_bytes = _scales(value, store)
    return WeightFacts(
        symbol,
        fact.dtype,
        fact.shape,
        bytes_of(value),
        ", ".join(names_of(symbol, store)),
        granularity,
        scale_bytes,
    )


def names_of(symbol: str, store: WeightStore) -> list[str]:
    """The parameters that a weight is made from, without the factors that were folded into it."""
    names = leaves(store.expression(symbol)) if symbol in store else (symbol,)
    own = [name for name in dict.fromkeys(names) if not name.startswith("literal:")]
    return own or [symbol]


def _scales(value: ir.Value, store: WeightStore) -> tuple[str, int]:
    """What of a weight has a scale of its own, and what the scales take."""
    inline = quantized_type_of(element_of(value))
    if inline is not None:
        return "tensor" if inline.axis is None else "channel", 4 * len(inline.scales)
    own = weight_quantization_of(value)
    if own is None:
        return "", 0
    size = store.type_of(own.scales).nbytes
    if own.block_size is not None:
        return f"block {own.block_size}", size
    return "tensor" if own.axis is None else "channel", size


def quantisation_errors(
    program: Program, progress: Callable[[float], None] | None = None
) -> tuple[WeightFacts, ...]:
    """The weights that are rounded from floats at hand, with what that loses: who loses most comes first.

    Each is made once more, which takes as long as writing them does. The context must be current.

    Args:
        program: a tfl program, as converted.
        progress: told the share of the weights that is done.

    Raises:
        UserError: a weight holds NaN or infinity.
    """
    weights = _in_order(_arguments(program))
    found: list[tuple[float, WeightFacts]] = []
    for number, weight in enumerate(weights, 1):
        snr = program.weights.signal_to_noise(weight.symbol)
        if snr is not None:
            found.append((snr, dataclasses.replace(weight, snr=snr)))
        if progress is not None:
            progress(number / len(weights))
    return tuple(weight for _, weight in sorted(found, key=lambda each: (each[0], each[1].symbol)))


def bytes_of(value: ir.Value) -> int:
    """What a tensor takes in the file, where integers below a byte are packed.

    A dynamic dimension counts as 1. What is no tensor takes nothing, nor do strings, of which the type does
    not tell how long they are.
    """
    fact = tfl.tensor_fact(value)
    if fact is None:
        return 0
    count = element_count(1 if size == DYNAMIC else size for size in fact.shape)
    return -(-count * _bits_of(fact.storage) // 8)


def _bits_of(storage: str) -> int:
    known = {"i2": 2, "i4": 4, "ui4": 4, "complex<f32>": 64, "complex<f64>": 128}.get(storage)
    if known is not None:
        return known
    element = ir.Type.parse(storage)
    return 0 if storage.startswith("!") else 8 * np.dtype(numpy_dtype(element)).itemsize
