"""Candidates: ops that are built, shown to the target, and taken away again if it does not want them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from litewright.compiler.ir import tfl
from litewright.compiler.ir.hlo import producer
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.program import drop_unused_weights, weight_symbol
from litewright.compiler.ir.quantized_type import weight_quantization_of
from litewright.compiler.ir.tfl.shorthand import constant_integers, reshape
from litewright.compiler.ir.types import element_count, element_of, shape_of, tensor_type
from litewright.compiler.targets import Target
from litewright.compiler.weights import Reshape
from litewright.passes.core import Outcome, Rule, RuleContext, decline

Candidate = Callable[[ir.OpView, RuleContext], ir.Value | list[ir.Value] | None]
"""Another way to say an op; None, and nothing built, where there is none."""

_FREE = frozenset({"tfl.pseudo_const", "tfl.pseudo_qconst", "tfl.no_value"})
# Constants that are written out in full to spare the delegate a broadcast.
_LARGEST_SPREAD = 64 * 1024


def fitting(
    target: Target, name: str, roots: Sequence[str], candidates: Sequence[Candidate]
) -> Rule:
    """A rule that takes the first candidate of which the target takes every op."""

    def fit(op: ir.OpView, context: RuleContext) -> Outcome:
        reason = target.why_not_delegated(op)
        if reason is None:
            return decline("the target takes it")
        last = decline("there is no other way to say it", reason)
        for candidate in candidates:
            found = candidate(op, context)
            if found is None:
                continue
            made = [found] if isinstance(found, ir.Value) else found
            refusal = _refusal(made, target, op)
            if refusal is None:
                return made
            last = decline("nor does the target take the other ways to say it", refusal)
            _discard(made, op, context)
        return last

    return Rule(name, tuple(roots), fit)


def _refusal(made: list[ir.Value], target: Target, op: ir.OpView) -> str | None:
    for each in _built(made, op):
        reason = target.why_not_delegated(each)
        if reason is not None and op_name(each) not in _FREE:
            return f"{op_name(each)}: {reason}"
    return None


def _built(made: list[ir.Value], op: ir.OpView) -> Iterator[ir.OpView]:
    """The ops between a candidate and what the op reads, users first, some of them more than once."""
    given = set(op.operands)
    waiting = list(made)
    while waiting:
        value = waiting.pop()
        owner = None if value in given else producer(value)
        if owner is not None:
            yield owner
            waiting += list(owner.operands)


def _discard(made: list[ir.Value], op: ir.OpView, context: RuleContext) -> None:
    given = set(op.operands)
    waiting = list(made)
    while waiting:
        value = waiting.pop()
        owner = None if value in given else producer(value)
        if owner is None or any(next(iter(result.uses), None) for result in owner.results):
            continue
        waiting += list(owner.operands)
        owner.erase()
    drop_unused_weights(context.function)


# ---- what candidates are made of -----------------------------------------------------------------


def again(op: ir.OpView, operands: Sequence[ir.Value], shape: Sequence[int]) -> ir.Value:
    """The same op with other operands and a result of another shape."""
    spec = tfl.spec_of(op)
    assert spec is not None, "the roots are in the table"
    kind = tensor_type(shape, element_of(op.results[0]))
    return tfl.emit(spec.name, operands, kind, **tfl.attributes_of(op))


def can_change(value: ir.Value, shape: Sequence[int], context: RuleContext) -> bool:
    """Whether a value can be had in another shape: no weight can that is quantised or would have two forms then.

    Constants are written out up to a size, weights never. Asked before anything is built.
    """
    array = tfl.constant_of(value)
    if array is not None:
        return (
            array.size == element_count(shape)
            or element_count(shape) * array.itemsize <= _LARGEST_SPREAD
        )
    symbol = weight_symbol(value)
    if symbol is None or shape_of(value) == tuple(shape):
        return True
    if weight_quantization_of(value) is not None:
        return False
    return (
        element_count(shape_of(value)) == element_count(shape)
        and _uses_of_weight(symbol, context) == 1
    )


def reshaped(value: ir.Value, shape: Sequence[int], context: RuleContext) -> ir.Value:
    """A value under another shape: a constant or weight as such, by no op."""
    if shape_of(value) == tuple(shape):
        return value
    array = tfl.constant_of(value)
    if array is not None:
        return tfl.constant(array.reshape(tuple(shape)))
    symbol = weight_symbol(value)
    if symbol is None:
        return reshape(value, shape)
    expression = context.program.weights.expression(symbol)
    return context.program.weight_argument(context.function, Reshape(expression, tuple(shape)))


def _uses_of_weight(symbol: str, context: RuleContext) -> int:
    arguments = (a for function in context.program.functions() for a in function.arguments)
    return sum(len(list(a.uses)) for a in arguments if weight_symbol(a) == symbol)


def spread(value: ir.Value, shape: Sequence[int]) -> ir.Value:
    """A value broadcast to a shape of its rank: TILE, or a constant written out."""
    own = shape_of(value)
    if own == tuple(shape):
        return value
    array = tfl.constant_of(value)
    if array is not None:
        return tfl.constant(np.ascontiguousarray(np.broadcast_to(array, tuple(shape))))
    times = [wanted // size for wanted, size in zip(shape, own, strict=True)]
    kind = tensor_type(shape, element_of(value))
    return tfl.emit("tile", [value, constant_integers(times)], kind)


def with_rank(shape: Sequence[int], rank: int) -> list[int]:
    """A shape with leading ones."""
    return [*[1] * (rank - len(shape)), *shape]
