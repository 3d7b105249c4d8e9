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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from litewright.compiler.diagnostics import PassError
from litewright.compiler.ir.hlo import composite_name
from litewright.compiler.ir.mlir import func, ir, op_name
from litewright.compiler.ir.observer import Observer
from litewright.compiler.ir.origin import origin_of
from litewright.compiler.ir.program import Program, body_of

from .base import Pass
from .dead_code import remove_dead

MAX_ROUNDS = 64


@dataclass(frozen=True, slots=True)
class Decline:
    """Why a rule did not apply. Falsy; formatted only when somebody asks.

    Attributes:
        reason: the same text for every op declined at this point.
        facts: what the reason is about, here.
        progress: how many ops of the rule's pattern were found before it stopped, the root among them.
        at: origin of the op where it stopped, if that is not the root.
    """

    reason: str
    facts: tuple[object, ...] = ()
    progress: int = 1
    at: str = ""

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
        defined_in: the module that defines it.
        summary: what it does in a line, from its docstring.
    """

    name: str
    roots: tuple[str, ...]
    rewrite: Rewrite
    defined_in: str = ""
    summary: str = ""


def rule(*roots: str) -> Callable[[Rewrite], Rule]:
    """Makes a rule of a function, named after it."""

    def make(rewrite: Rewrite) -> Rule:
        name = rewrite.__name__.strip("_").replace("_", "-")
        return Rule(name, roots, rewrite, rewrite.__module__, summary_of(rewrite))

    return make


def summary_of(documented: object) -> str:
    """The first line of a docstring; empty where there is none."""
    return (documented.__doc__ or "").strip().partition("\n")[0]


Watching = Sequence[Observer[Program]]


def apply_rules(program: Program, rules: Iterable[Rule], observers: Watching = ()) -> bool:
    """Applies rules to every op of every function until none applies; says whether any did.

    Raises:
        PassError: the rules have not settled after `MAX_ROUNDS` sweeps, or one returned values that do
            not fit the results they replace. What a rule itself raises gains a note that names the
            rule, the op and the line of the user's model.
    """
    index = index_by_root(rules)
    applied = _Applied()
    for round_number in range(MAX_ROUNDS):
        applied = _Applied()
        for function in program.functions():
            _sweep(RuleContext(program, function), index, applied, observers)
        if not applied.counts:
            return round_number > 0
        remove_dead(program)
    raise PassError(
        f"rules do not settle after {MAX_ROUNDS} sweeps; applied in the last one: "
        f"{applied.describe()}. Does one undo what another does?"
    )


@dataclass(slots=True)
class _Applied:
    """The rules that applied in a sweep, and for each the last op that it replaced."""

    counts: Counter[str] = field(default_factory=Counter[str])
    places: dict[str, tuple[str, ir.Location]] = field(
        default_factory=dict[str, tuple[str, ir.Location]]
    )

    def note(self, rule_name: str, op: ir.OpView) -> None:
        self.counts[rule_name] += 1
        self.places[rule_name] = (op_name(op), op.location)

    def describe(self) -> str:
        lines: list[str] = []
        for name, count in self.counts.most_common(5):
            op, location = self.places[name]
            lines.append(f"{name} ({count} times, the last at {op}, {origin_of(location)})")
        return "; ".join(lines)


def index_by_root(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    """Rules by the op name they start from, in order."""
    index: dict[str, list[Rule]] = {}
    for each in rules:
        for root in each.roots:
            index.setdefault(root, []).append(each)
    return index


def _candidates(op: ir.OpView, index: Mapping[str, Sequence[Rule]]) -> Sequence[Rule]:
    """The rules of a root; for a composite those of its name, then those of any composite."""
    name = op_name(op)
    known = index.get(name, ())
    if name == "stablehlo.composite":
        return [*index.get(f"composite:{composite_name(op)}", ()), *known]
    return known


def _sweep(
    context: RuleContext,
    index: Mapping[str, Sequence[Rule]],
    applied: _Applied,
    observers: Watching,
) -> None:
    for op in list(body_of(context.function).operations):
        for each in _candidates(op, index):
            outcome = _try(each, op, context)
            if isinstance(outcome, Decline):
                for observer in observers:
                    observer.declined(each.name, op, outcome)
                continue
            for observer in observers:
                observer.applied(each.name, op)
            applied.note(each.name, op)
            _replace(op, [outcome] if isinstance(outcome, ir.Value) else outcome, each)
            break


def _try(each: Rule, op: ir.OpView, context: RuleContext) -> Outcome:
    try:
        with ir.InsertionPoint(op), op.location:
            return each.rewrite(op, context)
    except Exception as error:
        error.add_note(f"in rule {each.name} at {op_name(op)}, {origin_of(op.location)}")
        raise


def _replace(op: ir.OpView, values: Sequence[ir.Value], by: Rule) -> None:
    results = list(op.results)
    if [r.type for r in results] != [v.type for v in values]:
        was, now = [str(r.type) for r in results], [str(v.type) for v in values]
        raise PassError(
            f"rule {by.name} replaced {was} by {now} at {op_name(op)}, {origin_of(op.location)}; "
            "what replaces an op has the types of its results"
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
        return self.run_observed(unit, ())

    def run_observed(self, unit: Program, observers: Watching) -> bool:
        """See `Pass.run_observed`."""
        return apply_rules(unit, self.rules(), observers)


@dataclass(frozen=True)
class RuleSet(RewritePass):
    """A pass made of given rules.

    Attributes:
        title: its name, kebab case.
        members: the rules, in the order in which they are tried at an op.
    """

    title: str
    members: tuple[Rule, ...]

    @property
    def name(self) -> str:
        """The title."""
        return self.title

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return self.members
