"""Patterns over MLIR values, written as if the graph were being built.

    def pattern(self, op, x, scale):
        squares = op.tfl.mul(x, x)
        mean = op.tfl.mean(squares, op.constant("axes"), keep_dims=True)
        return op.tfl.mul(x, op.tfl.rsqrt(mean))

`op.DIALECT.OP(...)` is an op with its operands; keywords are attributes, equal to a plain value or bound by
a name (`keep_dims=op.bind("keep")`). A parameter of the function is a variable: any value, the same one
wherever it occurs. Values between the root and the variables may be read by the pattern alone,
unless `.shared()`. Operands of commutative ops are tried both ways. An attribute of a tfl op that the
pattern does not mention must have its default: what a fused activation does must not get lost. Names that
Python keeps for itself end in an underscore: `op.stablehlo.and_`.

How a pattern is found is told in `matching.py`.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from litewright.compiler.diagnostics import UserError
from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import chlo, stablehlo

CASTS = ("tfl.cast", "stablehlo.convert")
RESHAPES = ("tfl.reshape", "tfl.squeeze", "tfl.expand_dims", "stablehlo.reshape")

# ---- what a pattern is made of -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Variable:
    """Any value, bound to a name.

    Attributes:
        name: what `check` and `rewrite` call it; a constant whose number is given needs none.
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
    """A value, or an op between it and what reads it: an optional cast or reshape.

    Attributes:
        ops: names of the ops that may stand there; the value is their first operand.
        inner: the pattern behind it.
    """

    ops: tuple[str, ...]
    inner: Pattern


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The first alternative that fits."""

    alternatives: tuple[Pattern, ...]


Pattern = Variable | Operation | Maybe | AnyOf
Root = Operation | Maybe | AnyOf


def roots_of(pattern: Pattern) -> tuple[str, ...]:
    """Names of the ops at which a pattern may be rooted, as rules name their roots.

    Raises:
        UserError: it may be rooted at any value at all.
    """
    match pattern:
        case Operation():
            return (pattern.op,)
        case Maybe():
            return tuple(dict.fromkeys((*pattern.ops, *roots_of(pattern.inner))))
        case AnyOf():
            names = (name for each in pattern.alternatives for name in roots_of(each))
            return tuple(dict.fromkeys(names))
        case Variable():
            raise UserError(f"the root of a pattern is an op, not the variable {pattern.name}")


# ---- how it is written ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dialect:
    """The ops of a dialect, as attributes.

    Attributes:
        prefix: its name.
        names: of its ops, without it.
    """

    prefix: str
    names: Collection[str] = field(repr=False)

    def __getattr__(self, name: str) -> OperationBuilder:
        """The op of that name.

        Raises:
            UserError: there is none.
        """
        if name.startswith("__"):
            raise AttributeError(name)
        op = name.removesuffix("_")
        if op not in self.names:
            near = difflib.get_close_matches(op, self.names, n=1)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise UserError(f"{self.prefix} has no op {op!r}{meant}")
        return OperationBuilder(f"{self.prefix}.{op}")


@dataclass(frozen=True, slots=True)
class OperationBuilder:
    """Makes patterns of one op.

    Attributes:
        op: its full name.
    """

    op: str

    def __call__(self, *operands: Pattern, **attributes: Any) -> Operation:
        """The op with these operands; keywords are attributes.

        Raises:
            UserError: a tfl op has no such attribute.
        """
        spec = tfl.OPS.get(self.op.removeprefix("tfl.")) if self.op.startswith("tfl.") else None
        known = [row.name for row in spec.attributes] if spec is not None else attributes
        for name in attributes:
            if name not in known:
                there = ", ".join(known) or "none"
                raise UserError(f"{self.op} has no attribute {name!r}; it has {there}")
        return Operation(self.op, operands, tuple(sorted(attributes.items())))


def _names_in(dialect: object) -> frozenset[str]:
    """The ops of a dialect that MLIR's bindings hold classes of."""
    names = (getattr(each, "OPERATION_NAME", "") for each in vars(dialect).values())
    return frozenset(str(name).partition(".")[2] for name in names if name)


@dataclass(frozen=True, slots=True)
class Operations:
    """What a pattern is written with: `op.tfl.add(x, y)`, `op.stablehlo.negate(x)`."""

    tfl: Dialect = field(default=Dialect("tfl", tfl.OPS))
    stablehlo: Dialect = field(default=Dialect("stablehlo", _names_in(stablehlo)))
    chlo: Dialect = field(default=Dialect("chlo", _names_in(chlo)))

    def composite(self, name: str, *operands: Pattern, **attributes: Any) -> Operation:
        """A `stablehlo.composite` of that name; keywords are among its composite attributes."""
        return Operation(f"composite:{name}", operands, tuple(sorted(attributes.items())))

    def constant(self, name: str) -> Variable:
        """The result of a constant op, bound to `name`."""
        return Variable(name, constant=True)

    def number(self, number: float, name: str = "") -> Variable:
        """A constant, spread or not, whose elements all are `number` (to a relative error of 1e-6)."""
        return Variable(name, constant=True, number=number)

    def bind(self, name: str) -> Bind:
        """For an attribute of any value, which `check` and `rewrite` see under `name`."""
        return Bind(name)

    def maybe(self, ops: str | Sequence[str], inner: Pattern) -> Maybe:
        """`inner`, or one of these ops on it (`op.maybe("tfl.dequantize", x)`)."""
        return Maybe((ops,) if isinstance(ops, str) else tuple(ops), inner)

    def maybe_cast(self, inner: Pattern) -> Maybe:
        """`inner`, or a conversion of it to another element type."""
        return Maybe(CASTS, inner)

    def maybe_reshape(self, inner: Pattern) -> Maybe:
        """`inner`, or a reshape of it."""
        return Maybe(RESHAPES, inner)

    def any_of(self, *alternatives: Pattern) -> AnyOf:
        """The first of these that fits."""
        return AnyOf(alternatives)
