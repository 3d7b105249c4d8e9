"""Which ops compute in integers, and with which scales: what calibration has found, made to fit the runtime."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import func, ir, op_name
from litewright.compiler.ir.origin import origin_of
from litewright.compiler.ir.program import Program, body_of, weight_symbol
from litewright.compiler.ir.quantized_type import QuantizedType
from litewright.compiler.ir.tfl.shorthand import defined_by
from litewright.compiler.ir.types import element_count, element_of, is_static, rank_of, shape_of
from litewright.compiler.quantize.ranges import Range, RangeChoice, scheme_of_range
from litewright.compiler.quantize.recipe import Reading, Recipe, Rule
from litewright.compiler.targets.activation_schemes import (
    ACTIVATION_USES,
    EIGHT,
    SIXTEEN,
    ActivationUse,
    fixed_scheme,
    why_not_integer,
)
from litewright.compiler.weights.expression import leaves
from litewright.passes.core import Decline, decline

from .fuse_quantized import holds_bias, scheme_of, weight_of

_REDUCTIONS = frozenset({"mean", "sum"})
_SUMS = frozenset({"add", "sub"})
_WRITE = "dynamic_update_slice"
_BORDER = frozenset({"func.return", "tfl.pseudo_const"})


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """An op that a recipe wants to compute in integers, and that could.

    Attributes:
        op: on floats.
        kind: its name without the dialect.
        use: its row of the table.
        storage: the integers.
        ranges: how ranges of its values are found.
        is_named: whether the recipe names its kind.
    """

    op: ir.OpView
    kind: str
    use: ActivationUse
    storage: str
    ranges: RangeChoice
    is_named: bool

    @property
    def operands(self) -> list[ir.Value]:
        """The activations that it reads."""
        return [self.op.operands[p] for p in self.use.positions(len(self.op.operands))]

    @property
    def values(self) -> list[ir.Value]:
        """The activations that it reads, and its results."""
        return [*self.operands, *self.op.results]


def candidates(program: Program, function: func.FuncOp, recipe: Recipe) -> Iterator[Candidate]:
    """The ops of a signature that a recipe means, and of which the runtime has a form of integers."""
    for op in body_of(function).operations:
        kind = op_name(op).removeprefix("tfl.")
        use = ACTIVATION_USES.get(kind)
        rule = _rule_of(program, op, use, recipe) if use is not None else None
        if use is None or rule is None or rule.activations is None:
            continue
        if kind == _WRITE and kind not in rule.kinds:
            continue  # A cache of floats would be rounded as a whole each time; `state` is for that.
        storage = EIGHT if rule.activations == "int8" else SIXTEEN
        found = Candidate(op, kind, use, storage, rule.ranges, kind in rule.kinds)
        if storage in use.storages and all(map(_is_float, found.values)):
            yield found


def _rule_of(program: Program, op: ir.OpView, use: ActivationUse, recipe: Recipe) -> Rule | None:
    """The rule that decides about an op; one with weights follows these."""
    if use.weight is None:
        return recipe.rule_for_op(reading_of(op))
    value = op.operands[use.weight]
    symbol = weight_symbol(value)
    if symbol is not None:
        parameters = leaves(program.weights.expression(symbol))
    elif tfl.is_constant(value):
        parameters = (origin_of(value.location).name,)
    else:
        return None
    paths = (*parameters, origin_of(op.location).name)
    kind = op_name(op).removeprefix("tfl.")
    rule = recipe.rule_for(Reading(paths, kind, element_count(shape_of(value))))
    return rule if rule is not None and rule.spec is not None else None


def reading_of(op: ir.OpView) -> Reading:
    """An op without a weight, as rules look at it."""
    return Reading((origin_of(op.location).name,), op_name(op).removeprefix("tfl."), 0)


def op_readings(program: Program) -> list[Reading]:
    """All ops that a rule about activations may mean, but for those with weights."""
    return [
        reading_of(op)
        for function in program.signatures()
        for op in body_of(function).operations
        if (use := ACTIVATION_USES.get(op_name(op).removeprefix("tfl."))) and use.weight is None
    ]


def _is_float(value: ir.Value) -> bool:
    """Whether a value is one of floats that may become integers: no large constant, of known shape."""
    if not isinstance(value.type, ir.RankedTensorType) or weight_symbol(value) is not None:
        return False
    return str(element_of(value)) == "f32" and is_static(value)


# ---- who joins -----------------------------------------------------------------------------------


def joined(found: Sequence[Candidate]) -> list[Candidate]:
    """Those of the candidates for which integers pay.

    Products do, and what a recipe names. What only moves numbers joins neighbours that have joined; anything
    else does where all that it reads are integers already. So norms, softmax and sums along a stream of
    floats stay what they are. One product of 8 bits by itself, among ops of floats, does not join: kernels
    that quantise what comes, row by row, and yield floats are as fast there and far more exact.
    """
    left = list(found)
    while True:
        inside = _neighbourhood(left)
        alone = {each for group in _groups(inside) if _is_alone(group) for each in group}
        if not alone:
            return [each for each in left if each in inside]
        left = [each for each in left if each not in alone]


def _neighbourhood(found: Sequence[Candidate]) -> set[Candidate]:
    inside = {each for each in found if _pays(each)}
    made = _results(inside) | {v for e in found for v in e.operands if given_scheme(v, e.storage)}
    while True:
        more = {each for each in found if each not in inside and _joins(each, made)}
        if not more:
            return inside
        inside |= more
        made |= _results(more)


def given_scheme(value: ir.Value, storage: str) -> QuantizedType | None:
    """How a value is quantised that is one of integers already, as state is."""
    made = defined_by(value, "dequantize")
    scheme = scheme_of(made.operands[0]) if made is not None else None
    return scheme if scheme is not None and scheme.storage == storage else None


def _groups(inside: set[Candidate]) -> Iterator[set[Candidate]]:
    """Ops that hand integers to each other."""
    makers: dict[ir.Value, Candidate] = {v: each for each in inside for v in each.op.results}
    near: dict[Candidate, set[Candidate]] = {each: set() for each in inside}
    for each in inside:
        for maker in (makers[value] for value in each.operands if value in makers):
            near[each].add(maker)
            near[maker].add(each)
    while near:
        start = next(iter(near))
        group, waiting = {start}, [start]
        while waiting:
            fresh = near.pop(waiting.pop()) - group
            group |= fresh
            waiting += fresh
        yield group


def _is_alone(group: set[Candidate]) -> bool:
    """Whether there is one op of 8 bits that computes, and it is among ops of floats."""
    computing = [each for each in group if not each.use.shares]
    if len(computing) > 1 or any(e.is_named or e.storage == SIXTEEN for e in computing):
        return False
    if any(given_scheme(value, e.storage) for e in group for value in e.operands):
        return False
    made = _results(group)
    around = [hlo.producer(v) for e in group for v in e.operands if v not in made]
    around += [use.owner for value in made for use in value.uses]
    own = {each.op.results[0] for each in group}
    return any(
        op is not None
        and op_name(op) not in _BORDER
        and not (len(op.results) and op.results[0] in own)
        for op in around
    )


def _results(ops: Iterable[Candidate]) -> set[ir.Value]:
    return {value for each in ops for value in each.op.results}


def _pays(candidate: Candidate) -> bool:
    return (
        candidate.is_named or candidate.use.weight is not None or candidate.kind == "batch_matmul"
    )


def _joins(candidate: Candidate, made: set[ir.Value]) -> bool:
    if candidate.storage == EIGHT and candidate.use.as_floats:
        return False
    computed = [value for value in candidate.operands if tfl.constant_of(value) is None]
    if computed and all(value in made for value in computed):
        return candidate.storage == SIXTEEN or not _is_of_norm(candidate)
    return candidate.use.shares and _is_read_by(candidate, made)


def _is_read_by(candidate: Candidate, made: set[ir.Value]) -> bool:
    """Whether all that reads the results has joined."""
    readers = [use.owner for value in candidate.op.results for use in value.uses]
    return bool(readers) and all(
        len(reader.results) and reader.results[0] in made for reader in readers
    )


def _is_of_norm(candidate: Candidate) -> bool:
    """A mean along the last axis, as norms take it: 8 bits are too few for what is computed from there."""
    if candidate.kind not in _REDUCTIONS:
        return False
    axes = tfl.constant_of(candidate.op.operands[1])
    last = rank_of(candidate.op.operands[0]) - 1
    return axes is None or any(int(axis) in {-1, last} for axis in axes.reshape(-1))


# ---- scales --------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class _Class:
    """Values that have one scale and zero point.

    Attributes:
        storage: the integers.
        low: of the range that they cover.
        high: of the range that they cover.
        centred: whether a kernel wants no zero point.
        fixed: what kernels set, by those of them that make values of the class.
        is_free: whether some of the values are made otherwise.
    """

    storage: str
    low: float = 0.0
    high: float = 0.0
    centred: bool = False
    fixed: list[QuantizedType] = field(default_factory=list[QuantizedType])
    is_free: bool = False

    @property
    def scheme(self) -> QuantizedType:
        """Its scale and zero point."""
        if self.fixed and not self.is_free and all(each == self.fixed[0] for each in self.fixed):
            return self.fixed[0]
        low = min([self.low, *(_lowest(each) for each in self.fixed)])
        high = max([self.high, *(_highest(each) for each in self.fixed)])
        return scheme_of_range((low, high), self.storage, centred=self.centred)


class Schemes:
    """Scales and zero points of values, for ops that have joined."""

    def __init__(self, inside: Sequence[Candidate], ranges: Mapping[ir.Value, Range]) -> None:
        """Values that an op must not rescale share a class.

        Args:
            inside: the ops.
            ranges: of all their values.
        """
        self._fixed: dict[ir.Value, QuantizedType] = {}
        self._parents: dict[tuple[ir.Value, str], tuple[ir.Value, str]] = {}
        moved = {value for each in inside if each.use.shares for value in each.op.results}
        for each in inside:
            scheme = fixed_scheme(each.kind, each.storage)
            if scheme is not None:
                self._fixed |= dict.fromkeys(each.op.results, scheme)
            for value in each.operands:
                given = given_scheme(value, each.storage)
                if given is not None:
                    self._fixed[value] = given
            if each.use.shares:
                for value in each.values:
                    self._unite((each.op.results[0], each.storage), (value, each.storage))
        self._classes: dict[tuple[ir.Value, str], _Class] = {}
        for each in inside:
            for value in each.values:
                self._extend((value, each.storage), ranges[value], is_moved=value in moved)
            for position in each.use.centred:
                if each.storage == EIGHT:
                    key = self._root((each.op.operands[position], each.storage))
                    self._classes[key].centred = True

    def of_value(self, value: ir.Value, storage: str) -> QuantizedType:
        """What a value becomes where it is made."""
        fixed = self._fixed.get(value)
        return fixed if fixed is not None else self._classes[self._root((value, storage))].scheme

    def of_operand(self, each: Candidate, value: ir.Value) -> QuantizedType:
        """What an op reads."""
        if each.use.shares:
            return self._classes[self._root((each.op.results[0], each.storage))].scheme
        return self.of_value(value, each.storage)

    def _root(self, key: tuple[ir.Value, str]) -> tuple[ir.Value, str]:
        while (above := self._parents.get(key, key)) != key:
            key = above
        return key

    def _unite(self, one: tuple[ir.Value, str], other: tuple[ir.Value, str]) -> None:
        first, second = self._root(one), self._root(other)
        if first != second:
            self._parents[second] = first

    def _extend(self, key: tuple[ir.Value, str], found: Range, *, is_moved: bool) -> None:
        own = self._classes.setdefault(self._root(key), _Class(key[1]))
        fixed = self._fixed.get(key[0])
        if fixed is not None:
            own.fixed.append(fixed)
            return
        own.low, own.high = min(own.low, found[0]), max(own.high, found[1])
        own.is_free |= not is_moved


def _lowest(scheme: QuantizedType) -> float:
    least = -128 if scheme.storage == EIGHT else -32768
    return (least - scheme.zero_points[0]) * scheme.scales[0]


def _highest(scheme: QuantizedType) -> float:
    most = 127 if scheme.storage == EIGHT else 32767
    return (most - scheme.zero_points[0]) * scheme.scales[0]


# ---- what the runtime takes ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The ops of a signature that compute in integers.

    Attributes:
        inside: the ops, in order.
        schemes: of their values.
        reasons: why others that a recipe wants do not, by op.
    """

    inside: tuple[Candidate, ...]
    schemes: Schemes
    reasons: tuple[tuple[ir.OpView, Decline], ...]


def plan_of(program: Program, found: Sequence[Candidate], ranges: Mapping[ir.Value, Range]) -> Plan:
    """Decides.

    Args:
        program: whose weights are quantised.
        found: the candidates of a signature.
        ranges: of values, as far as they are known and finite.
    """
    known = dict(ranges)
    for each in found:
        for value in each.values:
            array, given = tfl.constant_of(value), given_scheme(value, each.storage)
            if array is not None:
                known[value] = _range_of(array)
            elif given is not None:
                known[value] = _lowest(given), _highest(given)
    unknown = {each: why for each in found if (why := _why_unknown(each, known)) is not None}
    reasons = [(each.op, why) for each, why in unknown.items() if _pays(each)]
    left = [each for each in found if each not in unknown]
    while True:
        inside = joined(left)
        schemes = Schemes(inside, known)
        whys = [(each, _why_not(program, each, schemes, known)) for each in inside]
        refused = [(each, why) for each, why in whys if why is not None]
        if not refused:
            return Plan(tuple(inside), schemes, tuple(reasons))
        reasons += [(each.op, why) for each, why in refused]
        outside = {each for each, _ in refused}
        left = [each for each in left if each not in outside]


def _range_of(constant: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Range:
    wide = constant.astype(np.float64)
    return float(wide.min(initial=0)), float(wide.max(initial=0))


def _why_unknown(candidate: Candidate, known: Mapping[ir.Value, Range]) -> Decline | None:
    if any(value not in known for value in candidate.values):
        return decline("no range of its values is known, or it holds masks or infinity")
    if not all(np.isfinite(known[value]).all() for value in candidate.values):
        return decline("a constant that it reads is infinite")
    return None


def _why_not(
    program: Program, candidate: Candidate, schemes: Schemes, known: Mapping[ir.Value, Range]
) -> Decline | None:
    weight = weight_of(candidate.op, candidate.use, program)
    if candidate.use.weight is not None and weight is None:
        return decline("its weight is no integer that kernels take")
    operands = [schemes.of_operand(candidate, value) for value in candidate.operands]
    result = schemes.of_value(candidate.op.results[0], candidate.storage)
    if weight is not None and not holds_bias(
        candidate.op, candidate.use, weight, operands[0], program
    ):
        return decline("its bias is computed, or too large for steps of its products")
    largest = weight.largest_scale(program) if weight is not None else None
    why = why_not_integer(candidate.kind, operands, result, largest)
    if why is not None:
        return Decline(why)
    if (candidate.use.shares or candidate.kind in _SUMS) and _vanishes(candidate, result, known):
        return decline("an operand is smaller than a step of the result")
    return None


def _vanishes(candidate: Candidate, result: QuantizedType, known: Mapping[ir.Value, Range]) -> bool:
    """Whether numbers stand beside others so much larger, as the masks of attention are, that they would be nothing."""
    peaks = [max(map(abs, known[value])) for value in candidate.operands]
    return any(0 < peak < result.scales[0] for peak in peaks)
