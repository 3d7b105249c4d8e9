"""The rewriting of a function once every op has its layout."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import func, ir
from litewright.compiler.ir.program import Program, weight_symbol
from litewright.compiler.ir.types import rank_of
from litewright.compiler.weights import Transpose

from . import channels
from .roles import Handler, Port, Role


@dataclass(eq=False, slots=True)
class Rewriting:
    """One pass over a function, in order; what was replaced is erased at the end.

    Attributes:
        program: the module and its weights.
        function: what is rewritten.
        handlers: of the ops that have one, by position.
        roles: of all ops, by position.
        sources: positions of the ops that can be made anew in the other layout, by their result.
        free: weight arguments that may be turned.
        last: the channels-last form of values that have one.
        plain: what stands for values whose op was replaced, in the plain layout.
        replaced: results of ops that were replaced.
    """

    program: Program
    function: func.FuncOp
    handlers: dict[int, Handler]
    roles: dict[int, Role]
    free: Collection[ir.Value]
    sources: dict[ir.Value, tuple[int, ir.OpView]] = field(
        default_factory=dict[ir.Value, tuple[int, ir.OpView]]
    )
    last: dict[ir.Value, ir.Value] = field(default_factory=dict[ir.Value, ir.Value])
    plain: dict[ir.Value, ir.Value] = field(default_factory=dict[ir.Value, ir.Value])
    replaced: set[ir.Value] = field(default_factory=set[ir.Value])

    def run(self, ops: Sequence[ir.OpView], chosen: Collection[int]) -> None:
        """Rewrites ops; those at `chosen` positions work on channels-last tensors."""
        dead: list[ir.OpView] = []
        for position, op in enumerate(ops):
            role = self.roles[position]
            with ir.InsertionPoint(op):
                if _is_rebuilt(role, position in chosen):
                    self._rebuild(position, op, role)
                    dead.append(op)
                else:
                    self._rewire(op)
            if role.results is Port.BOTH:
                self.sources[op.results[0]] = (position, op)
        while dead:
            dead.pop().erase()

    def _rewire(self, op: ir.OpView) -> None:
        for number, operand in enumerate(op.operands):
            value = self._plain(operand)
            if value != operand:
                op.operands[number] = value

    def _rebuild(self, position: int, op: ir.OpView, role: Role) -> None:
        carriers = role.carries(op) if role.operands is not Port.PLAIN else ()
        operands = [
            self._last(operand) if number in carriers else self._plain(operand)
            for number, operand in enumerate(op.operands)
        ]
        rebuild = self.handlers[position].rebuild
        results = operands if role.is_operand else rebuild(self.program, op, operands)
        known = self.plain if role.results is Port.PLAIN else self.last
        known.update(zip(op.results, results, strict=True))
        self.replaced.update(op.results)

    def _plain(self, value: ir.Value) -> ir.Value:
        if value not in self.replaced:
            return value
        if value not in self.plain:
            with _location_of(value):
                self.plain[value] = channels.to_first(self.last[value])
        return self.plain[value]

    def _last(self, value: ir.Value) -> ir.Value:
        if rank_of(value) < 3:
            return self._plain(value)
        if value not in self.last:
            self.last[value] = self._turned(value)
        return self.last[value]

    def _turned(self, value: ir.Value) -> ir.Value:
        """The channels-last form of a value that has none yet."""
        if value in self.sources:
            position, op = self.sources[value]
            return self.handlers[position].rebuild(self.program, op, list(op.operands))[0]
        symbol = weight_symbol(value) if value in self.free else None
        if symbol is not None:
            order = channels.order(rank_of(value))
            expression = Transpose(self.program.weights.expression(symbol), order)
            return self.program.weight_argument(self.function, expression)
        with _location_of(value):
            return channels.to_last(self._plain(value))


def _is_rebuilt(role: Role, chosen: bool) -> bool:  # noqa: FBT001
    return chosen or Port.LAST in {role.operands, role.results}


def _location_of(value: ir.Value) -> ir.Location:
    op = hlo.producer(value)
    return ir.Location.current if op is None else op.location
