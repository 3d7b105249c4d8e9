"""A minimum cut: labels of two kinds for nodes that would rather agree with their neighbours."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

ONE, ZERO = 0, 1
"""The two nodes whose labels are given: 1 and 0."""
INFINITE = 1 << 60


@dataclass(eq=False, slots=True)
class Network:
    """A flow network; edge `e ^ 1` is the reverse of edge `e`.

    Attributes:
        edges_of: edges that leave each node.
        heads: the node that each edge leads to.
        room: what may still flow along each edge.
    """

    edges_of: list[list[int]] = field(default_factory=lambda: [[], []])
    heads: list[int] = field(default_factory=list[int])
    room: list[int] = field(default_factory=list[int])

    def node(self) -> int:
        """Adds a node and returns its number."""
        self.edges_of.append([])
        return len(self.edges_of) - 1

    def pay(self, one: int, zero: int, cost: int) -> None:
        """Costs `cost` if node `one` is labelled 1 while node `zero` is labelled 0."""
        if one == zero or cost == 0:
            return
        self.edges_of[one].append(len(self.heads))
        self.edges_of[zero].append(len(self.heads) + 1)
        self.heads += [zero, one]
        self.room += [cost, 0]

    def labels(self) -> list[int]:
        """A label per node such that the costs add up to the least; 1 where it makes no difference."""
        while (levels := self._levels())[ZERO] >= 0:
            self._saturate(levels)
        return [0 if reaches else 1 for reaches in self._reaching_zero()]

    def _levels(self) -> list[int]:
        """Distance from `ONE` along edges with room; -1 where there is no way."""
        levels = [-1] * len(self.edges_of)
        levels[ONE] = 0
        queue = deque([ONE])
        while queue:
            node = queue.popleft()
            for edge in self.edges_of[node]:
                head = self.heads[edge]
                if self.room[edge] and levels[head] < 0:
                    levels[head] = levels[node] + 1
                    queue.append(head)
        return levels

    def _saturate(self, levels: list[int]) -> None:
        """Sends flow along shortest ways until none is left (Dinic's blocking flow)."""
        tried = [0] * len(self.edges_of)
        path: list[int] = []
        node = ONE
        while True:
            if node == ZERO:
                amount = min(self.room[edge] for edge in path)
                for edge in path:
                    self.room[edge] -= amount
                    self.room[edge ^ 1] += amount
                path.clear()
                node = ONE
            elif tried[node] < len(self.edges_of[node]):
                edge = self.edges_of[node][tried[node]]
                head = self.heads[edge]
                if self.room[edge] and levels[head] == levels[node] + 1:
                    path.append(edge)
                    node = head
                else:
                    tried[node] += 1
            elif path:
                node = self.heads[path.pop() ^ 1]
                tried[node] += 1
            else:
                return

    def _reaching_zero(self) -> list[bool]:
        """For each node, whether flow could still be sent from it to `ZERO`."""
        reaching = [False] * len(self.edges_of)
        reaching[ZERO] = True
        queue = deque([ZERO])
        while queue:
            for edge in self.edges_of[queue.popleft()]:
                tail = self.heads[edge]
                if self.room[edge ^ 1] and not reaching[tail]:
                    reaching[tail] = True
                    queue.append(tail)
        return reaching
