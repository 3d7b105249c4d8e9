"""Which ops of a graph the delegate took, and in how many partitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import OpDetails

_DELEGATE = "DELEGATE"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one op runs.

    Attributes:
        index: its position in the subgraph, as the file orders it.
        op: the runtime's name for it (`FULLY_CONNECTED`).
        partition: the delegate's partition that computes it; None for a kernel of the runtime.
    """

    index: int
    op: str
    partition: int | None


@dataclass(frozen=True, slots=True)
class Delegation:
    """Where the ops of one signature run.

    Attributes:
        placements: every op, in the order of the file.
        partitions: how many delegate nodes there are; each boundary costs a handover.
    """

    placements: tuple[Placement, ...]
    partitions: int

    @property
    def delegated(self) -> int:
        """How many ops the delegate took."""
        return sum(each.partition is not None for each in self.placements)

    @property
    def remaining(self) -> tuple[Placement, ...]:
        """The ops that kernels of the runtime compute."""
        return tuple(each for each in self.placements if each.partition is None)


def place(ops: Sequence[OpDetails]) -> Delegation:
    """Reads a delegation out of an interpreter's ops, after `allocate_tensors`.

    The interpreter appends a DELEGATE node per partition to the ops it replaces, without saying which
    they are. They are what lies between the inputs and the outputs of that node.
    """
    plain = [op for op in ops if op["op_name"] != _DELEGATE]
    delegates = [op for op in ops if op["op_name"] == _DELEGATE]
    producers = {int(out): i for i, op in enumerate(plain) for out in op["outputs"]}
    partition_of: dict[int, int] = {}
    for number, node in enumerate(delegates):
        outside = {int(tensor) for tensor in node["inputs"]}
        pending = [int(tensor) for tensor in node["outputs"]]
        while pending:
            tensor = pending.pop()
            index = producers.get(tensor)
            if tensor in outside or index is None or index in partition_of:
                continue
            partition_of[index] = number
            pending.extend(int(operand) for operand in plain[index]["inputs"])
    placements = (Placement(i, op["op_name"], partition_of.get(i)) for i, op in enumerate(plain))
    return Delegation(tuple(placements), len(delegates))
