"""Patterns over MLIR values, written as if the graph were being built.

    def pattern(self, op, x, scale):
        return op.tfl.mul(x, op.tfl.rsqrt(op.tfl.mean(op.tfl.mul(x, x), ...)))

`op.DIALECT.OP(...)` is an op with its operands; keywords are attributes, equal to a plain value or bound by
a name (`axis=op.bind("axis")`). A parameter of the function is a variable: any value, the same one
wherever it occurs. Values between the root and the variables may be read by the pattern alone,
unless `.shared()`. Operands of commutative ops are tried both ways. An attribute of a tfl op that the
pattern does not mention must have its default: what a fused activation does must not get lost.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.origin import origin_of

_COMMUTATIVE = frozenset(
    f"stablehlo.{name}" for name in ("add", "multiply", "maximum", "minimum", "and", "or", "xor")
)

# ---- what a pattern is made of -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Variable:
    """Any value, bound to a name.

    Attributes:
        name: what `check` and `rewrite` call it.
        constant: whether only the result of a constant op fits.
        number: the number that every element must be, if only a constant of that number fits.
    """

    name: str
    constant: bool = False
    number: float | None = None


@dataclass(frozen=True, slots=True)
class Bind:
    """Any value of an attribute, bound to a name."""

    name: str


@dataclass(frozen=True, slots=True)
class Operation:
    """An op with patterns for its operands.

    Attributes:
        op: its name (`tfl.add`), or `composite:NAME`.
        operands: one pattern per operand.
        attributes: plain values that attributes must have, or `Bind`.
        name: what the first result is bound to, if anything.
        multiple_uses: whether others than the pattern may read its results.
        result: which of its results the pattern means.
    """

    op: str
    operands: tuple[Pattern, ...]
    attributes: tuple[tuple[str, Any], ...] = ()
    name: str = ""
    multiple_uses: bool = False
    result: int = 0

    def shared(self) -> Operation:
        """The same op, whose results others may read too."""
        return replace(self, multiple_uses=True)

    def named(self, name: str) -> Operation:
        """The same op, its result bound to `name`."""
        return replace(self, name=name)

    def __getitem__(self, number: int) -> Operation:
        """The same op, of which the pattern means result `number`."""
        return replace(self, result=number)


@dataclass(frozen=True, slots=True)
class Maybe:
    """A value, or an op of one operand between it and what reads it: an optional cast or reshape.

    Attributes:
        ops: names of the ops that may stand there.
        inner: the pattern behind it.
    """

    ops: tuple[str, ...]
    inner: Pattern


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The first alternative that fits."""

    alternatives: tuple[Pattern, ...]


Pattern = Variable | Operation | Maybe | AnyOf


# ---- how it is written ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Dialect:
    prefix: str

    def __getattr__(self, name: str) -> _Builder:
        return _Builder(f"{self.prefix}.{name}")


@dataclass(frozen=True, slots=True)
class _Builder:
    op: str

    def __call__(self, *operands: Pattern, **attributes: Any) -> Operation:
        return Operation(self.op, operands, tuple(sorted(attributes.items())))


@dataclass(frozen=True, slots=True)
class Operations:
    """What a pattern is written with: `op.tfl.add(x, y)`, `op.stablehlo.negate(x)`."""

    tfl: _Dialect = field(default=_Dialect("tfl"))
    stablehlo: _Dialect = field(default=_Dialect("stablehlo"))
    chlo: _Dialect = field(default=_Dialect("chlo"))

    def composite(self, name: str, *operands: Pattern, **attributes: Any) -> Operation:
        """A `stablehlo.composite` of that name; keywords are among its composite attributes."""
        return Operation(f"composite:{name}", operands, tuple(sorted(attributes.items())))

    def constant(self, name: str) -> Variable:
        """The result of a constant op, bound to `name`."""
        return Variable(name, constant=True)

    def number(self, number: float, name: str = "") -> Variable:
        """A constant whose elements all are `number` (to a relative error of 1e-6)."""
        return Variable(name or f"number {number}", constant=True, number=number)

    def bind(self, name: str) -> Bind:
        """For an attribute of any value, which `check` and `rewrite` see under `name`."""
        return Bind(name)

    def maybe(self, ops: str | Sequence[str], inner: Pattern) -> Maybe:
        """`inner`, or one of these ops on it (`op.maybe("tfl.reshape", x)`)."""
        return Maybe((ops,) if isinstance(ops, str) else tuple(ops), inner)

    def any_of(self, *alternatives: Pattern) -> AnyOf:
        """The first of these that fits."""
        return AnyOf(alternatives)


# ---- matching ------------------------------------------------------------------------------------


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

    progress: int = 0
    reason: str = "nothing was tried"
    fact: str = ""
    op: ir.OpView | None = None

    def stop(self, found: Bindings, op: ir.OpView | None, reason: str, fact: str = "") -> None:
        """Notes a failure, if none got farther."""
        if len(found.ops) >= self.progress:
            self.progress, self.reason, self.fact, self.op = len(found.ops), reason, fact, op

    @property
    def origin(self) -> str:
        """Where in the user's model it stopped."""
        return str(origin_of(self.op.location)) if self.op is not None else ""


def match(pattern: Operation, root: ir.OpView, farthest: Farthest) -> Bindings | None:
    """Matches a pattern whose root is an op; notes in `farthest` where it failed."""
    for found in _match_op(pattern, root, Bindings(), farthest):
        offender = _read_elsewhere(found)
        if offender is None:
            return found
        farthest.stop(found, offender, "a value inside is read by others too", op_name(offender))
    return None


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
        array = tfl.constant_of(value)
        array = hlo.constant_of(value) if array is None else array
        if array is None:
            return farthest.stop(found, user, f"{pattern.name} is to be a constant")
        if pattern.number is not None and not np.allclose(array, pattern.number, 1e-6, 0):
            return farthest.stop(found, user, f"a constant {pattern.number} expected")
    bound = found.bind(pattern.name, value)
    if bound is None:
        return farthest.stop(found, user, f"{pattern.name} is another value here")
    yield bound


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
    """An attribute as a plain Python value; None where there is none. Composites answer with their own."""
    if op_name(op).startswith("tfl."):
        return tfl.attribute(op, name)
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
