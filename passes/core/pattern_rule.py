"""Rules written on one page: what to look for, what else must hold, what to put in its place.

    class FuseSwish(PatternRule):
        '''x * logistic(x) -> hard_swish(x), where nobody minds the difference.'''

        def pattern(self, op: Operations, x: Variable) -> Operation:
            return op.tfl.mul(x, op.tfl.logistic(x))

        def check(self, found: Match) -> Decline | None:
            if found.dtype("x") != np.float32:
                return decline("x is no float32", found.dtype("x"))

        def rewrite(self, found: Match) -> ir.Value:
            return tfl.emit("hard_swish", [found["x"]], found.root.results[0].type)

    FuseSwish.rule()      # what a RewritePass, `register_pass` and `convert(passes=...)` take

`check` may bind what it computes (`found.remember(scale=2.0)`) for `rewrite`; a rule has no state.
"""

from __future__ import annotations

import functools
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from litewright.compiler.diagnostics import UserError
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import dtype_of, shape_of

from .base import kebab_case
from .matching import Farthest, match
from .pattern import Operations, Root, Variable, roots_of
from .rules import Decline, Outcome, Rule, RuleContext, decline, summary_of


@dataclass(frozen=True, slots=True)
class Match:
    """What a pattern found.

    Attributes:
        root: the op whose results will be replaced.
        context: the program and the function that the root is in.
        values: by name: MLIR values, attributes as Python values, and what `check` remembered.
    """

    root: ir.OpView
    context: RuleContext
    values: dict[str, Any] = field(default_factory=dict[str, Any])

    def __getitem__(self, name: str) -> Any:
        """What the pattern bound to a name.

        Raises:
            KeyError: the pattern has no such name.
        """
        return self.values[name]

    def remember(self, **values: Any) -> None:
        """Binds what `check` has computed."""
        self.values.update(values)

    def shape(self, name: str) -> tuple[int, ...]:
        """The dimensions of a value."""
        return shape_of(self.values[name])

    def dtype(self, name: str) -> np.dtype[Any]:
        """The element type of a value."""
        return dtype_of(self.values[name])

    def shapes(self, **specs: str) -> Decline | None:
        """Compares the shapes of values with names of dimensions, and remembers the sizes by name.

        Args:
            **specs: for each value its dimensions, by spaces: `x="B S H", w="H"`. A number is a size; the
                same name stands for the same size everywhere; `...` at the front for any dimensions.

        Returns:
            Why they do not fit, naming the dimension and value that disagree; None if they fit.

        Raises:
            UserError: the pattern binds no such value, or a dimension has the name of a value.
        """
        for name, spec in specs.items():
            refusal = self._compare(name, spec)
            if refusal is not None:
                return refusal
        return None

    def _compare(self, name: str, spec: str) -> Decline | None:
        if not isinstance(self.values.get(name), ir.Value):
            known = [each for each, value in self.values.items() if isinstance(value, ir.Value)]
            raise UserError(f"the pattern binds no value {name!r}; it binds {', '.join(known)}")
        wanted, sizes = spec.split(), self.shape(name)
        if wanted[:1] == ["..."]:
            wanted = wanted[1:]
            sizes = sizes[max(0, len(sizes) - len(wanted)) :]
        if len(wanted) != len(sizes):
            return decline(f"{name} is to have the dimensions {spec}", self.shape(name))
        for position, (dimension, size) in enumerate(zip(wanted, sizes, strict=True)):
            known = int(dimension) if dimension.isdigit() else self.values.get(dimension, size)
            if isinstance(known, ir.Value):
                raise UserError(f"dimension {dimension} of {name} has the name of a value")
            if size != known:
                return decline(
                    f"dimension {position} of {name} ({dimension}) is to be {known}", size
                )
            if not dimension.isdigit():
                self.values[dimension] = size
        return None


class PatternRule(ABC):
    """A rule as a class of three methods; see the module's docstring. Instances have no state."""

    @abstractmethod
    def pattern(self, op: Operations, *variables: Any, **options: Any) -> Root:
        """Builds the pattern; parameters after `op` are variables, bound under their names.

        Parameters that have defaults are not.
        """

    def check(self, found: Match) -> Decline | None:
        """What else must hold; None if it does."""
        del found
        return None

    @abstractmethod
    def rewrite(self, found: Match) -> ir.Value | Sequence[ir.Value]:
        """Builds what replaces the results of the root. Only adds ops; cannot decline any more."""

    @classmethod
    def rule(cls) -> Rule:
        """The rule, named after the class in kebab case; the same one every time.

        Raises:
            UserError: the pattern names ops or attributes that there are not.
        """
        return _rule_of(cls)


@functools.cache
def _rule_of(kind: type[PatternRule]) -> Rule:
    page = kind()
    made = _compile(kebab_case(kind.__name__), page.pattern, page.check, page.rewrite)
    return replace(made, defined_in=kind.__module__, summary=summary_of(kind))


def rewrite_rule(
    name: str, pattern: Callable[..., Root], rewrite: Callable[[Match], ir.Value]
) -> Rule:
    """A rule in one line, for what needs no check.

    rewrite_rule("double-negation", lambda op, x: op.tfl.neg(op.tfl.neg(x)), lambda found: found["x"])
    """
    made = _compile(name, pattern, _no_check, rewrite)
    return replace(made, defined_in=pattern.__module__)


def _no_check(found: Match) -> None:
    del found


def _compile(
    name: str,
    pattern: Callable[..., Root],
    check: Callable[[Match], Decline | None],
    build: Callable[[Match], ir.Value | Sequence[ir.Value]],
) -> Rule:
    _, *parameters = inspect.signature(pattern).parameters.values()
    names = [each.name for each in parameters if each.default is inspect.Parameter.empty]
    looked_for = pattern(Operations(), *(Variable(name) for name in names))
    roots = roots_of(looked_for)

    def apply(op: ir.OpView, context: RuleContext) -> Outcome:
        farthest = Farthest()
        bindings = match(looked_for, op, farthest)
        if bindings is None:
            facts = (farthest.fact,) if farthest.fact else ()
            return Decline(farthest.reason, facts, farthest.progress, farthest.origin)
        found = Match(op, context, dict(bindings.values))
        refusal = check(found)
        if refusal is not None:
            return Decline(refusal.reason, refusal.facts, len(bindings.ops) + 1)
        return build(found)

    return Rule(name, roots, apply)
