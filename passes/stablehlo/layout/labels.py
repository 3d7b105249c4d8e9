"""The choice of a layout for every op that leaves it open, so that transposes cost the least."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import rank_of

from .minimum_cut import INFINITE, ONE, ZERO, Network
from .roles import Port, Role, turn_cost


@dataclass(eq=False, slots=True)
class _Problem:
    """Ops and values as a network. Label 1 is channels last.

    Attributes:
        network: what disagreement costs.
        choices: the node of each op that is open, by its position.
        makers: the node of what makes each value; values that are made in both layouts have none.
        readers: the nodes of what reads each value.
    """

    network: Network = field(default_factory=Network)
    choices: dict[int, int] = field(default_factory=dict[int, int])
    makers: dict[ir.Value, int] = field(default_factory=dict[ir.Value, int])
    readers: dict[ir.Value, set[int]] = field(default_factory=dict[ir.Value, set[int]])

    def add(self, position: int, op: ir.OpView, role: Role) -> None:
        """Notes what an op reads and makes."""
        nodes = {Port.PLAIN: ZERO, Port.LAST: ONE}
        if Port.EITHER in {role.operands, role.results}:
            own = self.choices[position] = nodes[Port.EITHER] = self.network.node()
            self.network.pay(ONE, own, role.cost_plain)
            self.network.pay(own, ZERO, role.cost_last)
        carriers = role.carries(op)
        for number, operand in enumerate(op.operands):
            if rank_of(operand) > 2:
                node = nodes[role.operands] if number in carriers else ZERO
                self.readers.setdefault(operand, set()).add(node)
        if role.results is not Port.BOTH:
            for result in op.results:
                self.makers[result] = nodes[role.results]

    def charge(self) -> None:
        """A value costs one transpose if anything reads it in the layout that it is not made in."""
        for value, readers in self.readers.items():
            maker = self.makers.get(value)
            if maker is None or readers == {maker}:
                continue
            cost = turn_cost(value)
            one, zero = self.network.node(), self.network.node()
            self.network.pay(maker, one, cost)
            self.network.pay(zero, maker, cost)
            for reader in readers:
                self.network.pay(one, reader, INFINITE)
                self.network.pay(reader, zero, INFINITE)


def channels_last(
    ops: Sequence[ir.OpView], roles: Mapping[int, Role], inputs: Sequence[ir.Value]
) -> set[int]:
    """Positions of the ops with a choice that shall work on channels-last tensors.

    Args:
        ops: of a function, in order.
        roles: of the ops, by position.
        inputs: arguments that are there in the plain layout only.

    Returns:
        Such positions that the transposes needed cost the least, in elements and in number.
    """
    problem = _Problem()
    problem.makers.update(dict.fromkeys(inputs, ZERO))
    for position, op in enumerate(ops):
        problem.add(position, op, roles[position])
    problem.charge()
    labels = problem.network.labels()
    return {position for position, node in problem.choices.items() if labels[node]}
