"""Why a rule did not apply: an observer that keeps the best partial match of every op it was tried at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.observer import Observer
from litewright.compiler.ir.origin import origin_of

from .rules import Decline

if TYPE_CHECKING:
    from torch.fx import Node


@dataclass(frozen=True, slots=True)
class Miss:
    """One op at which a rule was tried in vain.

    Attributes:
        rule: the rule.
        op: the op's name.
        origin: module path and source line of the op.
        progress: how many ops of the pattern had been found.
        reason: why it stopped, with what it found.
        at: origin of the op where it stopped, if that is another one.
    """

    rule: str
    op: str
    origin: str
    progress: int
    reason: str
    at: str


class Misses(Observer[object]):
    """Collects the misses of one rule, over all passes that it is in.

    Attributes:
        rule: the rule's name, or the name of a pass whose rules are all meant.
        applied_at: origins of the ops that it replaced.
    """

    def __init__(self, rule: str) -> None:
        self.rule = rule
        self.applied_at: list[str] = []
        self._misses: dict[str, Miss] = {}
        self._pass = ""

    def before(self, pass_name: str, unit: object) -> None:
        """Remembers which pass the rules are of."""
        self._pass = pass_name

    def after(self, pass_name: str, unit: object, *, changed: bool) -> None:
        """Rules that apply from now on are no pass's: a lowering's."""
        self._pass = ""

    def applied(self, rule: str, op: ir.OpView) -> None:
        """An op that was missed before and is replaced now was no miss."""
        if self._wanted(rule):
            origin = str(origin_of(op.location))
            self.applied_at.append(origin)
            self._misses.pop(_key(rule, op, origin), None)

    def declined(self, rule: str, op: ir.OpView, why: object) -> None:
        """Keeps the miss, if no earlier one at this op got farther."""
        if not self._wanted(rule) or not isinstance(why, Decline):
            return
        origin = str(origin_of(op.location))
        miss = Miss(rule, op_name(op), origin, why.progress, str(why), why.at)
        self._keep(_key(rule, op, origin), miss)

    def marked(self, composite: str, node: Node) -> None:
        """As `applied`, for a composite on FX."""
        from litewright.compiler.ir.fx_origin import origin_of_node  # imports torch

        if self._wanted(composite):
            self.applied_at.append(str(origin_of_node(node)))

    def not_marked(self, composite: str, node: Node, why: object) -> None:
        """As `declined`, for a composite on FX."""
        from litewright.compiler.ir.fx_origin import origin_of_node
        from litewright.compiler.ir.torch_ops import spelling

        if self._wanted(composite) and isinstance(why, Decline):
            origin, op = str(origin_of_node(node)), spelling(node)
            key = f"{composite} {node.name} {origin}"
            self._keep(key, Miss(composite, op, origin, why.progress, str(why), why.at))

    def ranked(self) -> list[Miss]:
        """The misses, those that got farthest first, in program order among equals."""
        return sorted(self._misses.values(), key=lambda miss: -miss.progress)

    def describe(self, most: int = 10) -> str:
        """Why the rule did not apply, the attempts that got farthest first; `most` of them."""
        missed = self.ranked()
        tried = f"tried in vain at {len(missed)} more ops" if missed else "never tried in vain"
        lines = [f"{self.rule} applied {len(self.applied_at)} times"]
        lines += [f"  at {origin}" for origin in self.applied_at[:most]]
        lines.append(f"and was {tried}")
        for miss in missed[:most]:
            lines += [f"  {miss.op} at {miss.origin}", f"    {miss.rule}: {miss.reason}"]
            lines += [f"    stopped at {miss.at}"] if miss.at not in ("", miss.origin) else []
        return "\n".join(
            [*lines, *([f"  ... and {len(missed) - most} more"] * (len(missed) > most))]
        )

    def __str__(self) -> str:
        """The ten best attempts."""
        return self.describe()

    def _keep(self, key: str, miss: Miss) -> None:
        known = self._misses.get(key)
        if known is None or miss.progress >= known.progress:
            self._misses[key] = miss

    def _wanted(self, rule: str) -> bool:
        return self.rule in {rule, self._pass}


def _key(rule: str, op: ir.OpView, origin: str) -> str:
    return f"{rule} {op_name(op)} {origin}"
