"""Channels last for convolutions and pools, and for what stands between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import func, ir, op_name
from litewright.compiler.ir.program import Program, body_of, inputs_of, is_signature, weight_symbol
from litewright.compiler.ir.types import shape_of
from litewright.passes.core import Pass, remove_dead

from .layout import elementwise, movement, neural
from .layout.labels import channels_last
from .layout.rewriting import Rewriting
from .layout.roles import FIXED, Handler, Port, Role

HANDLERS: dict[str, Handler] = {
    **elementwise.HANDLERS,
    **movement.HANDLERS,
    **neural.HANDLERS,
}
# Ops whose regions may read values of the function they are in.
_CAPTURING = frozenset({"stablehlo.while", "stablehlo.if", "stablehlo.case"})


def _handler(program: Program, op: ir.OpView) -> Handler | None:
    name = op_name(op)
    if name != "stablehlo.composite":
        return HANDLERS.get(name)
    known = HANDLERS.get(f"composite:{hlo.composite_name(op)}")
    if known is not None:
        return known
    return neural.ELEMENTWISE_COMPOSITE if _is_elementwise(program, op) else None


def _is_elementwise(program: Program, op: ir.OpView) -> bool:
    shapes = {shape_of(value) for value in (*op.operands, *op.results)}
    if len(shapes) != 1 or len(next(iter(shapes))) < 3 or len(op.results) != 1:
        return False
    body = program.function(ir.FlatSymbolRefAttr(op.attributes["decomposition"]).value)
    return neural.is_elementwise(body, next(iter(shapes)))


def _weights_of_one_use(program: Program) -> set[str]:
    counts: dict[str, int] = {}
    for function in program.functions():
        for argument in function.arguments:
            symbol = weight_symbol(argument)
            if symbol is not None:
                counts[symbol] = counts.get(symbol, 0) + sum(1 for _ in argument.uses)
    return {symbol for symbol, count in counts.items() if count == 1}


def _assign(program: Program, function: func.FuncOp, ops: Sequence[ir.OpView]) -> bool:
    handlers: dict[int, Handler] = {}
    roles: dict[int, Role] = {}
    for position, op in enumerate(ops):
        handler = _handler(program, op)
        roles[position] = FIXED if handler is None else handler.role(op)
        if handler is not None:
            handlers[position] = handler
    if all(role.operands is not Port.LAST for role in roles.values()):
        return False
    single = _weights_of_one_use(program)
    weights = {a: weight_symbol(a) for a in function.arguments}
    free = {argument for argument, symbol in weights.items() if symbol in single}
    fixed = [*inputs_of(function), *(a for a, s in weights.items() if s and s not in single)]
    chosen = channels_last(ops, roles, fixed)
    Rewriting(program, function, handlers, roles, free).run(ops, chosen)
    return True


@dataclass(frozen=True)
class AssignLayout(Pass[Program]):
    """Turns convolutions, pools and resizes to channels last, with the cheapest transposes around.

    Each op in between that works in any order of dimensions is given the one that leaves the fewest
    transposed elements, by a minimum cut; constants, weights, broadcasts and transposes of the
    program's own are taken along for nothing. What has no convolution or pool is left alone.

    Before::

        %1 = stablehlo.convolution(%0, %w) dim_numbers = [b, f, 0, 1]x[o, i, 0, 1]->[b, f, 0, 1]
        %2 = stablehlo.tanh %1 : tensor<1x8x4x4xf32>
        %3 = stablehlo.convolution(%2, %v) dim_numbers = [b, f, 0, 1]x[o, i, 0, 1]->[b, f, 0, 1]

    After::

        %t = stablehlo.transpose %0, dims = [0, 2, 3, 1]
        %1 = stablehlo.convolution(%t, %w) dim_numbers = [b, 0, 1, f]x[o, 0, 1, i]->[b, 0, 1, f]
        %2 = stablehlo.tanh %1 : tensor<1x4x4x8xf32>
        %4 = stablehlo.convolution(%2, %v) dim_numbers = [b, 0, 1, f]x[o, 0, 1, i]->[b, 0, 1, f]
        %3 = stablehlo.transpose %4, dims = [0, 3, 1, 2]
    """

    def run(self, unit: Program) -> bool:
        """See `Pass.run`."""
        changed = False
        for function in unit.functions():
            ops = list(body_of(function).operations)
            if is_signature(function) and not any(op_name(op) in _CAPTURING for op in ops):
                changed |= _assign(unit, function, ops)
        if changed:
            remove_dead(unit)
        return changed
