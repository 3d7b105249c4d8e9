"""Sizes that the caller chooses, and the sizes at which a graph is tried.

A program that was exported with dynamic dimensions has symbols in its shapes. It is converted at a few sizes,
the probes, and what these have in common holds for all sizes; so the probes are chosen to tell apart what is
constant, what grows with a symbol, and what does so by steps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import torch
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind, TensorArgument
from torch.utils import _pytree as pytree

from ..diagnostics import UserError
from ..ir.torch_ops import value_of
from .names import input_names

# Of sympy, which is not typed.
_Expression = Any
_Symbol = Any

_UNBOUNDED = 2**31
"""Limits from here on are none: torch writes its largest integer, and indices have 32 bits."""

_LARGEST_PROBE = 65536
_LARGEST_PRODUCT = 2**22
"""Programs are not made at larger sizes, nor where all sizes together are more, be they allowed."""

_NEIGHBOURS = 256
"""How far from the sample's size a probe may lie."""


@dataclass(frozen=True, slots=True)
class Root:
    """A size that the caller chooses, and the input whose shape tells it.

    Attributes:
        symbol: torch's name for it.
        input: name of the input.
        dimension: number of the dimension, which is `factor * size + offset`.
        factor: positive.
        offset: as above.
        low: the smallest size.
        high: the largest; None if there is no limit.
    """

    symbol: str
    input: str
    dimension: int
    factor: int
    offset: int
    low: int
    high: int | None

    def __str__(self) -> str:
        return f"{self.input}.shape[{self.dimension}]"

    def of(self, size: int) -> int:
        """The dimension at a size."""
        return self.factor * size + self.offset

    def allows(self, size: int) -> bool:
        """Whether a size is in the range; 0 and 1 are no sizes to judge by."""
        return max(self.low, 2) <= size and (self.high is None or size <= self.high)


Sizes = tuple[int, ...]
"""A size for each root."""


@dataclass(frozen=True, slots=True)
class Probes:
    """At which sizes a signature is converted.

    Attributes:
        signature: its name.
        roots: what the caller chooses.
        sizes: the base; for each root the base with this one changed; and one with all changed, otherwise.
        largest: the largest of all sizes, where there is one.
    """

    signature: str
    roots: tuple[Root, ...]
    sizes: tuple[Sizes, ...]
    largest: Sizes | None

    @property
    def all(self) -> tuple[Sizes, ...]:
        """All of them, the largest last."""
        return self.sizes if self.largest is None else (*self.sizes, self.largest)

    @property
    def names(self) -> tuple[str, ...]:
        """What the signature is called at each of `all`."""
        return tuple(f"{self.signature}@{number}" for number in range(len(self.all)))


def probes_of(name: str, program: ExportedProgram) -> Probes | None:
    """At which sizes to convert a program; None if all its inputs are of fixed sizes.

    Args:
        name: the signature's name.
        program: as torch.export made it.

    Raises:
        UserError: a size that no input tells, or a range in which too few sizes lie to judge by.
    """
    roots, hints = _roots(name, program)
    if not roots:
        return None
    found = _Search(name, roots, _expressions(program, roots), _fixed_sizes(program))
    base = found.base(hints)
    steps = [found.step(base, number) for number in range(len(roots))]
    check = found.check(base, steps)
    return Probes(name, roots, (base, *steps, check), _largest(roots))


def _largest(roots: Sequence[Root]) -> Sizes | None:
    highs = [root.high for root in roots]
    limits = tuple(high for high in highs if high is not None and high <= _LARGEST_PROBE)
    fits = len(limits) == len(roots) and math.prod(limits) <= _LARGEST_PRODUCT
    return limits if fits else None


def symbolic_sizes(value: object) -> Iterator[_Expression]:
    """Expressions of the sizes in a fake value that are no numbers."""
    for leaf in pytree.tree_leaves(value):
        sizes = list(leaf.shape) if isinstance(leaf, torch.Tensor) else [leaf]
        for size in sizes:
            if isinstance(size, torch.SymInt | torch.SymFloat | torch.SymBool):
                opened: Any = size
                expression = opened.node.expr
                if expression.free_symbols:
                    yield expression


def _roots(name: str, program: ExportedProgram) -> tuple[tuple[Root, ...], tuple[int | None, ...]]:
    """The sizes that inputs are made of, in the inputs' order, and what they were in the sample."""
    carriers: dict[_Symbol, list[tuple[Root, int | None]]] = {}
    for label, value in _inputs(program):
        for number, size in enumerate(value.shape):
            if not isinstance(size, torch.SymInt):
                continue
            symbolic: Any = size
            opened = symbolic.node
            for symbol in sorted(opened.expr.free_symbols, key=str):
                found = carriers.setdefault(symbol, [])
                root = _carrier(program, symbol, opened.expr, label, number)
                if root is not None:
                    found.append((root, _size_in_sample(root, opened)))
    missing = [symbol for symbol, found in carriers.items() if not found]
    if missing:
        raise UserError(
            f"signature {name!r}: no dimension of an input is a multiple of size {missing[0]} alone, so that "
            "it could not be read while the model runs; give the dimensions simpler sizes"
        )
    chosen = [min(found, key=lambda each: each[0].factor) for found in carriers.values()]
    return tuple(root for root, _ in chosen), tuple(hint for _, hint in chosen)


def _inputs(program: ExportedProgram) -> Iterator[tuple[str, torch.Tensor]]:
    placeholders = {node.name: node for node in program.graph.find_nodes(op="placeholder")}
    specs = [s for s in program.graph_signature.input_specs if s.kind == InputKind.USER_INPUT]
    for label, spec in zip(input_names(program), specs, strict=True):
        if isinstance(spec.arg, TensorArgument):
            yield label, value_of(placeholders[spec.arg.name])


def _carrier(
    program: ExportedProgram, symbol: _Symbol, expression: Any, label: str, number: int
) -> Root | None:
    """A root, if the dimension is a multiple of it and a number."""
    if expression.free_symbols != {symbol}:
        return None
    offset = expression.subs({symbol: 0})
    factor = ((expression - offset) / symbol).expand()
    if not (factor.is_Integer and offset.is_Integer and factor > 0):
        return None
    opened: Any = program
    limits: Any = opened.range_constraints[symbol]
    finite = limits.upper.is_Integer and int(limits.upper) < _UNBOUNDED
    low, high = int(limits.lower), int(limits.upper) if finite else None
    return Root(str(symbol), label, number, int(factor), int(offset), low, high)


def _size_in_sample(root: Root, node: Any) -> int | None:
    hint = node.hint if node.has_hint() else None
    return (int(hint) - root.offset) // root.factor if hint is not None else None


def _expressions(program: ExportedProgram, roots: Sequence[Root]) -> tuple[_Expression, ...]:
    """The sizes in a graph that the roots decide, each once, in order."""
    known = {root.symbol for root in roots}
    found: dict[_Expression, None] = {}
    for node in program.graph.nodes:
        for expression in symbolic_sizes(value_of(node)):
            if not expression.is_integer:
                continue
            if {str(symbol) for symbol in expression.free_symbols} <= known:
                found[expression] = None
    return tuple(found)


def _fixed_sizes(program: ExportedProgram) -> frozenset[int]:
    """Sizes that a probe had better not have by accident."""
    tensors = [
        leaf
        for node in program.graph.nodes
        for leaf in pytree.tree_leaves(value_of(node))
        if isinstance(leaf, torch.Tensor)
    ]
    sizes: list[Any] = [size for each in tensors for size in each.shape]
    return frozenset(size for size in sizes if isinstance(size, int) and size > 1)


@dataclass(frozen=True, slots=True)
class _Search:
    """Looks for sizes to convert at.

    Attributes:
        signature: for messages.
        roots: whose sizes are wanted.
        expressions: what all sizes of the graph are made of.
        fixed: sizes that are no accident elsewhere.
    """

    signature: str
    roots: tuple[Root, ...]
    expressions: tuple[_Expression, ...]
    fixed: frozenset[int]

    def base(self, hints: Sequence[int | None]) -> Sizes:
        """Sizes near the sample's, each unlike the others and unlike all fixed ones."""
        chosen: list[int] = []
        for root, hint in zip(self.roots, hints, strict=True):
            near = [each for each in _near(max(hint or root.low, 2)) if root.allows(each)]
            taken = {r.of(size) for r, size in zip(self.roots, chosen, strict=False)}
            unlike = self.fixed | taken
            free = [each for each in near if root.of(each) not in unlike and _is_plain(each)]
            if len(near) < 3:
                raise self._too_narrow(root)
            chosen.append((free or near)[0])
        return tuple(chosen)

    def step(self, base: Sizes, number: int) -> Sizes:
        """The base with one root changed, by as little as changes every size that depends on it.

        Raises:
            UserError: there is no such change near the base.
        """
        symbol = self.roots[number].symbol
        concerned = [e for e in self.expressions if symbol in map(str, e.free_symbols)]
        for changed in self._changes(base, number):
            if all(self._at(e, base) != self._at(e, changed) for e in concerned):
                return changed
        still = next(self._changes(base, number), None)
        if still is None:
            raise self._too_narrow(self.roots[number])
        same = next(e for e in concerned if self._at(e, base) == self._at(e, still))
        raise UserError(
            f"signature {self.signature!r}: a size of the graph is {same}, which stays the same near the "
            f"sample's {self.roots[number]} of {self.roots[number].of(base[number])}; no sizes tell what becomes "
            "of it elsewhere. Fix that dimension, or give a multiple of a Dim"
        )

    def check(self, base: Sizes, steps: Sequence[Sizes]) -> Sizes:
        """Sizes that are all changed once more, at which nothing but straight lines goes on straight.

        Raises:
            UserError: a size of the graph follows another rule in a part of the range.
        """
        bent = [e for e in self.expressions if not self._is_straight(e, base, steps)]
        columns = [
            [each[number] for each in self._changes(base, number) if each != steps[number]]
            for number in range(len(self.roots))
        ]
        for number, column in enumerate(columns):
            if not column:
                raise self._too_narrow(self.roots[number])
        count = max(map(len, columns))
        # A root of few sizes repeats its own.
        for number in range(count):
            sizes = tuple(column[min(number, len(column) - 1)] for column in columns)
            if all(self._at(e, sizes) != self._straight(e, base, steps, sizes) for e in bent):
                return sizes
        raise UserError(
            f"signature {self.signature!r}: a size of the graph is {bent[0]}, which changes with "
            f"{', '.join(map(str, self.roots))} otherwise near the sample's sizes than elsewhere in the range; "
            "narrow the range with min and max of Dim, or fix that dimension"
        )

    def _changes(self, base: Sizes, number: int) -> Iterator[Sizes]:
        """The base with another size for one root: the nearest first, those of no other use before all others."""
        root = self.roots[number]
        near = [each for each in _near(base[number]) if root.allows(each) and each != base[number]]
        others = {r.of(size) for r, size in zip(self.roots, base, strict=True)}
        unlike = self.fixed | others
        ordered = [each for each in near if root.of(each) not in unlike and _is_plain(each)]
        for each in (*ordered, *(e for e in near if e not in ordered)):
            yield (*base[:number], each, *base[number + 1 :])

    def _at(self, expression: _Expression, sizes: Sizes) -> int:
        return value_at(expression, self.roots, sizes)

    def _straight(
        self, expression: _Expression, base: Sizes, steps: Sequence[Sizes], sizes: Sizes
    ) -> Fraction:
        """What an expression would be if it changed by so much a step everywhere."""
        start = self._at(expression, base)
        total = Fraction(start)
        for number, step in enumerate(steps):
            rise = self._at(expression, step) - start
            run = step[number] - base[number]
            total += Fraction(rise, run) * (sizes[number] - base[number])
        return total

    def _is_straight(self, expression: _Expression, base: Sizes, steps: Sequence[Sizes]) -> bool:
        """Whether an expression is a sum of multiples of roots, over the whole range as far as can be seen."""
        symbols = sorted(expression.free_symbols, key=str)
        if expression.is_polynomial(*symbols):
            return bool(expression.as_poly(*symbols).total_degree() <= 1)
        return all(
            self._at(expression, sizes) == self._straight(expression, base, steps, sizes)
            for sizes in self._all_over(base)
        )

    def _all_over(self, base: Sizes) -> Iterator[Sizes]:
        """Sizes in the whole range: those near the base, its ends, and some between."""
        for number, root in enumerate(self.roots):
            far = root.high if root.high is not None else 64 * base[number]
            between = range(max(root.low, 2), far + 1, max((far - root.low) // 97, 1))
            for size in (*_near(base[number]), *between, far):
                if root.allows(size):
                    yield (*base[:number], size, *base[number + 1 :])

    def _too_narrow(self, root: Root) -> UserError:
        return UserError(
            f"signature {self.signature!r}: {root} goes from {root.of(root.low)} to "
            f"{root.of(root.high or 0)}: at least three sizes above 1 are wanted to learn from what changes "
            "with it. Widen the range, or give each size a signature of its own"
        )


def value_at(expression: _Expression, roots: Sequence[Root], sizes: Sizes) -> int:
    """An expression of the roots' symbols at given sizes."""
    values = {root.symbol: size for root, size in zip(roots, sizes, strict=True)}
    return int(substitute(expression, values))


def substitute(expression: Any, values: Mapping[str, int]) -> Any:
    """An expression with numbers for symbols, by the symbols' names."""
    known = {s: values[str(s)] for s in expression.free_symbols if str(s) in values}
    return expression.subs(known)


def _is_plain(size: int) -> bool:
    """Whether dividing by a size or by one less is rounded, so that nobody multiplies instead."""
    return bool(size & (size - 1)) and bool((size - 1) & (size - 2))


def _near(size: int) -> list[int]:
    """A size and its neighbours, the nearest first and the larger before the smaller."""
    around = [size]
    for distance in range(1, _NEIGHBOURS + 1):
        around += [size + distance, size - distance]
    return around
