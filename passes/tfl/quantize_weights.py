"""Weights as integers: the recipe's specs, made legal, written on the arguments that stand for weights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from litewright.compiler.diagnostics import UserError
from litewright.compiler.ir import tfl
from litewright.compiler.ir.hlo import producer
from litewright.compiler.ir.mlir import func, ir, op_name
from litewright.compiler.ir.observer import Observer
from litewright.compiler.ir.origin import origin_of
from litewright.compiler.ir.program import (
    Program,
    body_of,
    owner_function,
    weight_symbol,
    weights_of,
)
from litewright.compiler.ir.quantized_type import (
    WeightQuantization,
    annotate_weight,
    element_is_quantized,
    weight_quantization_of,
)
from litewright.compiler.ir.types import element_count, element_of, shape_of, tensor_type
from litewright.compiler.quantize.choosing import Choice, Site, choose
from litewright.compiler.quantize.recipe import Reading, Recipe
from litewright.compiler.quantize.specs import CALIBRATED, QuantSpec
from litewright.compiler.targets import XNNPACK, Target, target_named
from litewright.compiler.targets.weight_schemes import CPU_WEIGHTS, WEIGHT_USES, WeightTable
from litewright.compiler.weights import Cast, Expression, Quantize, Scales, Slice
from litewright.compiler.weights.expression import leaves
from litewright.compiler.weights.store import ArraySource
from litewright.passes.core import Pass, remove_dead

from .fuse_activations import separate_activation

LOOKED_UP = 0.3
"""What a column of a table counts for being looked up, as a part of what columns count on average for being
multiplied. On a small language model 0.1 to 1 are alike, and a tenth better than nothing."""

_ROWS = frozenset({"embedding_lookup", "fully_connected"})
"""Ops that read a table row by row, so that it can be split."""

NOTES = "litewright.quant_notes"
"""Attribute of a module: what the recipe asked for and could not be given, a line each."""


@dataclass(slots=True, eq=False)
class _Weight:
    """A float weight with all ops that read it, in all functions.

    Attributes:
        expression: what it is made of.
        shape: its dimensions.
        name: what it is called in messages.
        is_constant: whether it is a constant of the program, which small parameters are, and tables that no
            checkpoint holds.
        readers: ops, with the position of the weight among their operands.
        is_half: whether it is unpacked from floats of 16 bits.
        others: whether something reads it that cannot read integers.
    """

    expression: Expression
    shape: tuple[int, ...]
    name: str
    is_constant: bool
    is_half: bool = False
    readers: list[tuple[ir.OpView, int]] = field(default_factory=list[tuple[ir.OpView, int]])
    others: list[str] = field(default_factory=list[str])

    @property
    def moments(self) -> str:
        """The leaf that holds the second moments of what meets its columns."""
        return f"moments({self.expression})"

    def multiplied(self) -> list[ir.OpView]:
        """The readers that multiply rows by it."""
        return [op for op, _ in self.readers if op_name(op) == "tfl.fully_connected"]

    def is_looked_up(self) -> bool:
        """Whether rows of it are read as they are."""
        return any(op_name(op) == "tfl.embedding_lookup" for op, _ in self.readers)

    def sites(self, table: WeightTable = CPU_WEIGHTS) -> list[Site]:
        """Each reader as recipes and targets look at it."""
        found: list[Site] = []
        for op, _ in self.readers:
            kind = op_name(op).removeprefix("tfl.")
            paths = (*leaves(self.expression), origin_of(op.location).name)
            made = self.is_constant and kind == "embedding_lookup"
            reading = Reading(paths, kind, element_count(self.shape), made, self._first_rows())
            axis = channel_axis(op) % len(self.shape)
            found.append(Site(reading, self.shape, axis, table))
        return found

    def _first_rows(self) -> int:
        """How many rows there are, of those that a table begins with."""
        own = self.expression
        return 0 if isinstance(own, Slice) and own.start[0] > 0 else self.shape[0]


@dataclass(frozen=True)
class QuantizeWeights(Pass[Program]):
    """Quantises the weights of products, convolutions and lookups as a recipe says.

    The numbers are made when the weights are streamed: here a weight argument becomes one of integers,
    whose symbol says how they are made, with `litewright.quant` beside it. A weight that several ops or
    signatures read gets one form, the most exact one that any of them asks for. What the runtime cannot
    compute with becomes the nearest that it can; `litewright.quant_notes` of the module tells.

    Before:
        func.func @main(%w: tensor<64x32xf32> {litewright.weight = "w"})
          %1 = "tfl.fully_connected"(%x, %w, %none)
    After:
        func.func @main(%w: tensor<64x32xi8> {litewright.weight = "quantize(w, int8 channel, min_max, axis=0)",
                        litewright.quant = {scales = "scales(quantize(w, ...))", axis = 0 : i32}})

    Attributes:
        recipe: which weight is quantised how.
        target: who computes with the weights, or its name. A conversion sets it to its own.
    """

    recipe: Recipe
    target: Target | str = XNNPACK.name

    def run(self, unit: Program) -> bool:
        """See `Pass.run`."""
        return self.run_observed(unit, ())

    def run_observed(self, unit: Program, observers: Sequence[Observer[Program]]) -> bool:
        """See `Pass.run_observed`.

        Raises:
            UserError: a rule of the recipe finds nothing.
        """
        weights = list(_weights(unit))
        target = target_named(self.target) if isinstance(self.target, str) else self.target
        sites = [each.sites(target.weights) for each in weights]
        self.recipe.check_used(site.reading for each in sites for site in each)
        notes: list[str] = []
        changed = False
        for weight, own in zip(weights, sites, strict=True):
            choice = choose(self.recipe, own, weight.others)
            if weight.is_half and choice.spec is not None and not choice.spec.is_integer:
                continue
            notes += [f"{weight.name}: {note}" for note in choice.notes]
            self._tell(weight, choice, observers)
            if choice.spec is not None:
                _quantize(unit, weight, choice)
                changed = True
        weights.clear()
        if changed:
            remove_dead(unit)
        return add_notes(unit, notes) or changed

    def _tell(
        self, weight: _Weight, choice: Choice, observers: Sequence[Observer[Program]]
    ) -> None:
        for observer in observers:
            for op, _ in weight.readers:
                if choice.spec is not None:
                    observer.applied(self.name, op)
                for note in choice.notes:
                    observer.declined(self.name, op, note)


def calibrated_inputs(program: Program, recipe: Recipe) -> dict[str, list[tuple[str, ir.Value]]]:
    """What has to be measured for the weights that a recipe wants calibrated.

    Returns:
        By signature: names of moments, as leaves of the store, with the value that they are moments of.
    """
    found: dict[str, list[tuple[str, ir.Value]]] = {}
    for weight in _weights(program):
        spec = choose(recipe, weight.sites(), weight.others).spec
        if spec is None or not (spec.algorithm in CALIBRATED or _strength(weight, recipe)):
            continue
        for op in weight.multiplied():
            signature = owner_function(op.results[0]).name.value
            found.setdefault(signature, []).append((weight.moments, op.operands[0]))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Equalised:
    """A weight whose inputs a recipe wants equalised.

    Attributes:
        name: what it is called in messages.
        expression: what it is made of, `[outputs, channels]`.
        moments: the leaf that holds the second moments of what meets its columns.
        strength: how far, from 0 to 1.
        ops: all that read it, `tfl.fully_connected`.
    """

    name: str
    expression: Expression
    moments: str
    strength: float
    ops: tuple[ir.OpView, ...]


def equalised_weights(program: Program, recipe: Recipe) -> Iterator[Equalised]:
    """The weights that a recipe wants equalised, and products alone read."""
    for each in _weights(program):
        strength = _strength(each, recipe)
        if strength:
            ops = tuple(each.multiplied())
            yield Equalised(each.name, each.expression, each.moments, strength, ops)


@dataclass(frozen=True, slots=True, eq=False)
class Divided:
    """A table whose first rows a recipe treats apart.

    Attributes:
        expression: what it is made of, `[rows, columns]`.
        rows: how many come first.
        ops: all that read it, `tfl.embedding_lookup` and `tfl.fully_connected`.
    """

    expression: Expression
    rows: int
    ops: tuple[ir.OpView, ...]


def divided_tables(program: Program, recipe: Recipe) -> Iterator[Divided]:
    """The tables that a recipe wants split, and lookups and products alone read."""
    for each in _weights(program):
        sites = each.sites()
        if each.others or {site.reading.kind for site in sites} - _ROWS:
            continue
        rows = {
            rule.first_rows
            for rule in recipe.rules
            if any(rule.divides(site.reading) for site in sites)
        }
        if rows:
            yield Divided(each.expression, min(rows), tuple(op for op, _ in each.readers))


def _strength(weight: _Weight, recipe: Recipe) -> float:
    """How far inputs are equalised: not where a table or anything else reads the weight as it is."""
    if weight.others or len(weight.multiplied()) < len(weight.readers):
        return 0.0
    rules = [recipe.rule_for(site.reading) for site in weight.sites()]
    wishes = [each.equalise if each and each.spec else 0.0 for each in rules]
    return min(wishes, default=0.0)


def channel_axis(op: ir.OpView) -> int:
    """The dimension of output channels of the weight that an op reads, from the end where negative."""
    kind = op_name(op).removeprefix("tfl.")
    transposed = kind == "batch_matmul" and tfl.attribute(op, "adj_y")
    return WEIGHT_USES[kind].axis - (1 if transposed else 0)


# ---- which weights there are ---------------------------------------------------------------------


def _weights(program: Program) -> Iterator[_Weight]:
    """All float weights that a known op of a signature reads, in the order in which they are first read.

    Decompositions of composites stay as they are: they take no weights of their own.
    """
    found: dict[str, _Weight] = {}
    sources = _Sources(program)
    for function in program.signatures():
        sources.next_signature()
        for value in _candidates(function):
            readers, others = _readers(value)
            if not readers:
                continue
            expression = sources.expression(value)
            stored = _stored(value)
            own = _Weight(
                expression,
                shape_of(value),
                leaves(expression)[0],
                weight_symbol(stored) is None,
                stored != value,
            )
            weight = found.setdefault(str(expression), own)
            weight.readers += readers
            weight.others += others
    yield from found.values()


def _candidates(function: func.FuncOp) -> list[ir.Value]:
    """Weights and constants of 32-bit floats, and what unpacks those of 16."""
    ops = list(body_of(function).operations)
    constants = [op.results[0] for op in ops if op_name(op) == "tfl.pseudo_const"]
    values: list[ir.Value] = [*weights_of(function), *constants]
    halves = {value for value in values if str(element_of(value)) == "f16"}
    unpacked = [
        op.results[0] for op in ops if op_name(op) == "tfl.dequantize" and op.operands[0] in halves
    ]
    return [
        v
        for v in (*values, *unpacked)
        if str(element_of(v)) == "f32" and weight_quantization_of(v) is None
    ]


def _stored(value: ir.Value) -> ir.Value:
    """The floats of 16 bits that a candidate is unpacked from, or the candidate itself."""
    op = producer(value)
    return op.operands[0] if op is not None and op_name(op) == "tfl.dequantize" else value


def _readers(value: ir.Value) -> tuple[list[tuple[ir.OpView, int]], list[str]]:
    """Ops that can read the value as integers, and names of those that cannot."""
    readers: list[tuple[ir.OpView, int]] = []
    others: list[str] = []
    # MLIR lists the latest reader first.
    for use in list(value.uses)[::-1]:
        op = use.owner
        known = WEIGHT_USES.get(op_name(op).removeprefix("tfl."))
        if known is not None and known.operand == use.operand_number and _is_plain(op):
            readers.append((op, use.operand_number))
        else:
            others.append(op_name(op).removeprefix("tfl."))
    return readers, others


def _is_plain(op: ir.OpView) -> bool:
    """Whether an op reads floats and nothing more exotic."""
    return str(element_of(op.results[0])) == "f32"


class _Sources:
    """What values are made of; constants are given to the store under the names of their parameters.

    Files hold a constant once, whatever signatures call it: what one calls by another name than those before
    it is the same weight.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._before: dict[bytes, Expression] = {}
        self._own: dict[bytes, Expression] = {}

    def next_signature(self) -> None:
        """What was found so far may be met again under other names."""
        self._before = {**self._own, **self._before}
        self._own = {}

    def expression(self, value: ir.Value) -> Expression:
        """What a candidate is made of."""
        stored = _stored(value)
        symbol = weight_symbol(stored)
        known = None if symbol is None else self._program.weights.expression(symbol)
        made = known or self._constant(stored)
        return made if stored == value else Cast(made, "float32")

    def _constant(self, value: ir.Value) -> Expression:
        array = tfl.constant_of(value)
        assert array is not None, "candidates are weights and plain constants"
        content = f"{array.dtype}{array.shape}".encode() + array.tobytes()
        known = self._before.get(content)
        if known is None:
            name = origin_of(value.location).name
            known = self._own[content] = self._program.weights.constant(name, array)
        return known


def integers_already(program: Program) -> list[str]:
    """Names of weights that are integers, of ops that a recipe might have meant, in the order of the file."""
    names: dict[str, None] = {}
    for function in program.signatures():
        for op in body_of(function).operations:
            use = WEIGHT_USES.get(op_name(op).removeprefix("tfl."))
            if use is None or not element_is_quantized(op.operands[use.operand]):
                continue
            weight = op.operands[use.operand]
            symbol = weight_symbol(weight)
            constant = producer(weight)
            if symbol is not None:
                names[leaves(program.weights.expression(symbol))[0]] = None
            elif constant is not None and op_name(constant) == "tfl.pseudo_qconst":
                names[origin_of(weight.location).name] = None
    return list(names)


# ---- writing it down -----------------------------------------------------------------------------


def _quantize(program: Program, weight: _Weight, choice: Choice) -> None:
    spec = choice.spec
    assert spec is not None, "asked to quantise what shall stay"
    by_function: dict[str, ir.Value] = {}
    unpacked: dict[str, ir.Value] = {}
    for (op, position), compute in zip(weight.readers, choice.computes, strict=True):
        function = owner_function(op.results[0])
        key = function.name.value
        if weight.is_half:
            _widen_others(program, op, position)
        if key not in by_function:
            by_function[key] = _argument(program, function, weight, spec, choice.axis)
        value = by_function[key]
        if op_name(op) == "tfl.embedding_lookup" and not spec.is_integer:
            _look_up_halves(op, value)
            continue
        if compute == "float":
            if key not in unpacked:
                unpacked[key] = _unpack(function, value, weight)
            value = unpacked[key]
        op.operands[position] = value
        without_lost_activation(op, spec)


def without_lost_activation(op: ir.OpView, spec: QuantSpec) -> None:
    """Parts an op of weights in blocks from its activation, which kernels without the delegate forget."""
    if spec.granularity == "block" and op_name(op) == "tfl.fully_connected":
        separate_activation(op)


def _widen_others(program: Program, op: ir.OpView, position: int) -> None:
    """Makes known 32-bit floats of biases that are unpacked from 16 bits: kernels of integers want no others."""
    for number, operand in enumerate(op.operands):
        stored = _stored(operand)
        if number == position or stored == operand:
            continue
        symbol, array = weight_symbol(stored), tfl.constant_of(stored)
        if symbol is not None:
            wide = Cast(program.weights.expression(symbol), "float32")
            op.operands[number] = program.weight_argument(owner_function(op.results[0]), wide)
        elif array is not None:
            with ir.InsertionPoint(op), op.location:
                op.operands[number] = tfl.constant(array.astype(np.float32))


def _argument(
    program: Program, function: func.FuncOp, weight: _Weight, spec: QuantSpec, axis: int | None
) -> ir.Value:
    """The argument of a function that stands for the quantised weight."""
    if not spec.is_integer:
        return program.weight_argument(function, Cast(weight.expression, spec.element))
    # How an op computes with a weight is no part of how the weight is stored.
    stored, moments = _with_moments(program, weight, replace(spec, compute="integer"))
    pending = Quantize(weight.expression, stored, axis, moments)
    scales = program.weights.derive(Scales(pending))
    argument = program.weight_argument(function, pending)
    return annotate_weight(
        argument, WeightQuantization(scales, None, axis, spec.block_size or None)
    )


def _with_moments(program: Program, weight: _Weight, spec: QuantSpec) -> tuple[QuantSpec, str]:
    """The spec, and the moments that its algorithm looks at.

    Raises:
        UserError: the algorithm wants moments, and nobody has measured any.
    """
    if spec.algorithm not in CALIBRATED:
        return spec, ""
    if not weight.multiplied():
        return replace(spec, algorithm="mse"), ""
    if weight.moments not in program.weights:
        raise UserError(
            f"{weight.name}: {spec.algorithm} looks at what the weight is multiplied by; give "
            "convert(calibration_data=...) samples of the model's inputs"
        )
    return spec, _with_lookups(program, weight) if weight.is_looked_up() else weight.moments


def _with_lookups(program: Program, weight: _Weight) -> str:
    """Moments of a table that is multiplied by and looked up: rows are read as they are, too."""
    name = f"{weight.moments} and lookups"
    if name not in program.weights:
        moments = program.weights.read(weight.moments)
        own = LOOKED_UP * np.mean(np.diagonal(moments), dtype=np.float64)
        total = moments + own * np.eye(len(moments))
        program.weights.add(name, ArraySource(total.astype(np.float32)))
    return name


def _unpack(function: func.FuncOp, value: ir.Value, weight: _Weight) -> ir.Value:
    """A DEQUANTIZE at the head of the function, one for all readers."""
    with ir.InsertionPoint.at_block_begin(body_of(function)), ir.Location.name(weight.name):
        return tfl.emit("dequantize", [value], tensor_type(weight.shape, "f32"))


def _look_up_halves(op: ir.OpView, table: ir.Value) -> None:
    """Looks up rows of 16 bits and widens these, instead of the whole table."""
    result = op.results[0]
    with ir.InsertionPoint(op), op.location:
        narrow = tensor_type(shape_of(result), element_of(table))
        rows = tfl.emit("embedding_lookup", [op.operands[0], table], narrow)
        wide = tfl.emit("dequantize", [rows], result.type)
    result.replace_all_uses_with(wide)


def add_notes(program: Program, notes: Sequence[str]) -> bool:
    """Writes notes on the module; says whether there is any that was not there before."""
    attributes = program.module.operation.attributes
    before = notes_of(program)
    fresh = [note for note in dict.fromkeys(notes) if note not in before]
    if fresh:
        texts = [ir.StringAttr.get(note) for note in (*before, *fresh)]
        attributes[NOTES] = ir.ArrayAttr.get(texts)
    return bool(fresh)


def notes_of(program: Program) -> list[str]:
    """What the recipe asked for and could not be given, by weight; the program's context must be current."""
    found = program.module.operation.attributes.get(NOTES)
    return [ir.StringAttr(each).value for each in ir.ArrayAttr(found)] if found is not None else []
