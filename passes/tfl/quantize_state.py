"""State as integers: tensors that go in and come out of signatures under one name, as caches do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import func, ir
from litewright.compiler.ir.program import (
    Program,
    body_of,
    input_name,
    inputs_of,
    refresh_type,
    results_of,
)
from litewright.compiler.ir.quantized_type import QuantizedType
from litewright.compiler.ir.tfl.shorthand import defined_by
from litewright.compiler.ir.types import element_of, is_static, shape_of, tensor_type
from litewright.compiler.quantize.ranges import Range, scheme_of_range
from litewright.compiler.quantize.recipe import Recipe
from litewright.compiler.targets.activation_schemes import EIGHT
from litewright.passes.core import Pass

from .activation_ranges import ranges_of
from .quantize_weights import add_notes


@dataclass(frozen=True)
class QuantizeState(Pass[Program]):
    """Keeps state as integers of 8 bits: callers hold, and hand in, a quarter of the bytes.

    A tensor is state if it goes in and comes out under one name, with one shape. Its integers have no zero
    point, so that zeros are zeros; their scale is found on calibration data, and is one for all signatures.
    What is written into it with DYNAMIC_UPDATE_SLICE is made integers before, so that it can be written in
    place; what reads it reads floats.

    Before:
        func.func @main(%cache: tensor<1x8x4xf32>, ...)
          %1 = "tfl.dynamic_update_slice"(%cache, %update, %start)
          return %1
    After:
        func.func @main(%cache: tensor<1x8x4x!quant.uniform<i8:f32, 0.01>>, ...)
          %1 = "tfl.dynamic_update_slice"("tfl.dequantize"(%cache), "tfl.dequantize"("tfl.quantize"(%update)), %start)
          return "tfl.quantize"(%1)

    and `fuse-quantized` makes a DYNAMIC_UPDATE_SLICE of integers of it.

    Attributes:
        recipe: whether there is to be state of integers.
    """

    recipe: Recipe

    def run(self, unit: Program) -> bool:
        """See `Pass.run`."""
        if self.recipe.state is None:
            return False
        found = [(function, state) for function in unit.signatures() for state in _states(function)]
        schemes = _schemes(found)
        notes = [
            f"{name}: state stays float: no range of it is known"
            for name in dict.fromkeys(state.name for _, state in found)
            if name not in schemes
        ]
        changed = False
        for function, state in found:
            if state.name in schemes:
                _quantize(function, state, schemes[state.name])
                changed = True
        return add_notes(unit, notes) or changed


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """A tensor of floats that goes in and comes out under one name.

    Attributes:
        name: of the input and the result.
        argument: the input.
        position: of the result.
        value: what is returned.
    """

    name: str
    argument: ir.BlockArgument
    position: int
    value: ir.Value


def state_values(function: func.FuncOp) -> list[ir.Value]:
    """The values of state: what goes in, and what comes out."""
    return [value for state in _states(function) for value in (state.argument, state.value)]


def _states(function: func.FuncOp) -> Iterator[_State]:
    results = {name: (i, value) for i, (name, value) in enumerate(results_of(function))}
    for argument in inputs_of(function):
        name = input_name(argument) or ""
        if name not in results or str(element_of(argument)) != "f32" or not is_static(argument):
            continue
        position, value = results[name]
        if value.type == argument.type:
            yield _State(name, argument, position, value)


def _schemes(found: Sequence[tuple[func.FuncOp, _State]]) -> dict[str, QuantizedType]:
    """One for each name, that covers what all signatures have shown."""
    ranges: dict[str, Range] = {}
    known = {function.name.value: ranges_of(function) for function, _ in found}
    for function, state in found:
        own = known[function.name.value]
        for low, high in (own[v] for v in (state.argument, state.value) if v in own):
            least, most = ranges.get(state.name, (0.0, 0.0))
            ranges[state.name] = min(low, least), max(high, most)
    return {name: scheme_of_range(each, EIGHT, centred=True) for name, each in ranges.items()}


def _quantize(function: func.FuncOp, state: _State, scheme: QuantizedType) -> None:
    kind = tensor_type(shape_of(state.argument), scheme.element_type())
    floats = state.argument.type
    terminator = list(body_of(function).operations)[-1]
    state.argument.set_type(kind)
    inside = _readers(state.argument)
    with ir.InsertionPoint.at_block_begin(body_of(function)), ir.Location.name(state.name):
        before = tfl.emit("dequantize", [state.argument], floats)
    _read(inside, before)
    value = terminator.operands[state.position]
    update = defined_by(value, "dynamic_update_slice")
    if update is not None and update.operands[0] == before:
        with ir.InsertionPoint(update), update.location:
            update.operands[1] = _through(update.operands[1], scheme)
    readers, made = _readers(value), value.owner
    point = (
        ir.InsertionPoint.at_block_begin(made)
        if isinstance(made, ir.Block)
        else ir.InsertionPoint.after(made)
    )
    with point, ir.Location.name(state.name):
        integers = tfl.emit("quantize", [value], kind)
        again = tfl.emit("dequantize", [integers], floats)
    _read(readers, again)
    terminator.operands[state.position] = integers
    refresh_type(function)


def _readers(value: ir.Value) -> list[tuple[ir.OpView, int]]:
    return [(use.owner, use.operand_number) for use in value.uses]


def _read(readers: Sequence[tuple[ir.OpView, int]], value: ir.Value) -> None:
    for reader, position in readers:
        reader.operands[position] = value


def _through(value: ir.Value, scheme: QuantizedType) -> ir.Value:
    integers = tfl.emit("quantize", [value], tensor_type(shape_of(value), scheme.element_type()))
    return tfl.emit("dequantize", [integers], value.type)
