"""Weights that a checkpoint holds as integers stay these integers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir, op_name
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
    weight_quantization_of,
)
from litewright.compiler.ir.types import element_of, shape_of
from litewright.compiler.targets import XNNPACK, Target, target_named
from litewright.compiler.targets.activation_schemes import ACTIVATION_USES
from litewright.compiler.targets.weight_schemes import WeightTable, why_not_runnable
from litewright.compiler.weights.integers import (
    Kept,
    integer_leaves,
    kept_integers,
    with_scale_per_channel,
)
from litewright.passes.core import Pass, remove_dead

from .quantize_weights import add_notes, channel_axis, without_lost_activation


@dataclass(slots=True, eq=False)
class _Found:
    """A weight that comes as integers.

    Attributes:
        kept: its integers, or why it is to be floats.
        arguments: that stand for it, one a function.
    """

    kept: Kept | str
    arguments: list[ir.Value] = field(default_factory=list[ir.Value])


@dataclass(frozen=True)
class KeepIntegers(Pass[Program]):
    """Lets ops read the integers that a checkpoint holds, where the runtime can compute with them.

    A source of the store may say that its floats are products of integers and scales (`IntegerSource`).
    Where every reader can take them, the argument becomes one of these integers. A product with integers
    that kernels get wrong, and one whose other operand has been quantised with scales of its own, reads them
    through a DEQUANTIZE. Where the runtime has no such form, or arithmetic has been folded into the weight,
    it stays one of floats, and a note of the module says why; a recipe may then quantise it anew.

    Before:
        func.func @main(%w: tensor<64x32xf32> {litewright.weight = "w"})
          %1 = "tfl.fully_connected"(%x, %w, %none)
    After:
        func.func @main(%w: tensor<64x32xi4> {litewright.weight = "integers(w)",
                        litewright.quant = {scales = "scales(w)", axis = 0 : i32, block_size = 32 : i32}})

    Attributes:
        unpack: whether integers that kernels would get wrong may be made floats in front of products; else the
            weight is left to a recipe.
        target: who computes with the weights, or its name. A conversion sets it to its own.
    """

    unpack: bool = True
    target: Target | str = XNNPACK.name

    def run(self, unit: Program) -> bool:
        """See `Pass.run`."""
        notes: list[str] = []
        changed = False
        target = target_named(self.target) if isinstance(self.target, str) else self.target
        table = target.weights
        for found in _weights(unit, table, unpack=self.unpack):
            symbol = weight_symbol(found.arguments[0]) or ""
            names = integer_leaves(unit.weights, unit.weights.expression(symbol))
            if isinstance(found.kept, str):
                why = f"the checkpoint's integers are not kept: {found.kept}"
                notes += [f"{name}: {why}" for name in names]
                continue
            unpacked = [_keep(unit, argument, found.kept, table) for argument in found.arguments]
            if any(unpacked):
                why = f"unpacked in front of the op: {found.kept.why_unpacked}"
                notes += [f"{name}: {why}" for name in names]
            changed = True
        if changed:
            remove_dead(unit)
        return add_notes(unit, notes) or changed


def _weights(program: Program, table: WeightTable, *, unpack: bool) -> list[_Found]:
    """All weights that come as integers, with the arguments of all signatures that stand for each."""
    found: dict[str, _Found] = {}
    for function in program.signatures():
        for value in weights_of(function):
            symbol = weight_symbol(value) or ""
            expression = program.weights.expression(symbol)
            is_plain = str(element_of(value)) == "f32" and weight_quantization_of(value) is None
            if not is_plain or not integer_leaves(program.weights, expression):
                continue
            if symbol not in found:
                found[symbol] = _Found(kept_integers(program.weights, expression))
            own = found[symbol]
            own.arguments.append(value)
            if isinstance(own.kept, Kept):
                own.kept = _settled(program, value, own.kept, table, unpack=unpack)
    return list(found.values())


def _settled(
    program: Program, value: ir.Value, kept: Kept, table: WeightTable, *, unpack: bool
) -> Kept | str:
    """The integers as all readers of an argument take them, or why one of them cannot."""
    for use in value.uses:
        kind = op_name(use.owner).removeprefix("tfl.")
        known = table.uses.get(kind)
        if known is None or known.operand != use.operand_number:
            return f"{kind} reads floats"
        axis = channel_axis(use.owner) % len(shape_of(value))
        if kept.axis is None:
            kept = with_scale_per_channel(program.weights, kept, axis)
        if kept.axis != axis:
            return f"{kind} has its channels elsewhere"
        reads_floats = _reads_floats(use.owner, kept, table)
        if reads_floats and not unpack and not _multiplies_integers(use.owner):
            return kept.why_unpacked
        spec = replace(kept.spec, compute="float") if reads_floats else kept.spec
        why = why_not_runnable(kind, spec, shape_of(value), table)
        if why is not None:
            return why
    return kept


def _reads_floats(op: ir.OpView, kept: Kept, table: WeightTable) -> bool:
    """Whether an op is to read what integers stand for, which some kernels make of them by themselves."""
    is_product = op_name(op) != "tfl.embedding_lookup" and not table.unpacks
    return is_product and (bool(kept.why_unpacked) or _multiplies_integers(op))


def _multiplies_integers(op: ir.OpView) -> bool:
    """Whether what an op multiplies has scales of its own already, by which kernels multiply any integers."""
    position = ACTIVATION_USES[op_name(op).removeprefix("tfl.")].operands[0]
    owner = op.operands[position].owner
    return not isinstance(owner, ir.Block) and op_name(owner) == "tfl.dequantize"


def _keep(program: Program, argument: ir.Value, kept: Kept, table: WeightTable) -> bool:
    """Puts integers in the place of an argument; says whether any op reads floats since kernels are wrong."""
    function = owner_function(argument)
    integers = program.weight_argument(function, kept.integers)
    scales = program.weights.derive(kept.scales)
    block = kept.spec.block_size or None
    annotate_weight(integers, WeightQuantization(scales, None, kept.axis, block))
    unpacked: ir.Value | None = None
    wrong = False
    for use in list(argument.uses):
        op, number = use.owner, use.operand_number
        if not _reads_floats(op, kept, table):
            op.operands[number] = integers
            without_lost_activation(op, kept.spec)
            continue
        if unpacked is None:
            with ir.InsertionPoint.at_block_begin(body_of(function)), argument.location:
                unpacked = tfl.emit("dequantize", [integers], argument.type)
        wrong = wrong or not _multiplies_integers(op)
        op.operands[number] = unpacked
    return wrong
