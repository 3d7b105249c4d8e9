"""Rewrite rules on MLIR, and the driver that applies them.

A rule looks at one op (its root) and returns the values that shall replace the root's results, or
declines with a reason. It only adds ops; the driver replaces and erases. That division is what keeps
rules free of the crashes that stale handles cause in MLIR's bindings: during a sweep no op is erased
but the root at hand and what died with it.

    @rule("stablehlo.transpose")
    def merge_transposes(op, context):
        inner = hlo.producer(op.operands[0])
        if inner is None or op_name(inner) != "stablehlo.transpose":
            return decline("operand is no transpose")
        ...
        return hlo.transpose(inner.operands[0], merged)

A root is an op name, or `composite:NAME` for a `stablehlo.composite` of that name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from litewright.compiler.diagnostics import InternalError
from litewright.compiler.ir.hlo import composite_name
from litewright.compiler.ir.mlir import func, ir, op_name
from litewright.compiler.ir.origin import origin_of
from litewright.compiler.ir.program import Program, body_of

from .base import Pass
from .dead_code import remove_dead

MAX_ROUNDS = 64


@dataclass(frozen=True, slots=True)
class Decline:
    """Why a rule did not apply. Falsy; formatted only when somebody asks."""

    reason: str
    facts: tuple[object, ...] = ()

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return f"{self.reason}: {', '.join(map(str, self.facts))}" if self.facts else self.reason


def decline(reason: str, *facts: object) -> Decline:
    """The outcome of a rule that does not apply here."""
    return Decline(reason, facts)


@dataclass(frozen=True, slots=True)
class RuleContext:
    """What a rule may look at beside its root.

    Attributes:
        program: the module and its weights.
        function: the function that the root is in.
    """

    program: Program
    function: func.FuncOp


Outcome = ir.Value | Sequence[ir.Value] | Decline
Rewrite = Callable[[ir.OpView, RuleContext], Outcome]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rewrite with its name and roots.

    Attributes:
        name: kebab case, unique within a pass.
        roots: op names, or `composite:NAME`.
        rewrite: returns replacements for all results of the root, or declines.
    """

    name: str
    roots: tuple[str, ...]
    rewrite: Rewrite


def rule(*roots: str) -> Callable[[Rewrite], Rule]:
    """Makes a rule of a function, named after it."""

    def make(rewrite: Rewrite) -> Rule:
        return Rule(rewrite.__name__.strip("_").replace("_", "-"), roots, rewrite)

    return make


@dataclass(slots=True)
class Statistics:
    """How often each rule applied, by rule name."""

    applied: Counter[str] = field(default_factory=Counter[str])


def apply_rules(
    program: Program, rules: Iterable[Rule], statistics: Statistics | None = None
) -> bool:
    """Applies rules to every op of every function until none applies; says whether any did.

    Raises:
        InternalError: the rules have not settled after `MAX_ROUNDS` sweeps, or one returned values that
            do not fit the results they replace.
    """
    index = index_by_root(rules)
    counts = statistics.applied if statistics is not None else Counter[str]()
    for round_number in range(MAX_ROUNDS):
        before = counts.total()
        for function in program.functions():
            _sweep(RuleContext(program, function), index, counts)
        remove_dead(program)
        if counts.total() == before:
            return round_number > 0
    recent = ", ".join(name for name, _ in counts.most_common(5))
    raise InternalError(f"rules do not settle after {MAX_ROUNDS} sweeps; most applied: {recent}")


def index_by_root(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    """Rules by the op name they start from, in order."""
    index: dict[str, list[Rule]] = {}
    for each in rules:
        for root in each.roots:
            index.setdefault(root, []).append(each)
    return index


def _candidates(op: ir.OpView, index: Mapping[str, Sequence[Rule]]) -> Iterator[Rule]:
    """The rules of a root; for a composite those of its name, then those of any composite."""
    name = op_name(op)
    if name == "stablehlo.composite":
        yield from index.get(f"composite:{composite_name(op)}", ())
    yield from index.get(name, ())


def _sweep(context: RuleContext, index: Mapping[str, Sequence[Rule]], counts: Counter[str]) -> None:
    for op in list(body_of(context.function).operations):
        for each in _candidates(op, index):
            with ir.InsertionPoint(op), op.location:
                outcome = each.rewrite(op, context)
            if isinstance(outcome, Decline):
                continue
            _replace(op, [outcome] if isinstance(outcome, ir.Value) else outcome, each)
            counts[each.name] += 1
            break


def _replace(op: ir.OpView, values: Sequence[ir.Value], by: Rule) -> None:
    results = list(op.results)
    if [r.type for r in results] != [v.type for v in values]:
        was, now = [str(r.type) for r in results], [str(v.type) for v in values]
        raise InternalError(
            f"rule {by.name} replaced {was} by {now} at {op_name(op)}, {origin_of(op.location)}"
        )
    for old, new in zip(results, values, strict=True):
        old.replace_all_uses_with(new)
    op.erase()


@dataclass(frozen=True)
class RewritePass(Pass[Program]):
    """A pass that is a set of rules, applied until none applies. Subclasses say which."""

    def rules(self) -> Sequence[Rule]:
        """The rules, in the order in which they are tried at an op."""
        raise NotImplementedError

    def run(self, unit: Program) -> bool:
        """See `Pass.run`."""
        return apply_rules(unit, self.rules())
