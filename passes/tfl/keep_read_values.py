"""Values that the runtime's own kernels would overwrite though others read them: copied first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from litewright.compiler.ir import tfl
from litewright.compiler.ir.hlo import producer
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.tfl.shorthand import constant_integers, reshape
from litewright.compiler.ir.types import DYNAMIC, shape_of
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule

# Measured op by op on LiteRT 2.3: all other elementwise kernels have memory of their own.
_WRITE_EITHER = ("tfl.add", "tfl.sub", "tfl.mul", "tfl.div")
_WRITE_FIRST = ("tfl.softmax", "tfl.dynamic_update_slice")
_VIEWS = ("tfl.reshape", "tfl.expand_dims", "tfl.squeeze")

_HIGHEST_SLICE = 5
"""Dimensions that SLICE takes, with the delegate and without."""


@rule(*_WRITE_EITHER, *_WRITE_FIRST)
def copy_before_overwriting(op: ir.OpView, context: RuleContext) -> Outcome:
    """add(reshape(x), y) -> add(slice(reshape(x)), y), where others read x and LiteRT would not know."""
    number = _overwritten(op)
    if number is None:
        return decline("the result has memory of its own")
    shared = _shared_with(op.operands[number])
    if not any(_readers(each) > 1 for each in shared):
        return decline("nobody else reads the memory that the result may take")
    if _readers(shared[-1]) > 1:
        return decline("the memory's owner has several readers, which LiteRT counts")
    operands = list(op.operands)
    operands[number] = _copy(operands[number])
    name = op_name(op).removeprefix("tfl.")
    return tfl.emit(name, operands, op.results[0].type, **tfl.attributes_of(op))


def _overwritten(op: ir.OpView) -> int | None:
    """The operand whose memory LiteRT would let the result take, were it alone."""
    if _is_result(op.results[0]):
        return None
    for number in range(2 if op_name(op) in _WRITE_EITHER else 1):
        operand = op.operands[number]
        if (
            _may_be_of_one_size(operand, op.results[0])
            and _readers(operand) == 1
            and _is_computed(operand)
        ):
            return number
    return None


def _may_be_of_one_size(one: ir.Value, other: ir.Value) -> bool:
    """Whether two values have as many elements, more than one; where a size is dynamic, nobody knows."""
    shapes = shape_of(one), shape_of(other)
    if any(DYNAMIC in shape for shape in shapes):
        return True
    return prod(shapes[0]) == prod(shapes[1]) > 1


def _shared_with(value: ir.Value) -> list[ir.Value]:
    """The values that lie in the same memory as LiteRT plans it: this one first, the memory's owner last."""
    steps = [(value, False)]
    while (op := producer(value)) is not None and not _is_result(value):
        name = op_name(op)
        number = 0 if name in _VIEWS else None
        if name in _WRITE_EITHER or name in _WRITE_FIRST:
            number = _overwritten(op)
        if number is None or not _is_computed(op.operands[number]):
            break
        value = op.operands[number]
        steps.append((value, name not in _VIEWS))
    return _up_to_owner(steps)


def _up_to_owner(steps: Sequence[tuple[ir.Value, bool]]) -> list[ir.Value]:
    """Values as far as they share memory: what has several readers is not written over, if it owns it."""
    owner = len(steps) - 1
    for number in range(len(steps) - 1, 0, -1):
        _, written = steps[number]
        if written and _readers(steps[owner][0]) > 1:
            owner = number - 1
    return [value for value, _ in steps[: owner + 1]]


def _readers(value: ir.Value) -> int:
    return sum(1 for _ in value.uses)


def _is_computed(value: ir.Value) -> bool:
    """Whether an op computes it: inputs and constants are never written over."""
    return producer(value) is not None and not tfl.is_constant(value) and not tfl.is_no_value(value)


def _is_result(value: ir.Value) -> bool:
    return any(op_name(use.owner) == "func.return" for use in value.uses)


def _copy(value: ir.Value) -> ir.Value:
    """The value in memory of its own."""
    shape = shape_of(value)
    if DYNAMIC in shape and len(shape) > _HIGHEST_SLICE:
        return tfl.emit("concatenation", [value], value.type, axis=0)
    low = value if len(shape) <= _HIGHEST_SLICE else reshape(value, [prod(shape)])
    whole = [-1 if size == DYNAMIC else size for size in shape_of(low)]
    begin, size = constant_integers([0] * len(whole)), constant_integers(whole)
    return reshape(tfl.emit("slice", [low, begin, size], low.type), shape)


@dataclass(frozen=True)
class KeepReadValues(RewritePass):
    """Copies what LiteRT's own kernels would overwrite too early.

    Its planner lets ADD, SUB, MUL, DIV, SOFTMAX and DYNAMIC_UPDATE_SLICE write over an operand that nobody
    else reads, and RESHAPE, EXPAND_DIMS and SQUEEZE hand on memory. It looks at the readers of the operand and of
    the value that owns the memory, but not of those between (`ArenaPlanner::IdentifyInPlaceTensors`): these
    would be read changed. With the delegate, whose ops have memory of their own, nothing of this happens;
    but what a delegate takes is not known here.

    Before::

        %z = "tfl.mul"(%t, %half)             // over %t, which has no other reader
        %1 = "tfl.reshape"(%z, dense<[6, 4]>) // the same memory
        %2 = "tfl.add"(%1, %one)              // over it, since %1 and %t have one reader each
        %3 = "tfl.reshape"(%z, dense<[3, 8]>) // reads the sums

    After::

        %z = "tfl.mul"(%t, %half)
        %1 = "tfl.reshape"(%z, dense<[6, 4]>)
        %4 = "tfl.slice"(%1, dense<0>, dense<[6, 4]>)
        %2 = "tfl.add"(%4, %one)
        %3 = "tfl.reshape"(%z, dense<[3, 8]>)
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (copy_before_overwriting,)
