"""Collects the facts about a tfl program."""

from __future__ import annotations

from collections import Counter

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
from ..ir.types import DYNAMIC, element_count, numpy_dtype
from ..targets import Miscomputed, Target
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
    return TensorFacts(name, fact.element, tuple(-1 if n == DYNAMIC else n for n in fact.shape))


def _sizes(program: Program) -> SizeFacts:
    found: dict[str, WeightFacts] = {}
    constants = 0
    for function in program.functions():
        for argument in weights_of(function):
            symbol = weight_symbol(argument) or ""
            found.setdefault(symbol, _weight(symbol, argument))
        ops = body_of(function).operations
        constants += sum(bytes_of(op.results[0]) for op in ops if op_name(op) in _CONSTANTS)
    ordered = sorted(found.values(), key=lambda weight: (-weight.bytes, weight.symbol))
    weights = sum(weight.bytes for weight in ordered)
    return SizeFacts(
        weights=weights,
        constants=constants,
        total=weights + constants,
        count=len(ordered),
        largest=tuple(ordered[:_LARGEST]),
    )


def _weight(symbol: str, argument: ir.Value) -> WeightFacts:
    fact = _tensor(symbol, argument)
    return WeightFacts(symbol, fact.dtype, fact.shape, bytes_of(argument))


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
