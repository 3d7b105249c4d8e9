"""What an op asks of the layout of what it reads and makes, and how it is said channels-last.

`PLAIN` is the order of dimensions that the program has them in, `LAST` is channels last. An op whose
operands or results are `EITHER` gets one label for both, which `labels.py` chooses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import Program
from litewright.compiler.ir.types import element_count, rank_of, shape_of

from . import channels

# What a transpose costs beside its elements; a reshape in its place costs `RESHAPE`.
TRANSPOSE, RESHAPE = 4096, 1


class Port(Enum):
    """The layouts in which an op takes its operands or yields its results."""

    PLAIN = auto()
    LAST = auto()
    EITHER = auto()
    # Made anew in whichever layout is asked for: constants, broadcasts, iotas.
    BOTH = auto()


@dataclass(frozen=True, slots=True)
class Role:
    """What an op asks for.

    Attributes:
        operands: of those operands that carry a layout.
        results: of all results.
        carriers: which operands carry a layout; all of rank 3 and more if None. Others are read plain.
        cost_plain: what the op itself costs if labelled plain, beyond what it costs in any case.
        cost_last: the same if labelled channels-last.
        is_operand: whether the channels-last result is the plain operand, so that nothing is rebuilt.
    """

    operands: Port
    results: Port
    carriers: tuple[int, ...] | None = None
    cost_plain: int = 0
    cost_last: int = 0
    is_operand: bool = False

    def carries(self, op: ir.OpView) -> list[int]:
        """The numbers of the operands that carry a layout."""
        if self.carriers is not None:
            return list(self.carriers)
        return [i for i, operand in enumerate(op.operands) if rank_of(operand) > 2]


FIXED = Role(Port.PLAIN, Port.PLAIN)
FOLLOWS = Role(Port.EITHER, Port.EITHER)
ABSORBS = Role(Port.EITHER, Port.PLAIN)
SOURCE = Role(Port.PLAIN, Port.BOTH)
CHANNELS_LAST = Role(Port.LAST, Port.LAST, carriers=(0,))

RoleOf = Callable[[ir.OpView], Role]
Rebuild = Callable[[Program, ir.OpView, Sequence[ir.Value]], Sequence[ir.Value]]


@dataclass(frozen=True, slots=True)
class Handler:
    """How an op takes part.

    Attributes:
        role: what the op at hand asks for.
        rebuild: writes the op labelled channels-last at the insertion point, from operands that are
            channels-last where they carry a layout; what it yields is in the layout of `role`.
    """

    role: RoleOf
    rebuild: Rebuild


def move_cost(shape: Sequence[int], permutation: Sequence[int]) -> int:
    """What moving a tensor costs, in elements."""
    if channels.keeps_order(shape, permutation):
        return RESHAPE
    return TRANSPOSE + abs(element_count(shape))


def turn_cost(value: ir.Value) -> int:
    """What it costs to have a value in the other layout too."""
    shape = shape_of(value)
    return move_cost(shape, channels.order(len(shape)))


def copy_of(
    op: ir.OpView,
    operands: Sequence[ir.Value],
    kinds: Sequence[ir.Type] | None = None,
    **attributes: ir.Attribute,
) -> list[ir.Value]:
    """A copy of an op with other operands, attributes and result types (channels-last ones if None)."""
    copy = op.operation.clone(ip=ir.InsertionPoint.current)
    for number, operand in enumerate(operands):
        copy.operands[number] = operand
    for name, attribute in attributes.items():
        copy.attributes[name] = attribute
    given = [channels.turned_type(r.type) for r in op.results] if kinds is None else kinds
    for result, kind in zip(copy.results, given, strict=True):
        result.set_type(kind)
    return list(copy.results)
