"""How a pattern is found: every way to match it, and the attempt that got farthest."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import Array, ir, op_name
from litewright.compiler.ir.origin import origin_of

from .pattern import AnyOf, Bind, Maybe, Operation, Pattern, Root, Variable

_COMMUTATIVE = frozenset(
    f"stablehlo.{name}" for name in ("add", "multiply", "maximum", "minimum", "and", "or", "xor")
)
# What leaves the numbers in its first operand as they are.
_SPREADING = frozenset(
    {"stablehlo.broadcast_in_dim", "stablehlo.reshape", "tfl.broadcast_to", "tfl.reshape"}
)


@dataclass(frozen=True, slots=True)
class Bindings:
    """What a pattern has found so far.

    Attributes:
        values: MLIR values, and plain Python values of attributes, by name.
        ops: the ops matched, the root first; True where others may read their results.
    """

    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    ops: tuple[tuple[ir.Operation, bool], ...] = ()

    def bind(self, name: str, value: Any) -> Bindings | None:
        """With one more name; None if it stands for something else already."""
        if name in self.values:
            return self if self.values[name] == value else None
        return replace(self, values={**self.values, name: value})

    def took(self, op: ir.OpView, *, shared: bool) -> Bindings:
        """With one more op."""
        return replace(self, ops=(*self.ops, (op.operation, shared)))


@dataclass(slots=True)
class Farthest:
    """The attempt that got farthest before it failed.

    Attributes:
        progress: how many ops it had matched.
        reason: why it failed there.
        fact: what it found instead.
        op: the op at which it stopped; None for the root itself.
    """

    progress: int = -1
    reason: str = "nothing was tried"
    fact: str = ""
    op: ir.OpView | None = None

    def stop(self, found: Bindings, op: ir.OpView | None, reason: str, fact: str = "") -> None:
        """Notes a failure, if it got farther than those before it."""
        if len(found.ops) > self.progress:
            self.progress, self.reason, self.fact, self.op = len(found.ops), reason, fact, op

    @property
    def origin(self) -> str:
        """Where in the user's model it stopped."""
        return str(origin_of(self.op.location)) if self.op is not None else ""


def match(pattern: Root, root: ir.OpView, farthest: Farthest) -> Bindings | None:
    """Matches a pattern whose root is an op; notes in `farthest` where it failed."""
    for found in _match_root(pattern, root, farthest):
        offender = _read_elsewhere(found)
        if offender is None:
            return found
        farthest.stop(found, offender, "a value inside is read by others too", op_name(offender))
    return None


def _match_root(pattern: Pattern, op: ir.OpView, farthest: Farthest) -> Iterator[Bindings]:
    match pattern:
        case Operation():
            yield from _match_op(pattern, op, Bindings(), farthest)
        case AnyOf():
            for alternative in pattern.alternatives:
                yield from _match_root(alternative, op, farthest)
        case Maybe():
            if op_name(op) in pattern.ops:
                taken = Bindings().took(op, shared=False)
                yield from _match(pattern.inner, op.operands[0], taken, farthest, op)
            yield from _match_root(pattern.inner, op, farthest)
        case Variable():
            return


def _match(
    pattern: Pattern, value: ir.Value, found: Bindings, farthest: Farthest, user: ir.OpView
) -> Iterator[Bindings]:
    match pattern:
        case Variable():
            yield from _match_variable(pattern, value, found, farthest, user)
        case AnyOf():
            for alternative in pattern.alternatives:
                yield from _match(alternative, value, found, farthest, user)
        case Maybe():
            producer = hlo.producer(value)
            if producer is not None and op_name(producer) in pattern.ops:
                taken = found.took(producer, shared=False)
                yield from _match(pattern.inner, producer.operands[0], taken, farthest, producer)
            yield from _match(pattern.inner, value, found, farthest, user)
        case Operation():
            producer = hlo.producer(value)
            if producer is None:
                farthest.stop(found, user, f"{pattern.op} expected", "an input or weight")
            elif producer.results[pattern.result] != value:
                farthest.stop(found, producer, f"result {pattern.result} expected", "another one")
            else:
                yield from _match_op(pattern, producer, found, farthest)


def _match_variable(
    pattern: Variable, value: ir.Value, found: Bindings, farthest: Farthest, user: ir.OpView
) -> Iterator[Bindings]:
    if pattern.constant:
        array = _constant_of(value if pattern.number is None else _spread(value))
        if array is None:
            expected = pattern.name or str(pattern.number)
            return farthest.stop(found, user, f"a constant expected as {expected}")
        if pattern.number is not None and not np.allclose(array, pattern.number, 1e-6, 0):
            return farthest.stop(found, user, f"a constant {pattern.number} expected")
    bound = found.bind(pattern.name, value) if pattern.name else found
    if bound is None:
        return farthest.stop(found, user, f"{pattern.name} is another value here")
    yield bound


def _constant_of(value: ir.Value) -> Array | None:
    array = tfl.constant_of(value)
    return hlo.constant_of(value) if array is None else array


def _spread(value: ir.Value) -> ir.Value:
    """What a value repeats or reshapes: every number in it is one of the value's."""
    op = hlo.producer(value)
    while op is not None and op_name(op) in _SPREADING:
        value = op.operands[0]
        op = hlo.producer(value)
    return value


def _match_op(
    pattern: Operation, op: ir.OpView, found: Bindings, farthest: Farthest
) -> Iterator[Bindings]:
    if pattern.op not in _names(op):
        return farthest.stop(found, op, f"{pattern.op} expected", _names(op)[0])
    taken = _match_attributes(pattern, op, found.took(op, shared=pattern.multiple_uses), farthest)
    if taken is not None and pattern.name:
        taken = taken.bind(pattern.name, op.results[pattern.result])
    if taken is None:
        return
    if len(op.operands) != len(pattern.operands):
        count = f"{len(pattern.operands)} operands expected"
        return farthest.stop(taken, op, count, str(len(op.operands)))
    for operands in _orders(pattern.operands, op):
        yield from _match_operands(operands, op, taken, farthest)


def _match_operands(
    patterns: Sequence[Pattern], op: ir.OpView, found: Bindings, farthest: Farthest
) -> Iterator[Bindings]:
    if not patterns:
        yield found
        return
    value = op.operands[len(op.operands) - len(patterns)]
    for each in _match(patterns[0], value, found, farthest, op):
        yield from _match_operands(patterns[1:], op, each, farthest)


def _match_attributes(
    pattern: Operation, op: ir.OpView, found: Bindings, farthest: Farthest
) -> Bindings | None:
    current = found
    for name, expected in pattern.attributes:
        value = attribute_of(op, name)
        if isinstance(expected, Bind):
            bound = current.bind(expected.name, value)
            if bound is None:
                farthest.stop(found, op, f"{expected.name} is another one here", str(value))
                return None
            current = bound
        elif value != expected:
            farthest.stop(found, op, f"{name} {expected!r} expected", repr(value))
            return None
    surprise = _unmentioned(pattern, op)
    if surprise is not None:
        farthest.stop(found, op, "an attribute that the pattern does not mention", surprise)
        return None
    return current


def _unmentioned(pattern: Operation, op: ir.OpView) -> str | None:
    """An attribute of a tfl op that has not its default, though the pattern does not mention it."""
    spec = tfl.spec_of(op)
    mentioned = {name for name, _ in pattern.attributes}
    for row in spec.attributes if spec is not None else ():
        plain = isinstance(row.default, bool | int | float | str)
        if plain and row.name not in mentioned and tfl.attribute(op, row.name) != row.default:
            return f"{row.name} = {tfl.attribute(op, row.name)!r}"
    return None


def _orders(patterns: Sequence[Pattern], op: ir.OpView) -> Iterator[Sequence[Pattern]]:
    yield patterns
    if len(patterns) == 2 and is_commutative(op):
        yield patterns[::-1]


def _read_elsewhere(found: Bindings) -> ir.OpView | None:
    inside = [op for op, _ in found.ops]
    for op, shared in itertools.islice(found.ops, 1, None):
        users = (use.owner.operation for result in op.results for use in result.uses)
        if not shared and any(user not in inside for user in users):
            return op.opview
    return None


# ---- facts about ops, from the op table ----------------------------------------------------------


def is_commutative(op: ir.OpView) -> bool:
    """Whether the first two operands of an op may trade places."""
    name = op_name(op)
    if name.startswith("tfl."):
        spec = tfl.spec_of(op)
        return spec is not None and spec.commutative
    return name in _COMMUTATIVE


def attribute_of(op: ir.OpView, name: str) -> Any:
    """An attribute as a plain Python value; None where there is none.

    Composites answer with their own. What a `stablehlo.reduce` folds with is no attribute, but is asked
    for as `reduction` (`stablehlo.add`).
    """
    if op_name(op).startswith("tfl."):
        return tfl.attribute(op, name)
    if op_name(op) == "stablehlo.reduce" and name == "reduction":
        return hlo.reduction_kind(op)
    own = op.attributes
    if op_name(op) == "stablehlo.composite":
        own = ir.DictAttr(op.attributes["composite_attributes"])
    return _plain(own[name]) if name in own else None


def _plain(attribute: ir.Attribute) -> Any:
    match attribute:
        case ir.DenseI64ArrayAttr() | ir.DenseI32ArrayAttr() | ir.DenseBoolArrayAttr():
            return list(attribute)
        case ir.BoolAttr() | ir.IntegerAttr() | ir.FloatAttr() | ir.StringAttr():
            return attribute.value
        case ir.ArrayAttr():
            return [_plain(each) for each in attribute]
        case _:
            return str(attribute)


def _names(op: ir.OpView) -> tuple[str, ...]:
    name = op_name(op)
    return (
        (f"composite:{hlo.composite_name(op)}", name) if name == "stablehlo.composite" else (name,)
    )
