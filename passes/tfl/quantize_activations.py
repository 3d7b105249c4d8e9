"""Activations as integers: values of ops that a recipe means, with the scales that calibration has found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import Array, func, ir, op_name
from litewright.compiler.ir.observer import Observer
from litewright.compiler.ir.origin import origin_of
from litewright.compiler.ir.program import Program, body_of
from litewright.compiler.ir.quantized_type import QuantizedType
from litewright.compiler.ir.types import numpy_dtype, shape_of, tensor_type
from litewright.compiler.quantize.ranges import LIMITS, Range
from litewright.compiler.quantize.recipe import Recipe
from litewright.passes.core import Pass, remove_dead

from .activation_plan import Candidate, Plan, candidates, given_scheme, plan_of
from .activation_ranges import forget_ranges, ranges_of
from .quantize_weights import add_notes


@dataclass(frozen=True)
class QuantizeActivations(Pass[Program]):
    """Puts QUANTIZE and DEQUANTIZE around ops that a recipe wants to compute in integers.

    Scales are those of the ranges that calibration has written on the values. Values that an op moves, and
    does not rescale, share one. Where the runtime has no kernel for the scales, or a neighbour would gain
    nothing, an op stays one of floats; `litewright.quant_notes` tells of products.

    Before:
        %1 = "tfl.tanh"(%x) {litewright.range = [[-1.0, 1.0]]}
    After:
        %1 = "tfl.dequantize"("tfl.quantize"(%x))
        %2 = "tfl.tanh"(%1)
        %3 = "tfl.dequantize"("tfl.quantize"(%2))

    Attributes:
        recipe: which ops, and in which integers.
    """

    recipe: Recipe

    def run(self, unit: Program) -> bool:
        """See `Pass.run`."""
        return self.run_observed(unit, ())

    def run_observed(self, unit: Program, observers: Sequence[Observer[Program]]) -> bool:
        """See `Pass.run_observed`."""
        notes: list[str] = []
        changed = False
        for function in unit.signatures():
            ranges = ranges_of(function)
            if ranges:
                notes += self._run(unit, function, ranges, observers)
                forget_ranges(function)
                changed = True
        if changed:
            remove_dead(unit)
        return add_notes(unit, notes) or changed

    def _run(
        self,
        program: Program,
        function: func.FuncOp,
        ranges: Mapping[ir.Value, Range],
        observers: Sequence[Observer[Program]],
    ) -> list[str]:
        plan = plan_of(program, list(candidates(program, function, self.recipe)), ranges)
        for observer in observers:
            for each in plan.inside:
                observer.applied(self.name, each.op)
            for op, why in plan.reasons:
                observer.declined(self.name, op, why)
        notes = [
            f"{origin_of(op.location).name}: {op_name(op).removeprefix('tfl.')} computes with floats: {why}"
            for op, why in plan.reasons
        ]
        _Pairs(function, plan).insert()
        return notes


class _Pairs:
    """Inserts QUANTIZE and DEQUANTIZE, one pair for each value and scale."""

    def __init__(self, function: func.FuncOp, plan: Plan) -> None:
        self._function, self._plan = function, plan
        self._made: dict[tuple[ir.Value, QuantizedType], ir.Value] = {}
        self._behind: dict[ir.Value, tuple[ir.Value, QuantizedType]] = {}

    def insert(self) -> None:
        """Surrounds all ops of the plan. They come in order, so operands have their pairs already."""
        for each in self._plan.inside:
            for position in each.use.positions(len(each.op.operands)):
                each.op.operands[position] = self._operand(each, each.op.operands[position])
            for value in each.op.results:
                scheme = self._plan.schemes.of_value(value, each.storage)
                readers = [(use.owner, use.operand_number) for use in value.uses]
                floats = self._pair(value, scheme)
                for reader, position in readers:
                    reader.operands[position] = floats

    def _operand(self, each: Candidate, value: ir.Value) -> ir.Value:
        """What an op reads instead of a value, which may be a pair's already."""
        original, made = self._behind.get(value, (value, given_scheme(value, each.storage)))
        scheme = self._plan.schemes.of_operand(each, original)
        return value if scheme == made else self._pair(value, scheme)

    def _pair(self, value: ir.Value, scheme: QuantizedType) -> ir.Value:
        if (value, scheme) not in self._made:
            floats = self._emit(value, scheme)
            self._made[value, scheme] = floats
            self._behind[floats] = value, scheme
        return self._made[value, scheme]

    def _emit(self, value: ir.Value, scheme: QuantizedType) -> ir.Value:
        producer = hlo.producer(value)
        if producer is None:
            point = ir.InsertionPoint.at_block_begin(body_of(self._function))
        else:
            point = ir.InsertionPoint.after(producer)
        location = self._function.location if producer is None else producer.location
        kind = tensor_type(shape_of(value), scheme.element_type())
        array = tfl.constant_of(value)
        with point, location:
            if array is not None:
                integers = tfl.emit(
                    "pseudo_qconst", [], kind, qtype=kind, value=integers_of(array, scheme)
                )
            else:
                integers = tfl.emit("quantize", [value], kind)
            return tfl.emit("dequantize", [integers], value.type)


def integers_of(array: Array, scheme: QuantizedType) -> Array:
    """Numbers as integers of one scale, rounded to the nearest even as the runtime's kernel does."""
    least, most = LIMITS[scheme.storage]
    steps = np.rint(array.astype(np.float64) / scheme.scales[0]) + scheme.zero_points[0]
    return np.clip(steps, least, most).astype(numpy_dtype(scheme.storage_type()))
